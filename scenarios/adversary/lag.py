"""An ambush for snapshots: nodes fall behind until they need one, and are struck as they install it.

A few nodes, never so many that the others could decide nothing, are kept apart until the others have decided more than
their logs hold. Then they are back, and are sent a snapshot of the state. As one of them writes what it has installed,
it crashes.

In every second case it is the snapshot's configuration that is aimed at instead, where members change: those who are
behind are back as such a change is decided, and for a moment nobody but whoever decided it hears them. So it sends them
the state in the middle of the change; then, now and then, it is put apart itself, and they go by what it sent.

It is the ambush of the strategy ``lag`` (:mod:`scenarios.adversary.plans`).
"""

from __future__ import annotations

from consensus.protocols import protocol as registered
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import MILLISECOND, SECOND, Broadcast, Commit, Image, NodeId, Put, Record, Reply, Send, Trace
from network.virtual.bare.blocks import change_in
from network.virtual.case import Case
from network.virtual.faults import Cut, Fault, Heal
from scenarios.adversary.ambush import Ambush

LAG = "lag"
"""The name of the cut that keeps nodes apart; and of the style."""

LAGGING_NS = 2 * SECOND
"""It lasts no longer than this, should the others decide too little without them."""

_MORE = 6
"""Heights beyond those that a log holds, at most, before the nodes that were apart are back."""

_CHANGE_WITHIN = 12
"""Heights more that they wait for a change of members."""

_ALONE_NS = (200 * MILLISECOND, 500 * MILLISECOND, 1000 * MILLISECOND)


class Lag(Ambush):
    """Lies in wait for decisions, and for snapshots that are written down."""

    def __init__(self, case: Case) -> None:
        super().__init__(case, LAG)
        self._height = 0  # the highest that anybody decided
        self._enough: int | None = None  # the height at which those who are apart are to be back; None: nobody is
        self._behind: tuple[NodeId, ...] = ()  # who was apart last
        self._sender: NodeId | None = None  # who offered a snapshot last
        self._aims_at_members = case.changing and case.seed % 2 == 1
        self._held = int(case.settings.get("log_keep") or case.settings.get("log_size") or 1)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        first, self._height = commit.height > self._height, max(self._height, commit.height)
        if self._enough is None:
            if self._quiet_until <= now < self._case.heal_ns - SECOND // 4:
                self._strike(now, node)
        elif self._height >= self._enough or now >= self._quiet_until:
            changes = first and change_in(commit.block) is not None
            waits = self._aims_at_members and self._height < self._enough + _CHANGE_WITHIN
            if changes or not waits or now >= self._quiet_until:
                self._bring_back(now, node, alone=changes and self._aims_at_members)

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:  # noqa: ARG002
        if node in self._behind and any(
            isinstance(record, Put) and (record.space, record.key) == (SNAPSHOT, MANIFEST) for record in records
        ):
            self._installed(now, node)

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == "raft.snapshot":
            self._sender = node

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        """What is said is of no interest here."""

    def _shots(self, now: int, node: NodeId) -> list[Fault]:  # noqa: ARG002 - whoever decides first
        """Some nodes are apart from the others until these have decided enough without them (:meth:`on_commit`)."""
        case, draws = self._case, self._draws
        at, lasting = now + 1, min(LAGGING_NS, case.heal_ns - now - 3)
        count = 1 + draws.below(max(1, registered(case.protocol).faults(len(case.voters))))
        left = list(range(case.nodes))
        apart = tuple(sorted(left.pop(draws.below(len(left))) for _ in range(count)))
        if lasting <= 0 or not left:
            return []
        self._quiet_until = at + lasting
        self._behind, self._enough = apart, self._height + self._held + 1 + draws.below(_MORE)
        return [Cut(at_ns=at, for_ns=lasting, one=apart, other=self._without(apart), name=LAG)]

    def _bring_back(self, now: int, node: NodeId, *, alone: bool) -> None:
        """Those who are apart are not any more; ``alone``: at first together with ``node``, and nobody else."""
        self._enough, self._quiet_until = None, now + self._gap_ns + SECOND // 4
        back: list[Fault] = [Heal(at_ns=now + 1, name=LAG)]
        lasting = min(_ALONE_NS[self._draws.below(len(_ALONE_NS))], self._case.heal_ns - now - 3)
        others = self._without((node, *self._behind))
        if alone and others and lasting > 0:
            back.append(Cut(at_ns=now + 2, for_ns=lasting, one=others, other=self._without(others)))
        self._lay(back)

    def _installed(self, now: int, node: NodeId) -> None:
        """``node`` has a snapshot's state, and is writing it down."""
        if now >= self._case.heal_ns - 3:
            return
        if self._sender is None or not self._aims_at_members:
            self._lay([self._crash(now, node)])
        elif not self._draws.below(3):
            self._lay(self._put_apart(now + 1, self._sender))
