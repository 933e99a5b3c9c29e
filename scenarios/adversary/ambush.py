"""Faults that wait for their moment: a node is struck as it wins an election, leaves a view, or begins one.

The moments that matter are short and rare, and a fault at a random instant seldom meets one. An ambush watches what
nodes tell of themselves and lays a fault at, or shortly after, such a moment. What it laid is kept as ordinary items of
a plan, so a failure found this way is played again and made small like any other.
"""

from __future__ import annotations

from consensus.properties import Observer
from consensus.vocabulary import MILLISECOND, Commit, NodeId, Trace
from network.virtual.case import Case
from network.virtual.draws import Stream
from network.virtual.faults import Crash, Cut, Fault, Pause
from network.virtual.world import World

SHOTS_MAX = 24
COMMITS_BETWEEN = 24
"""Besides, one decision in so many draws a shot, mostly at whoever led last."""

_MOMENTS = ("raft.role leader", "raft.role candidate", "pbft.view_change", "pbft.new_view")
_LEADS = ("raft.role leader", "pbft.new_view")
_DELAYS_NS = (1, 5 * MILLISECOND, 60 * MILLISECOND, 400 * MILLISECOND)
_LASTING_NS = (80 * MILLISECOND, 700 * MILLISECOND, 2500 * MILLISECOND)


class Ambush(Observer):
    """Lies in wait in the world that :meth:`bind` is given. ``laid`` are the faults so far."""

    def __init__(self, case: Case) -> None:
        self.laid: list[Fault] = []
        self._case = case
        self._draws = Stream(f"{case.seed}/ambush")
        self._one_in = 1 + self._draws.below(4)  # how choosy it is
        self._world: World | None = None
        self._leader: NodeId | None = None

    def bind(self, world: World) -> None:
        """Lay faults there from now on."""
        self._world = world

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        moment = f"{trace.kind} {trace.detail[0]}" if trace.kind == "raft.role" else trace.kind
        if moment not in _MOMENTS:
            return
        if moment in _LEADS:
            self._leader = node
        if not self._draws.below(self._one_in):
            self._strike(now, node)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        if not self._draws.below(COMMITS_BETWEEN):
            self._strike(now, node if self._leader is None or self._draws.below(3) == 0 else self._leader)

    def _strike(self, now: int, node: NodeId) -> None:
        if self._world is None or now >= self._case.heal_ns - 2 or len(self.laid) >= SHOTS_MAX:
            return
        fault = self._fault(now, node)
        self.laid.append(fault)
        self._world.inject(fault)

    def _fault(self, now: int, node: NodeId) -> Fault:
        draws, case = self._draws, self._case
        at = min(case.heal_ns - 2, now + 1 + draws.below(_DELAYS_NS[draws.below(len(_DELAYS_NS))]))
        lasting = min(case.heal_ns - at - 1, 1 + draws.below(_LASTING_NS[draws.below(len(_LASTING_NS))]))
        match draws.below(6):
            case 0:
                return Pause(at_ns=at, for_ns=lasting, node=node)
            case 1 | 2:
                return Crash(at_ns=at, for_ns=lasting, node=node)
            case 3:
                return Cut(at_ns=at, for_ns=lasting, one=(node,), one_way=bool(draws.below(2)))
            case _:
                others = [other for other in range(case.nodes) if other != node and not draws.below(3)]
                return Cut(at_ns=at, for_ns=lasting, one=(node, *others))
