"""Normal-case operation: PRE-PREPARE, PREPARE, COMMIT (Castro & Liskov 1999, section 4.2).

A block is *prepared* at a replica that accepted its PRE-PREPARE and holds quorum - 1 matching PREPAREs of different
backups. A quorum of matching COMMITs is its commit certificate: at least quorum - f correct replicas have it
prepared, and nothing else can be decided at that height any more.

**The chain rule**, which lets blocks be pipelined although each names its parent:

1. A PRE-PREPARE for h is accepted only on top of the block accepted at h - 1 in this view, or committed there; where
   h - 1 is a checkpoint, only when it is committed (members may change there: ``consensus/pbft/epochs.py``).
2. In each view a replica accepts one PRE-PREPARE per height, ever, across restarts.
3. A replica counts h as prepared, and sends its COMMIT for h, only when every height between its last certified
   block and h is prepared *in this same view*. (PREPAREs are not held back: that would cost a round per height.)
4. A VIEW-CHANGE is valid only if its prepared certificates form a chain without gaps from its last certified block.
5. The NEW-VIEW follows, from the highest certified block upwards, the certificate of the highest view among those
   whose parent is the block chosen below (``consensus/pbft/new_view.py``).
6. On entering a view a replica forgets the prepared certificates that its NEW-VIEW contradicts or leaves out.

*Claim.* If B is decided at h in view w, every valid NEW-VIEW for a view v > w starts at or above B, or prescribes B.
*Proof*, by induction over valid NEW-VIEWs in causal order. A quorum sent COMMIT(w, h, B); a quorum of VIEW-CHANGEs
makes the NEW-VIEW; they share a correct replica r. By 3, when r sent its COMMIT it had prepared certificates of view w
for B and for every ancestor above its last certified block. It still has them, or ones of later views for the same
blocks, or has certified those blocks since: by the claim for earlier NEW-VIEWs, neither rule 6 nor a block adopted
later contradicts B or its ancestors.

The NEW-VIEW's base is decided, so by the claim it is an ancestor of B, or B or above it (and we are done). Let k <= h
be a height above the base, with B's ancestor chosen at k - 1 (at first: the base). Among the certificates at k is r's
for B's ancestor there, of a view >= w: were k certified at r, the base would lie at k or above. Another of a higher
view is for the same block by the claim; another of an equal view is too, because two quorums share a correct replica,
which accepted one block only (rule 2). So rule 5 chooses B's ancestor at k, and at last B.

(Members are the same all along: a proof for each epoch, whose first certified block is the checkpoint it begins with.)

So there are no gaps, the paper's null requests are never needed, and what is proposed again keeps its digest.
"""

from __future__ import annotations

from contextlib import suppress

from consensus.chain import Block, Certificate, commit_bytes
from consensus.pbft.acceptance import Acceptance
from consensus.pbft.certificates import Membership, pre_prepare_bytes, prepare_bytes
from consensus.pbft.context import Context, PeerError
from consensus.pbft.early import Early
from consensus.pbft.log import Entry
from consensus.pbft.messages import PREPARED, CommitVote, Prepare, PreparedCertificate, PrePrepare
from consensus.protocols import Slot
from consensus.vocabulary import Cut, LocalProtocolError, NodeId, Put


class NormalCase:
    """The three phases, on the shared state."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log = context.log
        self.acceptance = Acceptance(context)
        self._early = Early()

    @property
    def _members(self) -> Membership:
        return self._context.members

    # The primary

    def slot(self) -> Slot | None:
        """Where the primary may propose: on top of what it accepted, within the window."""
        context, log = self._context, self._log
        active, rotating = context.active, context.members.rotating
        if active is None or context.diverged or not (rotating or context.primary == context.me):
            return None
        height = log.tip.height + 1
        if height <= active.reproposed_to or log.tip.height < active.base.height:
            return None  # what the NEW-VIEW prescribes comes first
        if height > log.committed.height + context.options.window or height > log.high:
            return None
        if log.waits_at_checkpoint or (rotating and context.proposer(height) != context.me):
            return None
        entry = log.get(height)
        if entry is not None and entry.accepted is not None and entry.accepted.view == active.view:
            return None  # rule 2: another block was proposed here in this view, off today's chain
        return Slot(
            height=height,
            parent=log.tip.hash,
            round=active.view,
            configuration=context.configuration,
            reconfigurable=not context.epochs.pending(log.undecided()),
        )

    def busy(self) -> str | None:
        """Why the primary takes no block just now, although it leads."""
        context, log = self._context, self._log
        if context.proposer(log.tip.height + 1) != context.me:
            return None
        if context.diverged:
            return "our state contradicts a stable checkpoint"
        if log.tip.height >= log.high:
            return f"the log is full: height {log.high} is {log.size} above the last stable checkpoint"
        if log.tip.height >= log.committed.height + context.options.window:
            return f"{context.options.window} blocks are in flight"
        return None

    def propose(self, block: Block) -> None:
        """Send the PRE-PREPARE for our own block."""
        slot = self.slot()
        if slot is None or (block.height, block.parent, block.round) != (slot.height, slot.parent, slot.round):
            raise LocalProtocolError(f"no slot for a block at height {block.height}")
        if block.header.proposer != self._context.me:
            raise LocalProtocolError(f"a block proposed by {block.header.proposer}, not by us")
        signature = self._context.sign(pre_prepare_bytes(slot.round, block.height, block.hash))
        message = PrePrepare(view=slot.round, block=block, signature=signature)
        self.acceptance.accept(self._log.entry(block.height), message)
        self._context.out.broadcast(message)

    # Messages

    def on_pre_prepare(self, sender: NodeId, message: PrePrepare) -> None:
        """Hold the primary's PRE-PREPARE until it can be accepted (:meth:`advance`)."""
        context, members = self._context, self._members
        view, header = message.view, message.block.header
        if sender != members.primary(view) and (header.round < view or not members.rotating):
            raise PeerError(f"PRE-PREPARE for view {view} from a replica that is not its primary")
        if view < context.view or (view == context.view and not self._log.inside(header.height)):
            return
        entry = self._log.get(header.height)
        if view == context.view and entry is not None and self._repeats(entry, message):
            return
        if sender != members.author(view, header):
            raise PeerError(f"block of round {header.round} by {header.proposer} in a PRE-PREPARE for view {view}")
        fresh = members.rotating and header.round == view
        early = fresh and (view > context.view or context.active is None)
        if fresh and not early and not self._in_turn(sender, header.height):
            return
        if not members.verify(sender, pre_prepare_bytes(view, header.height, header.hash), message.signature):
            raise PeerError("PRE-PREPARE with a bad signature")
        if early:
            self._early.keep(sender, message)
        if view > context.view:
            context.work_seen(sender, view)
        elif not early:
            self._log.entry(header.height).held = message

    def on_prepare(self, sender: NodeId, message: Prepare) -> bool:
        """Count a backup's PREPARE; of each backup only the newest view's. True if something may follow from it.

        One for a height that is prepared in our view is passed over unread: there the certificate is complete. While
        we change to a view nothing is prepared in it yet: what comes before its NEW-VIEW counts.
        """
        if message.replica != sender:
            raise PeerError(f"PREPARE in the name of {message.replica}")
        context, log, view, height = self._context, self._log, message.view, message.height
        members, ours = context.members, context.view
        if not members.rotating and sender == (context.primary if view == ours else members.primary(view)):
            raise PeerError("PREPARE from the primary")  # its PRE-PREPARE stands for it (section 4.2)
        if view < ours or (view == ours and height <= log.prepared and context.active is not None):
            return False
        if (entry := log.counting(height)) is None:
            return False
        prepares = entry.prepares
        known = prepares.get(sender)
        if known is not None and known.view >= view:
            if known.view == view and known.hash != message.hash:
                raise PeerError("two PREPAREs for one height in one view")
            return False
        if not members.verify(sender, prepare_bytes(view, height, message.hash), message.signature):
            raise PeerError("PREPARE with a bad signature")
        prepares[sender] = message
        if view > ours:
            return context.work_seen(sender, view)
        return len(prepares) >= members.quorum - 1 and height == log.prepared + 1 and height <= log.tip.height

    def on_commit(self, sender: NodeId, message: CommitVote) -> bool:
        """Count a COMMIT, of whatever view: a quorum that agrees is a certificate, even of a view left since.

        True if something may follow from it. One for a height that is certified is passed over unread.
        """
        if message.replica != sender:
            raise PeerError(f"COMMIT in the name of {message.replica}")
        height = message.height
        entry = self._log.counting(height)
        if entry is None or entry.decision is not None:
            return False
        context, view = self._context, message.view
        known = entry.commits.get(sender)
        if known is not None and known.view >= view:
            if known.view == view and known.hash != message.hash:
                raise PeerError("two COMMITs for one height in one view")
            return False
        if not context.members.verify(sender, commit_bytes(view, height, message.hash), message.signature):
            raise PeerError("COMMIT with a bad signature")
        self._count_commit(entry, message)
        behind = view > context.view and context.work_seen(sender, view)
        return behind or entry.decision is not None

    # Progress

    def advance(self) -> None:
        """Accept, prepare and decide whatever now can be."""
        context, log = self._context, self._log
        self.acceptance.waiting = False
        if context.active is not None:
            self._take_early(context.active.view)
        while not context.diverged:
            committed, active = log.committed, context.active
            if active is not None and context.votes:
                self.acceptance.extend(active)
                if log.prepared < log.tip.height:
                    self._prepare(active.view)
            self._decide()
            active = context.active  # at a checkpoint another, in which others decide
            if active is not None and active.certificate is not None and log.committed.height < active.base.height:
                self._commit_through(active.certificate)
            if log.committed is committed:
                return

    def _commit_through(self, certificate: Certificate) -> None:
        """Decide everything up to the certified block whose bodies we hold as one accepted chain.

        A faulty replica may be the only one with certificates of the blocks below; the hash links vouch for those.
        """
        log = self._log
        if not log.inside(certificate.height) or log.unexecuted:
            return
        log.entry(certificate.height).decision = certificate
        chain: list[Block] = []
        parent = log.committed.hash
        for height in range(log.committed.height + 1, certificate.height + 1):
            entry = log.get(height)
            if entry is None or entry.accepted is None or entry.accepted.block.parent != parent:
                return
            chain.append(entry.accepted.block)
            parent = entry.accepted.block.hash
        if parent != certificate.hash:
            return
        for block in chain:
            if log.unexecuted:
                return  # the rest follows when it is
            entry = log.entry(block.height)
            self.decided(block, certificate if block.height == certificate.height else entry.decision)

    def decided(self, block: Block, certificate: Certificate | None) -> None:
        """``block``, right above the last decided one, is decided: tell, and forget what contradicts it."""
        context, log = self._context, self._log
        log.commit(block, certificate)
        context.rotation.on_decided(block.header)
        epoch = context.epochs.decided(block)
        if epoch is not None:
            context.enter(epoch)  # at a checkpoint others may take over
        above = log.get(block.height + 1)
        if above is not None and above.prepared is not None and above.prepared.header.parent != block.hash:
            log.discard_prepared(above.height)
            context.out.persist(Cut(PREPARED, above.height))
        context.out.commit(block, certificate)

    # Parts of the above

    def _in_turn(self, sender: NodeId, height: int) -> bool:
        """Is it the sender's turn in our view? False where nobody here can say: blocks below this view are missing."""
        turn = self._context.proposer(height)
        if turn not in {None, sender}:
            raise PeerError(f"PRE-PREPARE for height {height} out of turn")
        return turn is not None

    def _take_early(self, view: int) -> None:
        """What overtook the NEW-VIEW of ``view`` counts now, as if it had just come."""
        for sender, message in self._early.take(view):
            with suppress(PeerError):  # out of turn, as nobody could tell when it came
                self.on_pre_prepare(sender, message)

    def _repeats(self, entry: Entry, message: PrePrepare) -> bool:
        """Is it a duplicate? A different PRE-PREPARE for the same view and height proves the primary faulty."""
        for known in (entry.accepted, entry.held):
            if known is not None and known.view == message.view:
                if known.block.hash != message.block.hash:
                    raise PeerError("two PRE-PREPAREs for one height in one view")
                return True
        return False

    def own_commit(self, prepared: PreparedCertificate) -> CommitVote:
        """Our COMMIT for what is prepared here; the same bytes each time."""
        view, height, block_hash = prepared.view, prepared.height, prepared.hash
        signature = self._context.sign(commit_bytes(view, height, block_hash))
        return CommitVote(view, height, block_hash, self._context.me, signature)

    def _prepare(self, view: int) -> None:
        """Rule 3: in ascending order of height, within the chain accepted in ``view``."""
        log, members = self._log, self._members
        needed = members.quorum - 1
        if log.certified != log.committed:
            return  # a later block vouches for the last one, and its certificate is still to come
        while log.prepared < log.tip.height:
            entry = log.entry(log.prepared + 1)
            if len(entry.prepares) < needed:
                return
            accepted = entry.accepted
            assert accepted is not None  # noqa: S101 - the chain up to the tip is accepted, in this view
            header = accepted.block.header
            prepares = entry.matching_prepares(view, header.hash, members.author(view, header))
            if len(prepares) < needed:
                return
            log.prepared = entry.height
            if entry.prepared is not None and entry.prepared.view == view:
                continue  # before a restart; the COMMIT was said
            signatures = tuple([(prepare.replica, prepare.signature) for prepare in prepares[:needed]])
            self._say_commit(entry, PreparedCertificate(view, header, accepted.signature, signatures))

    def _say_commit(self, entry: Entry, prepared: PreparedCertificate) -> None:
        entry.prepared = prepared
        self._context.out.persist(Put(PREPARED, entry.height, prepared))
        vote = self.own_commit(prepared)
        self._context.out.broadcast(vote)
        self._count_commit(entry, vote)

    def _count_commit(self, entry: Entry, vote: CommitVote) -> None:
        entry.commits[vote.replica] = vote
        quorum = self._context.members.quorum
        if len(entry.commits) < quorum or entry.decision is not None:
            return
        votes = entry.matching_commits(vote.view, vote.hash)
        if len(votes) >= quorum:
            signatures = tuple([(commit.replica, commit.signature) for commit in votes[:quorum]])
            entry.decision = Certificate(vote.view, vote.height, vote.hash, signatures)

    def _decide(self) -> None:
        """In ascending order of height, where certificate and body are here."""
        log = self._log
        while (entry := log.get(log.committed.height + 1)) is not None and entry.decision is not None:
            if log.unexecuted:
                return
            block = self.acceptance.body(entry, entry.decision.hash)
            if block is None or block.parent != log.committed.hash:
                return
            self.decided(block, entry.decision)
