"""Plays one trial, in two phases, and says what it broke.

As TigerBeetle's VOPR has it: up to ``heal_ns`` anything goes wrong and only safety is asked for. Then the network heals
around a random *core*, a quorum of well-behaved nodes; the dead stay dead and the liars go on lying. From then on
progress is asked for: every request is answered within a bound (:mod:`scenarios.adversary.patience`) of the healing or
of its own call, the nodes that are up end on one chain, what clients were told is linearizable, and the network, idle,
keeps its leader.

With more liars than the protocol is made for no progress is asked; what is asked then is that every disagreement can be
laid at the liars' door (:class:`scenarios.adversary.accountability.Accountability`).

A stall is told by its kind: *deadlock* (nothing rises), *livelock* (terms or views rise, nothing is decided), or
*starvation* (blocks are decided, a request is not among them).
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from consensus.properties import Observer, Violation
from consensus.vocabulary import MILLISECOND, SECOND
from network.virtual.case import Case, build_world
from network.virtual.faults import Fault
from network.virtual.world import Stop, World
from scenarios.adversary.ambush import Ambush
from scenarios.adversary.bugs import planted
from scenarios.adversary.coverage import Coverage, Told
from scenarios.adversary.hoard import HOARD, Hoard
from scenarios.adversary.lag import LAG, Lag
from scenarios.adversary.patience import RETRY_NS, patience_ns, views_left
from scenarios.adversary.stage import Stage, set_stage
from scenarios.adversary.trial import Trial, pace_ns

STALL_WINDOW_NS = 8 * SECOND
SETTLE_NS = 2 * SECOND
QUIET_NS = 3 * SECOND
STEP_NS = 200 * MILLISECOND

_OWN: dict[bool | str, Callable[[Case], Ambush]] = {HOARD: Hoard, LAG: Lag}
"""The ambushes of the styles that only a strategy names."""


class Broken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A property that was broken: two facts that cannot both hold, and when (virtual nanoseconds)."""

    property: str
    fact_a: str
    fact_b: str
    at_ns: int


class Played(msgspec.Struct, kw_only=True):
    """What became of a trial. ``recovery_ns`` is the time from the healing to the last answer (None: never).

    ``laid`` are the faults that an ambush added to the plan. ``reached`` counts how often a message of each class met a
    node in each state (:mod:`.coverage`).
    """

    broken: Broken | None
    counts: Counter[str]
    reached: Counter[str]
    recovery_ns: int | None = None
    laid: tuple[Fault, ...] = ()
    event_sha256: str | None = None


def play(
    trial: Trial,
    *,
    observers: tuple[Observer, ...] = (),
    until_ns: int | None = None,
    see: Callable[[World], None] | None = None,
    **settings: Any,
) -> Played:
    """Play ``trial``, and stop at the first broken property. ``until_ns`` ends it there, asking for safety alone.

    ``observers`` watch besides the oracles; ``see`` is handed the world before anything happens; ``settings`` go to
    the world (``hashing``, ``trace``).
    """
    told, coverage = Told(), Coverage(trial.case.voters if trial.case.protocol == "pbft" else ())
    ambush = _ambush(trial)
    broken: Broken | None = None
    recovery_ns: int | None = None
    with planted(trial.bug):
        stage = set_stage(trial)
        watchers = (*observers, *stage.observers, told, coverage, *([ambush] if ambush else []))
        world = build_world(trial.case, msgspec.structs.replace(stage, observers=watchers), **settings)
        if ambush is not None:
            ambush.bind(world)
        if see is not None:
            see(world)
        try:
            recovery_ns = _phases(trial, stage, world, until_ns)
        except Violation as violation:
            broken = _broken(violation, world)
        except Exception as error:  # noqa: BLE001 - whatever a replica raises is a finding
            broken = _broken(_crash_of(error), world)
    return Played(
        broken=broken,
        counts=world.counts + told.counts,
        reached=coverage.reached,
        recovery_ns=recovery_ns,
        laid=tuple(ambush.laid) if ambush else (),
        event_sha256=world.event_sha256() if settings.get("hashing") else None,
    )


def _ambush(trial: Trial) -> Ambush | None:
    """What lies in wait in ``trial``."""
    if trial.ambush in _OWN:
        return _OWN[trial.ambush](trial.case)
    return Ambush(trial.case, None if trial.ambush is True else trial.ambush) if trial.ambush else None


def _phases(trial: Trial, stage: Stage, world: World, until_ns: int | None) -> int | None:
    """Chaos, progress, quiet; the time to recover."""
    if until_ns is not None:
        world.run(until_ns=until_ns)
        return None
    world.run(until_ns=trial.case.heal_ns)
    if not trial.tolerated:
        world.run(until_ns=trial.case.heal_ns * 2)
        return None
    _require_progress(trial, stage, world)
    recovery_ns = world.now - trial.case.heal_ns
    stage.judge(world)
    if not trial.liars and trial.twins is None:  # a liar may call for an election whenever it likes
        _require_quiet(stage, world)
    return recovery_ns


def _require_progress(trial: Trial, stage: Stage, world: World) -> None:
    """Every request is answered in time; and once everybody was asked again, views do not change for ever."""
    heal_ns = trial.case.heal_ns
    deadline = max(heal_ns, pace_ns(trial) * trial.operations) + patience_ns(trial, stage.cores(world))
    asked_again, left = heal_ns + RETRY_NS, views_left(trial)
    before: int | None = None
    while not stage.finished(world):
        if world.now >= deadline:
            raise _stall(stage, world, deadline - heal_ns)
        if world.run(until_ns=world.now + STEP_NS) is Stop.IDLE:
            raise Violation("liveness", "deadlock: nothing is left to happen", stage.describe(world))
        if before is None and world.now >= asked_again:
            before = max(_rounds(stage, world), default=0)
    after = max(_rounds(stage, world), default=0)
    if left is not None and before is not None and after - before > left:
        rises = f"views rise from {before} to {after}, {RETRY_NS} ns and more after the network healed"
        raise Violation("few view changes", rises, f"{left} are enough")


def _rounds(stage: Stage, world: World) -> tuple[int, ...]:
    return tuple(core.status().round for core in stage.cores(world))


def _stall(stage: Stage, world: World, waited_ns: int) -> Violation:
    """Which kind of standstill is it? Looks on for a while longer."""
    before, height = _rounds(stage, world), _height(world)
    world.run(until_ns=world.now + STALL_WINDOW_NS)
    after = _rounds(stage, world)
    if _height(world) > height:
        kind = "starvation: blocks are decided, and a request is not among them"
    elif after != before:
        kind = f"livelock: rounds rise from {before} to {after}, nothing is decided"
    else:
        kind = f"deadlock: nothing rises, rounds {before}"
    return Violation("liveness", f"not finished {waited_ns} ns after the network healed; {kind}", stage.describe(world))


def _height(world: World) -> int:
    """The highest height that anybody decided, as the oracle of agreement knows it."""
    return max((getattr(observer, "height", 0) for observer in world.observers), default=0)


def _require_quiet(stage: Stage, world: World) -> None:
    """An idle network holds no election and changes no view (it settles for a moment first)."""
    world.run(until_ns=world.now + SETTLE_NS)
    before = _rounds(stage, world)
    world.run(until_ns=world.now + QUIET_NS)
    after = _rounds(stage, world)
    if before != after:
        raise Violation("quiet when idle", f"rounds {before} with nothing to do", f"{after} later")


def _broken(violation: Violation, world: World) -> Broken:
    return Broken(
        property=violation.property,
        fact_a=violation.fact_a,
        fact_b=violation.fact_b,
        at_ns=world.now,
    )


def _crash_of(error: Exception) -> Violation:
    """Nothing that the world does to a machine may make it raise."""
    frames = traceback.extract_tb(error.__traceback__)
    where = next((f for f in reversed(frames) if "/adversary/" not in f.filename), frames[-1])
    place = f"{Path(where.filename).name}:{where.lineno} in {where.name}"
    notes = "; ".join(getattr(error, "__notes__", ()))
    fact = f"{type(error).__name__}: {error} at {place}" + (f" ({notes})" if notes else "")
    return Violation("never raises", fact, "no input of a peer, a client or a disk makes a node raise")
