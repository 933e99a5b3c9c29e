"""Intake: transactions on their way into the pool, from clients and from other nodes, and what is said about them.

What comes is looked at in order of cost: is it executed already (then its receipt is sent again), does it wait already,
is there room, and only then: do its signatures verify? So a flood costs a busy node little. Where there is no room the
client is told so and comes back later; where this node neither orders nor passes on, it is told who does.

Whoever leads may be a liar who ignores somebody. A request that waits here for long, while blocks with room to spare
for it are decided, is taken for censored: see :meth:`Intake.censored`.
"""

from __future__ import annotations

from collections.abc import Callable

from consensus.chain import Block
from consensus.protocols import Status
from consensus.vocabulary import Audience, Broadcast, Effects, NodeId, Rejected, Reply, Trace
from network.gossip import Transactions
from network.requests import Busy, BusyReason, Redirect
from node.admission import Admission
from node.business_clock import Horizon
from node.chain_state import ChainState
from node.contracts.runtime import Execution
from node.ledger.transaction import Transaction, TransactionError
from node.membership.changes import asks_for_members
from node.mempool import Claim, Mempool, claim_of
from node.options import ReplicaOptions
from node.receipts import Receipts

RESENT_MAX = 256
"""Transactions told to the voters again at a time."""


class Intake:
    """The pool, and the way into it."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        me: NodeId,
        options: ReplicaOptions,
        chain: ChainState,
        admission: Admission,
        horizon: Horizon,
        flaw_in_change: Callable[[bytes], str | None],
        audience: Callable[[], tuple[NodeId, ...] | None],
        receipts: Receipts,
        status: Callable[[], Status],
    ) -> None:
        self._me = me
        self._options = options
        self._chain = chain
        self._admission = admission
        self._horizon = horizon
        self._flaw_in_change = flaw_in_change
        self._audience = audience
        self._receipts = receipts
        self._status = status
        self.pool = Mempool(options.pool_transactions_max, options.pool_bytes_max, options.pool_client_max)
        self._roomy_ns: int | None = None  # when a block with room to spare was decided last
        self._complained_ns = 0

    def submitted(self, now: int, raws: tuple[bytes, ...]) -> Effects:
        """A client asks for these; those executed before are answered again."""
        status = self._status()
        turned_away = _TurnedAway()
        registry = self._admission.registry(self._chain.tree.get)
        effects: Effects = []
        fresh: list[bytes] = []
        executed: list[Claim] = []
        for raw in raws:
            try:
                transaction = self._admission.read(raw)
                claim = claim_of(transaction)
                if self._chain.executed(*claim):
                    self._admission.require_signed(raw, transaction, registry)
                    executed.append(claim)
                elif self.pool.holds(transaction):
                    continue
                elif (early := self._horizon.flaw_in(transaction)) is not None:
                    turned_away.busy(claim, BusyReason.AHEAD)
                    effects.append(Trace("refused", (early,)))
                elif (reason := self._limit(claim[0], len(raw), status)) is not None:
                    turned_away.busy(claim, reason)
                elif not self._options.forward and status.leader != self._me:
                    turned_away.redirected(claim)
                else:
                    self._admission.require_signed(raw, transaction, registry)
                    self._require_timely(raw, transaction)
                    self.pool.add(raw, transaction, now)
                    fresh.append(raw)
            except TransactionError as error:
                effects.append(Trace("refused", (str(error),)))
        effects += self._receipts.replies(executed)
        if fresh and status.leader != self._me:
            effects.append(Broadcast(Transactions(tuple(fresh)), Audience.VOTERS, self._audience()))
        return effects + turned_away.replies(status.leader)

    def gossiped(self, now: int, sender: NodeId, raws: tuple[bytes, ...]) -> Effects:
        """Another node passes these on. What there is no room for is left out: its client will ask again."""
        effects: Effects = []
        registry = self._admission.registry(self._chain.tree.get)
        for raw in raws:
            try:
                transaction = self._admission.read(raw)
                claim = claim_of(transaction)
                if self._chain.executed(*claim) or self.pool.holds(transaction):
                    continue
                self._horizon.require_come(transaction)
                if self.pool.limit(claim[0], len(raw)) is None:
                    self._admission.require_signed(raw, transaction, registry)
                    self._require_timely(raw, transaction)
                    self.pool.add(raw, transaction, now)
            except TransactionError as error:
                effects.append(Rejected(sender, str(error)))
        return effects

    def resent(self, now: int) -> Effects:
        """What has waited too long is told to the voters again: the message that told them may be lost."""
        if not self._options.forward or self._status().leader == self._me:
            return []
        overdue = self.pool.oldest(now - self._options.pool_resend_ns, count=RESENT_MAX)
        return [Broadcast(Transactions(tuple(overdue)), Audience.VOTERS, self._audience())] if overdue else []

    def decided(self, now: int, block: Block, execution: Execution) -> None:
        """A block was decided: what it used up waits no longer."""
        self.pool.remove((outcome.client, outcome.number) for outcome in execution.outcomes)
        self._drop_what_came_too_late()
        options = self._options
        few = 2 * len(block.transactions) <= options.block_transactions_max
        if few and 2 * sum(map(len, block.transactions)) <= options.block_bytes_max:
            self._roomy_ns = now

    def installed(self) -> None:
        """A later state was installed: the same."""
        self.pool.remove([claim for claim in self.pool.claims() if self._chain.executed(*claim)])
        self._drop_what_came_too_late()

    def _require_timely(self, raw: bytes, transaction: Transaction) -> None:
        """A change of members waits only while the next block could carry it out.

        No block may hold it otherwise, so it would wait for ever, and whoever leads be blamed for that. Its client is
        free to come again: with what the registry asks for now, and the same number.
        """
        flaw = self._flaw_in_change(raw) if asks_for_members(transaction) else None
        if flaw is not None:
            raise TransactionError(f"a change of members that cannot be made now: {flaw}")

    def _drop_what_came_too_late(self) -> None:
        late = [
            claim_of(transaction) for raw, transaction in self.pool.apart() if self._flaw_in_change(raw) is not None
        ]
        self.pool.remove(late)

    def censored(self, now: int) -> bool:
        """Time to complain: a request waited long, and a block less than half full was decided without it.

        Whoever leads is given as long again before the next complaint.
        """
        since, patience = self.pool.since(), self._options.complain_after_ns
        if since is None or self._roomy_ns is None or now < self._complained_ns + patience:
            return False
        if self._roomy_ns < since + patience:
            return False
        self._complained_ns = now
        return True

    def _limit(self, client: str, size: int, status: Status) -> BusyReason | None:
        """Which limit keeps another transaction out. A core that takes no block is no trouble while one can wait."""
        if status.busy is not None and len(self.pool) >= self._options.block_transactions_max:
            return BusyReason.CORE
        return self.pool.limit(client, size)


class _TurnedAway:
    """What was not taken in, by client, to be told in one message each."""

    def __init__(self) -> None:
        self._busy: dict[tuple[str, BusyReason], list[int]] = {}
        self._redirected: dict[str, list[int]] = {}

    def busy(self, claim: Claim, reason: BusyReason) -> None:
        self._busy.setdefault((claim[0], reason), []).append(claim[1])

    def redirected(self, claim: Claim) -> None:
        self._redirected.setdefault(claim[0], []).append(claim[1])

    def replies(self, leader: NodeId | None) -> Effects:
        return [
            *(Reply(client, Busy(client, tuple(n), reason)) for (client, reason), n in self._busy.items()),
            *(Reply(client, Redirect(client, tuple(n), leader)) for client, n in self._redirected.items()),
        ]
