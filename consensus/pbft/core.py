"""The PBFT core: hands each input to the part that knows it, then lets the whole move on as far as it can.

Every input ends in :meth:`PbftCore._finish`: accept, prepare and decide what can be, act on a faulty primary, set
the timers, drain the outbox. A peer's message that is refused raises ``PeerError`` before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consensus.chain import BLOCKS, Block, Certificate
from consensus.pbft.checkpoints import Checkpoints
from consensus.pbft.context import Active, Changing, Context, PeerError
from consensus.pbft.helpers import Serving
from consensus.pbft.messages import (
    ACCEPTED,
    PREPARED,
    VIEW,
    Checkpoint,
    Chunk,
    CommitVote,
    Fetch,
    FetchChunk,
    Fetched,
    FetchManifest,
    FetchStable,
    Manifest,
    NewView,
    Prepare,
    PrePrepare,
    StableCheckpoint,
    StatusReport,
    ViewChange,
    ViewRecord,
)
from consensus.pbft.normal_case import NormalCase
from consensus.pbft.retransmission import Retransmission
from consensus.pbft.state_transfer import StateTransfer
from consensus.pbft.timers import NEW_VIEW, RESEND, TRANSFER, VALIDATE, VIEW_CHANGE, Patience
from consensus.pbft.view_change import ViewChanges
from consensus.proof import Run
from consensus.protocols import Setup, Slot, Status
from consensus.vocabulary import Effects, Image, LocalProtocolError, NodeId, Readable, Rejected, SetTimer


class PbftCore:
    """One replica's core (``consensus.protocols.Core``); an observer's too, which only adopts."""

    def __init__(self, setup: Setup) -> None:
        self._context = Context(setup)
        self._normal_case = NormalCase(self._context)
        self._view_changes = ViewChanges(self._context)
        self._checkpoints = Checkpoints(self._context)
        self._serving = Serving(self._context, self._checkpoints)
        self._transfer = StateTransfer(self._context, self._checkpoints)
        self._restore(setup.image)
        self._patience = Patience(self._context)
        self._retransmission = Retransmission(self._context, self._normal_case, self._checkpoints)
        self._restarted = any(setup.image.values())
        self._counts: dict[type, Callable[[NodeId, Any], bool]] = {
            Prepare: self._normal_case.on_prepare,
            CommitVote: self._normal_case.on_commit,
        }
        """Votes are almost all that comes in; False if nothing follows from one yet."""

    # Inputs

    def start(self, now: int) -> Effects:
        """Begin; after a restart say again what may have been lost, and ask which view the others are in."""
        context = self._context
        if self._restarted and context.votes:
            for entry in context.log.entries():
                if entry.accepted is not None:
                    context.application.validate(entry.accepted.block)  # judged before; it must know what we build on
            self._checkpoints.resume()
            self._normal_case.advance()
            self._retransmission.repeat()
            context.out.broadcast(StatusReport(view=context.view, stable=context.log.stable))
        return self._finish(now)

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        context = self._context
        if sender not in context.peers:
            if not context.votes:
                return []  # observers take no part; decided blocks reach them through ``adopt``
            if sender == context.me or not self._spoke_then(sender, message):
                return [] if self._of_another_epoch(message) else [Rejected(sender, "not another voter")]
        count = self._counts.get(type(message))
        try:
            if count is not None:
                moves = count(sender, message)
                if message.view < context.view:
                    self._retransmission.help_if_behind(now, sender, message.view)
                    moves = moves or not context.out.empty
                if not moves:
                    return []  # a vote among many: nothing follows from it yet
            elif type(message) is Checkpoint:
                if not self._checkpoints.on_checkpoint(now, sender, message) and context.out.empty:
                    return []
            else:
                self._dispatch(now, sender, message)
        except PeerError as error:
            return [Rejected(sender, str(error))]
        return self._finish(now)

    def timer(self, now: int, name: str) -> Effects:
        context = self._context
        if name == VIEW_CHANGE:
            if self._patience.expired(now) and context.votes:
                self._view_changes.become_changing(self._context.rotation.next_view(context.view))
        elif name == RESEND:
            self._retransmission.fired(now)
        elif name == NEW_VIEW:
            self._view_changes.fired(now)
        elif name == TRANSFER:
            self._transfer.fired(now)
        elif name != VALIDATE:
            raise LocalProtocolError(f"PBFT sets no timer {name!r}")
        return self._finish(now)

    def slot(self) -> Slot | None:
        return self._normal_case.slot()

    def propose(self, now: int, block: Block) -> Effects:
        self._normal_case.propose(block)
        return self._finish(now)

    def demand(self, now: int, waiting: bool) -> Effects:
        self._context.waiting = waiting
        return self._finish(now)

    def complain(self, now: int) -> Effects:
        """A request waited here far longer than others that were decided: leave the view of a censoring primary.

        The view-change timer starts again at every decision, so it alone does not notice that a primary ignores one
        client; the caller, who sees the requests, does (section 4.5.2 times a request; a complaint ends that time).
        A primary that has just begun is given its timeout first.
        """
        context = self._context
        if context.votes and self._turn() != context.me and self._patience.exhausted(now):
            context.suspicion = "a request is ignored"
        return self._finish(now)

    def wants_block(self) -> bool:
        """A change of members that is decided is brought to its checkpoint, by empty blocks if need be."""
        return self._context.epochs.asked is not None

    def adopt(self, now: int, block: Block, certificate: Certificate | None) -> Effects:
        context, committed = self._context, self._context.log.committed
        if context.diverged:
            return []  # it would be executed on top of a state that is wrong
        if block.height != committed.height + 1 or block.parent != committed.hash:
            raise LocalProtocolError(f"block {block.height} does not follow height {committed.height}")
        self._normal_case.decided(block, certificate)
        if certificate is not None and block.height > context.members.base.height:
            for signer, _ in certificate.signatures:
                context.work_seen(signer, certificate.round)
        return self._finish(now)

    # Questions

    def certifies(self, block: Block, certificate: Certificate) -> bool:
        return self._context.epochs.at(block.height).members.certifies(block, certificate)

    def proves(self, run: Run) -> int:
        if self._context.diverged:
            return 0
        return self._context.epochs.proven(run, self._context.log.committed)

    def executed(self, now: int, height: int) -> Effects:
        if height % self._context.options.checkpoint_interval:
            return []
        self._checkpoints.executed(height)
        return self._finish(now)

    def read(self, now: int, context: int) -> Effects:  # noqa: ARG002
        """Answerable from the highest height that we sent a COMMIT for; a quorum of equal answers is what counts.

        Whatever was decided before the read began had a quorum of COMMITs, which shares a correct replica with every
        quorum of answers; and that one answers from there or above. (Answering from what is decided *here* would not
        do: a write is acknowledged by f + 1, and a quorum of others may not have decided it yet.) A view change or a
        restart takes no COMMIT back, so it is not the present view that counts.
        """
        height = self._context.log.promised
        return [Readable(context=context, height=None if self._context.diverged else height)]

    def status(self) -> Status:
        context = self._context
        leader = self._turn()
        role = "observer" if not context.votes else "primary" if leader == context.me else "backup"
        return Status(
            role=role,
            round=context.view,
            leader=leader,
            height=context.log.committed.height,
            changing=context.active is None,
            busy=self._normal_case.busy(),
            configuration=context.configuration,
        )

    @property
    def timeout_ns(self) -> int:
        """How long a primary is waited for at present, with its back-off."""
        return self._patience.timeout

    def state_hash(self) -> bytes:
        return self._context.digest(self._checkpoints.snapshot(), self._transfer.snapshot())

    # Parts of the above

    def _spoke_then(self, sender: NodeId, message: Any) -> bool:
        """Was ``sender``, which is no voter, one at the checkpoint that it speaks of?"""
        return isinstance(message, Checkpoint) and self._context.epochs.at(message.height).members.votes(sender)

    def _of_another_epoch(self, message: Any) -> bool:
        """Does it concern heights that other members decide, or may? Then its sender may be right to send it."""
        context = self._context
        base = context.members.base.height
        match message:
            case ViewChange():
                return message.epoch != base
            case NewView():
                return any(change.epoch != base for change in message.view_changes)
            case PrePrepare():
                height = message.block.height
            case Prepare() | CommitVote() | Checkpoint():
                height = message.height
            case _:
                return context.epochs.changing
        return height <= base or height > context.log.next_checkpoint

    def _turn(self) -> NodeId:
        """Whose turn the next height is in the present view; the primary's where we cannot know."""
        context = self._context
        turn = context.proposer(context.log.tip.height + 1)
        return turn if turn is not None else context.primary

    def _dispatch(self, now: int, sender: NodeId, message: Any) -> None:
        """Hand a message that is not a vote to its part."""
        match message:
            case PrePrepare():
                self._normal_case.on_pre_prepare(sender, message)
                self._retransmission.help_if_behind(now, sender, message.view)
            case ViewChange():
                self._view_changes.on_view_change(sender, message)
                self._retransmission.help_if_behind(now, sender, message.view - 1)
                self._checkpoints.help_if_below(now, sender, message.height)
            case NewView():
                self._view_changes.on_new_view(message)
            case Fetch():
                self._retransmission.on_fetch(now, sender, message)
            case Fetched():
                self._retransmission.on_fetched(message)
            case StatusReport():
                self._retransmission.help_if_behind(now, sender, message.view, asked=True)
                self._checkpoints.answer(sender, message.stable)
            case _:
                self._dispatch_state(now, sender, message)

    def _dispatch_state(self, now: int, sender: NodeId, message: Any) -> None:
        """The messages of those that are far behind, and of those that help them."""
        match message:
            case StableCheckpoint():
                self._checkpoints.on_stable(message)
            case FetchStable():
                self._checkpoints.answer(sender, message.height)
            case FetchManifest():
                self._serving.on_fetch_manifest(now, sender, message)
            case FetchChunk():
                self._serving.on_fetch_chunk(now, sender, message)
            case Manifest():
                self._transfer.on_manifest(now, sender, message)
            case Chunk():
                self._transfer.on_chunk(now, sender, message)
            case _:
                raise PeerError(f"not a message of PBFT: {type(message).__name__}")

    def _finish(self, now: int) -> Effects:
        """Move on as far as possible, and hand out what follows."""
        context = self._context
        self._normal_case.advance()
        if context.votes:
            self._transfer.settle(now)
        if context.suspicion is not None:
            context.out.trace("pbft.suspicion", self._turn(), context.suspicion)
            context.suspicion = None
            if context.active is not None:
                self._view_changes.become_changing(context.rotation.next_view(context.view))
                self._normal_case.advance()
        if context.votes:
            self._patience.settle(now, quorum_asks=context.active is None and self._view_changes.quorum_asks)
            self._view_changes.settle(now, self._patience)
            self._retransmission.settle(now)
            if self._normal_case.acceptance.waiting and context.out.decided:
                # What waits for the state these decisions lead to can be judged once the driver executed them.
                context.out.timer(SetTimer(VALIDATE, 0))
        return context.out.drain()

    def _restore(self, image: Image) -> None:
        """Take up what was durable: the view, accepted blocks and prepared certificates above the committed height."""
        context, log = self._context, self._context.log
        self._checkpoints.restore(image)
        self._transfer.restore(image)
        views = image.get(VIEW, {})
        record = views.get("view")
        if isinstance(record, ViewRecord) and record.epoch == context.members.base.height:
            if record.active:
                context.condition = self._view_changes.restored(views["new-view"])
            else:
                request = views["view-change"]
                context.condition = Changing(view=record.view, request=request)
                context.view_changes[context.me] = request
        for height, accepted in sorted(image.get(ACCEPTED, {}).items()):
            if isinstance(height, int) and log.certified.height < height <= log.high:
                log.entry(height).accepted = accepted
                context.epochs.accepted(accepted.block)
        for height, prepared in sorted(image.get(PREPARED, {}).items()):
            if isinstance(height, int) and log.certified.height < height <= log.high:
                log.entry(height).prepared = prepared
        log.restart_chain()
        blocks, interval = image.get(BLOCKS, {}), context.options.checkpoint_interval
        since = range(log.next_checkpoint - interval + 1, log.committed.height + 1)
        headers = [blocks[height].header for height in since if height in blocks]
        context.rotation.restore([header for header, _ in log.boundaries.values()], headers)
        if isinstance(context.condition, Active) and context.votes:
            self._restore_votes(context.condition)

    def _restore_votes(self, active: Active) -> None:
        """Our own PREPAREs and COMMITs of this view follow from what we accepted and had prepared."""
        context = self._context
        for entry in context.log.entries():
            accepted, prepared = entry.accepted, entry.prepared
            if accepted is None or accepted.view != active.view:
                continue
            if context.me != context.members.author(active.view, accepted.block.header):
                entry.prepares[context.me] = self._normal_case.acceptance.own_prepare(accepted)
            if prepared is not None and prepared.view == active.view:
                for replica, signature in prepared.prepares:
                    vote = Prepare(prepared.view, prepared.height, prepared.hash, replica, signature)
                    entry.prepares[replica] = vote
                entry.commits[context.me] = self._normal_case.own_commit(prepared)
