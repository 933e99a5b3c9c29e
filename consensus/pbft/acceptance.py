"""Extending the chain of accepted blocks (rules 1 and 2 of the chain rule in :mod:`consensus.pbft.normal_case`).

A block comes in one of two ways: fresh, in the primary's own PRE-PREPARE, or prescribed by the NEW-VIEW, which has no
bodies; those are known from before, held, or fetched. Either way the application judges it before we vote for it.
"""

from __future__ import annotations

from consensus.chain import Block
from consensus.pbft.certificates import prepare_bytes
from consensus.pbft.context import Active, Context
from consensus.pbft.log import Entry, Point
from consensus.pbft.messages import ACCEPTED, Prepare, PrePrepare
from consensus.protocols import Verdict
from consensus.vocabulary import Put


class Acceptance:
    """Which PRE-PREPAREs this replica accepts, and its PREPAREs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log = context.log
        self.waiting = False
        """The application could not judge a block yet, for want of a state that it has not come to."""

    def extend(self, active: Active) -> None:
        """Extend the accepted chain while the next PRE-PREPARE is here and the application agrees."""
        log = self._log
        while (entry := log.get(log.tip.height + 1)) is not None:
            if log.tip.height < active.base.height or not log.inside(entry.height) or log.waits_at_checkpoint:
                return
            if entry.accepted is not None and entry.accepted.view == active.view:
                if entry.accepted.block.parent != log.tip.hash:
                    return  # rule 2: we have voted for another chain in this view
                log.tip = Point(entry.height, entry.accepted.block.hash)
                continue
            prescribed = active.prescribed(entry.height)
            message = self._fresh(entry) if prescribed is None else self._prescribed(entry, active, prescribed)
            if message is None:
                return
            self.accept(entry, message)
            if self._context.me != self._context.members.author(message.view, message.block.header):
                self._say_prepare(entry, message)

    def _fresh(self, entry: Entry) -> PrePrepare | None:
        """The primary's own new block for this height, if acceptable now (rule 1)."""
        message = entry.held
        if message is None:
            return None
        if message.block.round != message.view or message.block.parent != self._log.tip.hash:
            entry.held = None
            self._context.suspicion = f"PRE-PREPARE off the chain at height {entry.height}"
            return None
        verdict = self._judge(message.block)
        flaw = None
        if verdict is Verdict.ACCEPT:
            flaw = self._context.epochs.flaw_in(message.block, self._log.undecided())
        if verdict is Verdict.REJECT or flaw is not None:
            entry.held = None
            self._context.suspicion = f"{flaw or 'unacceptable block'} at height {entry.height}"
            return None
        return message if verdict is Verdict.ACCEPT else None

    def _prescribed(self, entry: Entry, active: Active, block_hash: bytes) -> PrePrepare | None:
        """The PRE-PREPARE of the NEW-VIEW for this height, once we have the body."""
        assert active.new_view is not None  # noqa: S101 - only a NEW-VIEW prescribes
        if entry.held is not None and entry.held.block.hash != block_hash:
            entry.held = None
            self._context.suspicion = f"PRE-PREPARE against its own NEW-VIEW at height {entry.height}"
        block = self.body(entry, block_hash)
        if block is None:
            return None
        proposal = active.new_view.pre_prepares[entry.height - active.base.height - 1]
        return PrePrepare(view=active.view, block=block, signature=proposal.signature)

    def body(self, entry: Entry, block_hash: bytes) -> Block | None:
        """The block of that hash if we have it and the application agrees; bodies that are not its are forgotten.

        The header's hash does not prove the body: the application checks its root.
        """
        if entry.accepted is not None and entry.accepted.block.hash == block_hash:
            return entry.accepted.block
        candidates = (entry.held.block if entry.held is not None else None, entry.fetched)
        for block in candidates:
            if block is None or block.hash != block_hash:
                continue
            verdict = self._judge(block)
            if verdict is Verdict.ACCEPT:
                return block
            if verdict is Verdict.REJECT:
                if block is entry.fetched:
                    entry.fetched = None
                else:
                    entry.held = None
        return None

    def _judge(self, block: Block) -> Verdict:
        verdict = self._context.application.validate(block)
        if verdict is Verdict.WAIT:
            self.waiting = True
        return verdict

    def accept(self, entry: Entry, message: PrePrepare) -> None:
        """Durably put the block on the chain. From here on nothing else is accepted in its place in this view."""
        self._context.out.persist(Put(ACCEPTED, entry.height, message))
        entry.accepted = message
        self._context.epochs.accepted(message.block)
        entry.held = entry.fetched = None
        self._log.tip = Point(entry.height, message.block.hash)

    def _say_prepare(self, entry: Entry, accepted: PrePrepare) -> None:
        vote = self.own_prepare(accepted)
        entry.prepares[self._context.me] = vote
        self._context.out.broadcast(vote)

    def own_prepare(self, accepted: PrePrepare) -> Prepare:
        """Our PREPARE for what we accepted; the same bytes each time."""
        view, height, block_hash = accepted.view, accepted.block.height, accepted.block.hash
        signature = self._context.sign(prepare_bytes(view, height, block_hash))
        return Prepare(view, height, block_hash, self._context.me, signature)
