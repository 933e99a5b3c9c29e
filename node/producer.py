"""The producer: when a block is built, and of what.

With nothing in flight a block goes as soon as something waits; or, with a batching delay, as soon as it is full or the
first of its transactions has waited that long. While blocks are in flight only a full one goes, so that batches form by
themselves under load. A chain that goes idle is closed with one empty block, whose header states the last root.

A change of members that the registry allows goes before all else, alone in its block, as soon as the core takes one:
what is in flight is decided first, since the block states the height right below it.
"""

from __future__ import annotations

from consensus.configuration import Reconfiguration
from consensus.protocols import Core, Slot, Verdict
from consensus.vocabulary import Effects, LocalProtocolError, NodeId, SetTimer
from node.chain_state import ChainState
from node.ledger.block import STATE_LAG_MAX, build_block
from node.membership.changes import members_change
from node.mempool import Batch, Mempool
from node.options import ReplicaOptions
from node.proposals import Proposals
from node.voting import Voting

CLOSE_TIMER = "replica.close"
BATCH_TIMER = "replica.batch"


class Producer:
    """Builds blocks while the core has a slot for them."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        *,
        me: NodeId,
        network: str,
        voting: Voting,
        options: ReplicaOptions,
        chain: ChainState,
        pool: Mempool,
        proposals: Proposals,
        core: Core,
    ) -> None:
        self._me = me
        self._network = network
        self._voting = voting
        self._options = options
        self._chain = chain
        self._pool = pool
        self._proposals = proposals
        self._core = core
        self._close_due = False
        self._batch_set = False

    def timer(self, name: str) -> None:
        """One of our timers fired; :meth:`propose` acts on it."""
        if name == CLOSE_TIMER:
            self._close_due = True
        else:
            self._batch_set = False

    def close_later(self) -> Effects:
        """The chain grew: if its head holds effects that no header states, close it once it has been idle."""
        self._close_due = False
        return [SetTimer(CLOSE_TIMER, self._options.idle_close_ns)] if self._open() else []

    def propose(self, now: int) -> Effects:
        """Propose the next block if there is a slot for it and it is worth one."""
        slot = self._core.slot()
        if slot is None or slot.height - self._chain.height > STATE_LAG_MAX:
            return []
        options = self._options
        idle = slot.height == self._chain.height + 1
        if slot.reconfigurable and (change := self._change_of_members()) is not None:
            return self._propose(now, slot, *change) if idle else []
        wanted = self._core.wants_block()
        if not (idle or wanted or self._pool.fills(options.block_transactions_max, options.block_bytes_max)):
            return []
        in_flight = self._proposals.claimed(slot.parent)
        batch = self._pool.take(options.block_transactions_max, options.block_bytes_max, in_flight)
        if not wanted and not self._worth_a_block(now, batch, idle=idle):
            return self._wait_for_company(now) if batch.raws and idle else []
        return self._propose(now, slot, tuple(batch.raws))

    def _propose(
        self, now: int, slot: Slot, transactions: tuple[bytes, ...], asked: Reconfiguration | None = None
    ) -> Effects:
        block = build_block(
            slot,
            network=self._network,
            proposer=self._me,
            members=self._voting.decides(slot, asked),
            transactions=transactions,
            state_height=self._chain.height,
            state=self._chain.tree.root,
        )
        self._close_due = False
        if self._proposals.judge(block) is not Verdict.ACCEPT:
            raise LocalProtocolError(f"our own block is not acceptable: {self._proposals.reason}")
        return self._core.propose(now, block)

    def _change_of_members(self) -> tuple[tuple[bytes, ...], Reconfiguration] | None:
        """The first transaction that waits for a block of its own and that the registry, as of our head, allows."""
        for raw, transaction in self._pool.apart():
            asked = members_change(transaction)
            if asked is not None and self._proposals.flaw_in_change(raw) is None:
                return (raw,), asked
        return None

    def _worth_a_block(self, now: int, batch: Batch, *, idle: bool) -> bool:
        if batch.full or not idle:
            return batch.full
        if not batch.raws:
            return self._close_due and self._open()
        return self._ripe_ns() <= now

    def _ripe_ns(self) -> int:
        """When the first of those that wait has waited for company long enough; nothing of ours is in flight."""
        return (self._pool.since() or 0) + self._options.batch_delay_ns

    def _wait_for_company(self, now: int) -> Effects:
        if self._batch_set:
            return []
        self._batch_set = True
        return [SetTimer(BATCH_TIMER, self._ripe_ns() - now)]

    def _open(self) -> bool:
        """Does the head hold transactions whose effects no header has stated yet?"""
        return bool(self._chain.head.transactions)
