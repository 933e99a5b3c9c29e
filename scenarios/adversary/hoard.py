"""An ambush for PBFT: blocks are prepared at one node each, in one view after the other, and no two nodes agree.

As a block is proposed, one node alone hears the others until they change views; then, in every second case, it is put
apart with what only it has prepared. So what the next NEW-VIEW has to choose from contradicts itself: certificates of
different views for one height, of which the newest alone may win (Castro & Liskov 1999, section 4.4). It is the ambush
of the strategy ``hoard`` (:mod:`scenarios.adversary.plans`).
"""

from __future__ import annotations

from consensus.pbft.messages import PrePrepare
from consensus.vocabulary import SECOND, Broadcast, Image, NodeId, Reply, Send, Trace
from network.virtual.case import Case
from network.virtual.faults import Cut, Fault, Heal
from scenarios.adversary.ambush import Ambush

HOARD = "hoard"
"""The name of the cut that makes all nodes deaf but one; and of the style."""

HOARDING_NS = 9 * SECOND
"""It lasts no longer than this: the longest that PBFT waits in a trial, and a little more."""


class Hoard(Ambush):
    """Lies in wait for proposals, and then for the view changes of those who are deaf."""

    def __init__(self, case: Case) -> None:
        super().__init__(case, HOARD)
        self._hoarder: NodeId | None = None
        self._confidant: NodeId | None = None  # who was put apart with what it alone has prepared
        self._leaving: dict[NodeId, None] = {}  # who changed views since one node alone hears the others

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == "pbft.view_change":
            self._left(now, node)

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        if type(effect.message) is PrePrepare and self._quiet_until <= now < self._case.heal_ns - 2:
            others = [voter for voter in self._case.voters if voter != self._confidant] or [node]
            self._strike(now, others[self._draws.below(len(others))])

    def _moment(self, kind: str, now: int, node: NodeId) -> None:
        """No other moment is of any interest."""

    def _shots(self, now: int, node: NodeId) -> list[Fault]:
        """Nobody but ``node`` hears the other nodes until they lose patience (:meth:`_left`)."""
        case, at = self._case, now + 1
        lasting = min(HOARDING_NS, case.heal_ns - at - 3)
        if lasting <= 0 or case.nodes == 1:
            return []
        self._quiet_until = at + lasting
        self._hoarder, self._leaving = node, {}
        deaf = self._without((node,))
        return [Cut(at_ns=at, for_ns=lasting, one=tuple(range(case.nodes)), other=deaf, one_way=True, name=HOARD)]

    def _left(self, now: int, node: NodeId) -> None:
        """``node`` has lost patience with its view; once most have, they hear each other again."""
        self._leaving[node] = None
        if self._hoarder is None or len(self._leaving) <= len(self._case.voters) * 2 // 3 or now >= self._quiet_until:
            return
        after = self._put_apart(now + 1, self._hoarder)
        if self._confidant is None:
            self._confidant = self._hoarder
        else:  # both are back, each with its own
            self._confidant, after = None, after[:1]
        self._hoarder, self._quiet_until = None, now + 1
        self._lay([Heal(at_ns=now + 1, name=HOARD), *after])
