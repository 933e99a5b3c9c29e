"""Aimed faults: strike a node just as it does something, rather than at a random instant.

The moments that matter, a NEW-VIEW about to leave, a vote that is not durable yet, are short and rare, and a random
crash seldom meets one. So a case is played, what its nodes did is collected by kind, one kind is drawn (the rare as
likely as the common), one event of that kind, and a fault is added to the plan at that event's time, or one nanosecond
after. Up to there the next run is the same to the nanosecond, since every draw is keyed; so the shot hits. Repeating
this aims several shots, and the result is an ordinary case: plain data, to be replayed and shrunk like any other.
"""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.properties import Observer
from consensus.vocabulary import MILLISECOND, SECOND, Broadcast, Commit, Image, NodeId, Record, Reply, Send, Trace
from network.virtual.case import Case, Casting, build_world
from network.virtual.draws import Stream
from network.virtual.faults import Crash, Cut, Fault, Pause

LASTING_NS = (2 * MILLISECOND, 100 * MILLISECOND, 800 * MILLISECOND, 3 * SECOND)


class Moments(Observer):
    """What nodes did, by kind: (when, who)."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self.moments: dict[str, list[tuple[int, NodeId]]] = {}

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        self._note(f"says {type(effect.message).__name__}", now, node)

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        self._note(f"tells {trace.kind} {trace.detail[:1]}", now, node)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._note("decides with proof" if commit.certificate else "decides without proof", now, node)

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:  # noqa: ARG002
        for record in records:
            self._note(f"writes {type(record).__name__} {record.space}", now, node)

    def _note(self, kind: str, now: int, node: Any) -> None:
        if node < self.nodes:
            self.moments.setdefault(kind, []).append((now, node))


def aim(case: Case, casting: Casting, shots: int) -> Case:
    """``case`` with ``shots`` aimed faults added to its plan (fewer where nothing more happens)."""
    draws = Stream(f"{case.protocol}/{case.seed}/aim")
    after = 0
    for _ in range(shots):
        moments = _moments(case, casting, after)
        if not moments:
            break
        kinds = sorted(moments)
        chosen = moments[kinds[draws.below(len(kinds))]]
        at, node = chosen[draws.below(len(chosen))]
        after = at + draws.below(2)
        shot = _shot(draws, after, node, case.heal_ns)
        plan = tuple(sorted((*case.plan, shot), key=lambda fault: fault.at_ns))
        case = msgspec.structs.replace(case, plan=plan)
    return case


def _moments(case: Case, casting: Casting, after: int) -> dict[str, list[tuple[int, NodeId]]]:
    """What happens in ``case`` after ``after`` and before it heals."""
    cast = casting(case)
    watcher = Moments(case.nodes)
    world = build_world(case, msgspec.structs.replace(cast, observers=(*cast.observers, watcher)))
    world.run(until_ns=case.heal_ns - 2)
    late = {kind: [moment for moment in moments if moment[0] > after] for kind, moments in watcher.moments.items()}
    return {kind: moments for kind, moments in late.items() if moments}


def _shot(draws: Stream, at: int, node: NodeId, heal_ns: int) -> Fault:
    lasting = min(heal_ns - at, 1 + draws.below(LASTING_NS[draws.below(len(LASTING_NS))]))
    match draws.below(5):
        case 0:
            return Cut(at_ns=at, for_ns=lasting, one=(node,), one_way=bool(draws.below(2)))
        case 1:
            return Pause(at_ns=at, for_ns=lasting, node=node)
        case _:
            return Crash(at_ns=at, for_ns=lasting, node=node)
