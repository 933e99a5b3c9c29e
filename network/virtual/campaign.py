"""Campaigns: many seeds, each a random plan of faults, watched by the oracles, with progress required at the end.

One seed is one :class:`Case`: size, links, disks, fault plan. :func:`run_case` plays it with a :class:`Cast`, the
machines and oracles to put into the world; the cast of the bare cores lies in :mod:`network.virtual.bare`, one of
full replicas can be given instead. Two phases, as TigerBeetle's VOPR has them: up to ``heal_ns`` anything goes
wrong and only safety is asked for; then the network heals around a quorum and every request must be answered
within ``patience_ns``, after which the network, idle, must keep its leader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from consensus.properties import Observer, Violation
from consensus.vocabulary import MILLISECOND, SECOND, NodeId, Trace
from network.virtual.aim import aim
from network.virtual.case import Case, Cast, Casting, build_world, draw_case
from network.virtual.world import Stop, World

__all__ = ["Case", "Cast", "Casting", "Outcome", "Summary", "build_world", "campaign", "draw_case", "run_case"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a case came to. ``recovery_ns`` is the time from the healing to the last answer."""

    seed: int
    nodes: int
    recovery_ns: int
    counts: dict[str, int]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A whole campaign: one outcome a seed, and what happened in all of them together."""

    outcomes: tuple[Outcome, ...]
    counts: dict[str, int]

    @property
    def slowest_recovery_ns(self) -> int:
        return max(outcome.recovery_ns for outcome in self.outcomes)


class Told(Observer):
    """Counts what nodes tell of themselves, by kind: how much of a protocol a campaign reaches."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        self.counts[f"told {trace.kind}"] += 1


IDLE_NS = 15 * SECOND


def run_case(case: Case, casting: Casting, *, see: Callable[[World], None] | None = None, **settings: Any) -> Outcome:
    """Play ``case``; raises Violation, with a note that names the case, where a property is broken.

    ``see`` is handed the world before anything happens in it; ``settings`` go to :func:`build_world`.
    """
    told = Told()
    try:
        cast = casting(case)
        world = build_world(case, msgspec.structs.replace(cast, observers=(*cast.observers, told)), **settings)
        if see is not None:
            see(world)
        world.run(until_ns=case.heal_ns)
        _require_progress(case, cast, world)
        recovery_ns = world.now - case.heal_ns
        _require_quiet(cast, world)
    except Exception as error:
        error.add_note(f"case: {msgspec.json.encode(case).decode()}")
        raise
    return Outcome(seed=case.seed, nodes=case.nodes, recovery_ns=recovery_ns, counts=dict(world.counts + told.counts))


def _require_progress(case: Case, cast: Cast, world: World) -> None:
    """Every request is answered in time, once the network has healed."""
    deadline = case.heal_ns + case.patience_ns
    while not cast.finished(world):
        if world.now >= deadline:
            raise Violation(
                "liveness", f"not finished {case.patience_ns} ns after the network healed", cast.describe(world)
            )
        if world.run(until_ns=world.now + 100 * MILLISECOND) is Stop.IDLE:
            raise Violation("liveness", "deadlock: nothing is left to happen", cast.describe(world))


def _require_quiet(cast: Cast, world: World) -> None:
    """An idle network holds no election and changes no view (it settles for a moment first)."""
    world.run(until_ns=world.now + IDLE_NS)
    before = tuple(core.status().round for core in cast.cores(world))
    world.run(until_ns=world.now + IDLE_NS)
    after = tuple(core.status().round for core in cast.cores(world))
    if before != after:
        raise Violation("quiet when idle", f"rounds {before} with nothing to do", f"{after} later")


def campaign(protocol: str, seeds: Iterable[int], casting: Casting, shots: int = 0) -> Summary:
    """Run the case of every seed; the first violation ends it (its note holds the case). No seed is skipped.

    ``shots`` more faults are aimed at what nodes do in that very case (:mod:`network.virtual.aim`).
    """
    outcomes = tuple(run_case(aim(draw_case(protocol, seed), casting, shots), casting) for seed in seeds)
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
    return Summary(outcomes=outcomes, counts=dict(sorted(counts.items())))
