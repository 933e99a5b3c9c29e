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
from typing import Any, Protocol

import msgspec

from consensus.properties import Observer, Violation
from consensus.protocols import protocol as registered
from consensus.vocabulary import MICROSECOND, MILLISECOND, SECOND, NodeId
from network.virtual.distributions import Constant, Distribution, Lognormal, Uniform
from network.virtual.draws import Stream
from network.virtual.faults import Fault
from network.virtual.links import Link, Links
from network.virtual.machine import Factory
from network.virtual.swarm import draw_plan
from network.virtual.world import Stop, World


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run of a campaign: plain data, so that a failure can be kept, shrunk and played again."""

    protocol: str
    seed: int
    nodes: int
    voters: tuple[NodeId, ...]
    plan: tuple[Fault, ...]
    latency: Distribution
    sync: Distribution
    heal_ns: int
    patience_ns: int


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays a case. ``finished(world)``: is every request answered and every node that is up on one head?

    ``rounds(world)``: the term or view of each node that is up; an idle network must not change them.
    """

    factory: Factory
    clients_actor: NodeId
    observers: tuple[Observer, ...]
    finished: Callable[[World], bool]
    rounds: Callable[[World], tuple[int, ...]]
    describe: Callable[[World], str]


class Casting(Protocol):
    """Builds the cast of a case."""

    def __call__(self, case: Case) -> Cast: ...


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


_SIZES = {"raft": (1, 2, 3, 3, 4, 5, 5, 7), "pbft": (1, 4, 4, 4, 5, 6, 7, 8), "solo": (1, 3)}
_PATIENCE_NS = {"raft": 60 * SECOND, "pbft": 120 * SECOND, "solo": 30 * SECOND}
IDLE_NS = 15 * SECOND


def draw_case(protocol: str, seed: int) -> Case:
    """The case of ``seed``: sizes that need not be 3f + 1, with observers now and then, fast and slow networks."""
    draws = Stream(f"{protocol}/{seed}/case")
    entry = registered(protocol)
    sizes = _SIZES.get(protocol, (4,))
    voting = sizes[draws.below(len(sizes))]
    nodes = voting + (draws.below(3) == 0)
    voters = entry.voters_of(tuple(range(voting)))
    heal_ns = (4 + draws.below(12)) * SECOND
    latencies: tuple[Distribution, ...] = (
        Uniform(low_ns=100 * MICROSECOND, high_ns=2 * MILLISECOND),
        Lognormal(median_ns=5 * MILLISECOND, p99_ns=60 * MILLISECOND),
        Uniform(low_ns=MILLISECOND, high_ns=40 * MILLISECOND),
        Constant(ns=3 * MILLISECOND),
    )
    syncs: tuple[Distribution, ...] = (
        Constant(ns=0),
        Uniform(low_ns=MILLISECOND, high_ns=10 * MILLISECOND),
        Lognormal(median_ns=4 * MILLISECOND, p99_ns=80 * MILLISECOND),
    )
    return Case(
        protocol=protocol,
        seed=seed,
        nodes=nodes,
        voters=voters,
        plan=draw_plan(seed, nodes, voters, entry.quorum(len(voters)), heal_ns),
        latency=latencies[draws.below(len(latencies))],
        sync=syncs[draws.below(len(syncs))],
        heal_ns=heal_ns,
        patience_ns=_PATIENCE_NS.get(protocol, 120 * SECOND),
    )


def build_world(case: Case, cast: Cast, **settings: Any) -> World:
    """The world of ``case``, at time 0. ``settings`` go to :class:`World` (``hashing``, ``trace``)."""
    return World(
        factory=cast.factory,
        nodes=case.nodes,
        voters=case.voters,
        clients_actor=cast.clients_actor,
        links=Links(Link(latency=case.latency)),
        sync=case.sync,
        faults=case.plan,
        seed=case.seed,
        observers=cast.observers,
        **({"hashing": False} | settings),
    )


def run_case(case: Case, casting: Casting) -> Outcome:
    """Play ``case``; raises Violation, with a note that names the case, where a property is broken."""
    cast = casting(case)
    world = build_world(case, cast)
    try:
        world.run(until_ns=case.heal_ns)
        _require_progress(case, cast, world)
        recovery_ns = world.now - case.heal_ns
        _require_quiet(cast, world)
    except Exception as error:
        error.add_note(f"case: {msgspec.json.encode(case).decode()}")
        raise
    return Outcome(seed=case.seed, nodes=case.nodes, recovery_ns=recovery_ns, counts=dict(world.counts))


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
    before = cast.rounds(world)
    world.run(until_ns=world.now + IDLE_NS)
    after = cast.rounds(world)
    if before != after:
        raise Violation("quiet when idle", f"rounds {before} with nothing to do", f"{after} later")


def campaign(protocol: str, seeds: Iterable[int], casting: Casting) -> Summary:
    """Run the case of every seed; the first violation ends it (its note holds the case). No seed is skipped."""
    outcomes = tuple(run_case(draw_case(protocol, seed), casting) for seed in seeds)
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
    return Summary(outcomes=outcomes, counts=dict(sorted(counts.items())))
