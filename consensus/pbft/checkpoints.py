"""Checkpoints: agreement on executed state, and the low watermark (Castro & Liskov 1999, section 4.3).

Every ``checkpoint_interval`` heights, a replica that has executed the block says CHECKPOINT with its state's digest. A
quorum of equal ones is the *stable certificate*: at least f + 1 correct replicas have that state, and can prove it. It
becomes durable before anything rests on it; then the window moves up and what lies below leaves the disk.

A certificate for a height that we have not executed is kept until we get there (or ``state_transfer`` does). One that
contradicts our own digest means that *we* are wrong: a quorum holds f + 1 correct replicas that agree, and execution is
deterministic. A replica that has *diverged* takes no further part, neither voting nor deciding, until it has fetched a
stable state above its own last block.

Commit certificates already prove what was decided, so a view change does not wait for checkpoints
(``docs/adr/0008-pbft-two-marks.md``).
"""

from __future__ import annotations

from consensus.chain import Header
from consensus.pbft.certificates import Membership
from consensus.pbft.context import Context, PeerError
from consensus.pbft.log import Log
from consensus.pbft.messages import (
    ACCEPTED,
    CHECKPOINTS,
    PREPARED,
    Checkpoint,
    FetchStable,
    StableCheckpoint,
)
from consensus.pbft.timers import Sparingly
from consensus.snapshots import Snapshot, checkpoint_bytes, state_digest
from consensus.vocabulary import Drop, Image, NodeId, Put

STABLE = "stable"
AHEAD = "ahead"


class Checkpoints:
    """Our own CHECKPOINTs, those of others inside the window, and certificates that we have not reached."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log: Log = context.log
        self._interval = context.options.checkpoint_interval
        self._own: dict[int, Checkpoint] = {}
        """Height -> what we said (or would have said, had a certificate not been there first); above ``stable``."""
        self._votes: dict[int, dict[NodeId, Checkpoint]] = {}
        """Height -> replica -> its CHECKPOINT; from ``stable`` to the high watermark. Invariant: signed by it."""
        self._certificates: dict[int, StableCheckpoint] = {}
        """Valid certificates above what we executed: the lowest and the highest known."""
        self._helping = Sparingly(context.options.resend_interval_ns)
        self._asking = Sparingly(context.options.resend_interval_ns)

    # Our own

    def executed(self, height: int) -> None:
        """The application has executed ``height``: say CHECKPOINT if there is one, and see who agrees."""
        if height == self._log.committed.height:
            self._log.unexecuted = False
        if height == self._context.members.base.height:
            self._forget_other_members()
        block = self._log.boundaries.get(height)
        signs = self._members_at(height).votes(self._context.me)
        if block is None or height <= self._log.stable or height in self._own or not (signs or self._context.votes):
            return
        vote = self._vote(height, self._digest(block[0]))
        self._own[height] = vote
        self._context.out.persist(Put(CHECKPOINTS, height, vote))
        certificate = self._certificates.pop(height, None)
        if certificate is not None:
            self._reached(certificate)
        elif not any(certified > height for certified in self._certificates):  # else nobody waits for our word
            self._context.out.broadcast(vote)
            if signs:
                self._count(vote)

    def resume(self) -> None:
        """After a restart: say what a crash kept us from saying.

        Only the last block's checkpoint can be missing: ours is durable before any block above it is decided.
        """
        self.executed(self._log.committed.height)

    def repeat(self) -> None:
        """Say our own CHECKPOINTs again that are not stable yet; whoever knows better answers with a certificate."""
        for height in sorted(self._own):
            if height <= self._log.high or height == max(self._own):
                self._context.out.broadcast(self._own[height])

    @property
    def pending(self) -> bool:
        """Is some CHECKPOINT of ours not stable yet?"""
        return bool(self._own)

    # Others'

    def on_checkpoint(self, now: int, sender: NodeId, message: Checkpoint) -> bool:
        """Count a CHECKPOINT inside the window; a late one is answered, one above the window makes us ask.

        True if it completes a certificate.
        """
        height, log = message.height, self._log
        if message.replica != sender:
            raise PeerError(f"CHECKPOINT in the name of {message.replica}")
        if height == 0 or height % self._interval:
            raise PeerError(f"CHECKPOINT at height {height}, where there is none")
        known = self._votes.get(height, {}).get(sender)
        if known is not None and known.digest != message.digest:
            raise PeerError("two CHECKPOINTs for one height")
        if not self._members_at(height).votes(sender) or height < log.stable:
            self.help_if_below(now, sender, 0)  # who votes since this height counts for nothing here, and asks for ours
        elif height == log.stable and known is not None:
            self.help_if_below(now, sender, 0)
        elif height > log.high:
            self._ask(now, sender)
        elif known is None:
            if not self._context.members.verify(sender, checkpoint_bytes(height, message.digest), message.signature):
                raise PeerError("CHECKPOINT with a bad signature")
            return self._count(message)
        return False

    def on_stable(self, message: StableCheckpoint) -> None:
        """Take a stable certificate above ours."""
        if message.height <= self._log.stable or message.height in self._certificates:
            return
        if message.height % self._interval:
            raise PeerError(f"certificate of a checkpoint at height {message.height}, where there is none")
        flaw = self._members_at(message.height).flaw_in_checkpoint(message)
        if flaw is not None:
            raise PeerError(flaw)
        self._certified(message)

    def answer(self, sender: NodeId, height: int) -> None:
        """``sender`` asks for a stable certificate above ``height``."""
        checkpoint = self._log.checkpoint
        if checkpoint is not None and checkpoint.height > height:
            self._context.out.send(sender, checkpoint)

    # What the rest of the replica asks

    @property
    def ahead(self) -> StableCheckpoint | None:
        """The highest certificate of a checkpoint above all that is decided here."""
        if not self._certificates:
            return None
        height = max(self._certificates)
        return self._certificates[height] if height > self._log.committed.height else None

    def snapshot_at(self, height: int) -> Snapshot | None:
        """The state at a checkpoint as others can check it; None where it is not kept, or our own is wrong."""
        header, certificate = self._log.boundaries.get(height, (None, None))
        if header is None or certificate is None or self._context.diverged:
            return None
        chunks = self._context.application.manifest(height)
        if chunks is None:
            return None
        epoch = self._context.epochs.at(height + 1)
        return Snapshot(header, epoch.configuration, chunks, certificate, epoch.since)

    def signed_by(self, members: Membership, certificate: StableCheckpoint) -> StableCheckpoint | None:
        """``certificate`` as ``members`` judge it, of whatever else was said here of that state; None: too few said it.

        Who is behind counts votes by the members that it knows: of more or fewer than those who decide there now.
        """
        if members.flaw_in_checkpoint(certificate) is None:
            return certificate
        votes = self._votes.get(certificate.height, {})
        signatures = {replica: vote.signature for replica, vote in votes.items() if vote.digest == certificate.digest}
        signatures.update(certificate.signatures)
        signers = [replica for replica in sorted(signatures) if members.votes(replica)][: members.quorum]
        if len(signers) < members.quorum:
            return None
        signed = tuple((signer, signatures[signer]) for signer in signers)
        return StableCheckpoint(certificate.height, certificate.digest, signed)

    def installed(self, certificate: StableCheckpoint) -> None:
        """The state of this certificate was installed, whatever ours was before."""
        self._context.diverged = False
        self._forget_other_members()
        self._stabilise(certificate)

    def restore(self, image: Image) -> None:
        """Take up what was durable: the low watermark, our own CHECKPOINTs, and whether we have diverged."""
        space = image.get(CHECKPOINTS, {})
        stable, ahead = space.get(STABLE), space.get(AHEAD)
        if isinstance(stable, StableCheckpoint):
            self._log.stabilise(stable)
        for height, vote in sorted((key, value) for key, value in space.items() if isinstance(key, int)):
            if height > self._log.stable:
                self._own[height] = vote
                if self._members_at(height).votes(self._context.me):
                    self._votes.setdefault(height, {})[self._context.me] = vote
        self._context.diverged = isinstance(ahead, StableCheckpoint) and ahead.height > self._log.stable

    def known_before(self, certificate: StableCheckpoint) -> None:
        """After a restart: a certificate that was checked before; perhaps its state was installed just before."""
        if certificate.height > self._log.stable:
            self._certified(certificate)

    def snapshot(self) -> tuple[object, ...]:
        """Everything in here, in one order (for ``state_hash``)."""
        votes = [vote for _, at in sorted(self._votes.items()) for _, vote in sorted(at.items())]
        return (sorted(self._own.items()), votes, sorted(self._certificates.items()))

    # Parts of the above

    def _digest(self, header: Header) -> bytes:
        chunks = self._context.application.manifest(header.height)
        epoch = self._context.epochs.at(header.height + 1)
        return state_digest(header, epoch.configuration, chunks if chunks is not None else (), epoch.since)

    def _members_at(self, height: int) -> Membership:
        """Who signs a checkpoint: the members that decided its block, although others may decide above it."""
        return self._context.epochs.at(height).members

    def _forget_other_members(self) -> None:
        """Others decide above where the epoch began: what was said of checkpoints there by members of before is void.

        Else a faulty few of before and a faulty few of now could make a certificate together.
        """
        members = self._context.members
        height = members.base.height
        self._votes = {
            at: {node: vote for node, vote in votes.items() if at <= height or members.votes(node)}
            for at, votes in self._votes.items()
        }
        self._certificates = {
            at: known
            for at, known in self._certificates.items()
            if at <= height or members.flaw_in_checkpoint(known) is None
        }

    def _vote(self, height: int, digest: bytes) -> Checkpoint:
        signature = self._context.sign(checkpoint_bytes(height, digest))
        return Checkpoint(height, digest, self._context.me, signature)

    def _quorum(self, height: int) -> int:
        """How many equal CHECKPOINTs make a stable certificate: f + 1 of them are correct, or more."""
        return self._members_at(height).quorum

    def _count(self, vote: Checkpoint) -> bool:
        votes = self._votes.setdefault(vote.height, {})
        votes[vote.replica] = vote
        quorum = self._quorum(vote.height)
        if len(votes) < quorum or vote.height <= self._log.stable or vote.height in self._certificates:
            return False
        equal = [other for _, other in sorted(votes.items()) if other.digest == vote.digest]
        if len(equal) < quorum:
            return False
        signatures = tuple((other.replica, other.signature) for other in equal[:quorum])
        self._certified(StableCheckpoint(vote.height, vote.digest, signatures))
        return True

    def _certified(self, certificate: StableCheckpoint) -> None:
        """A quorum has this state at a height above ``stable``."""
        height = certificate.height
        unexecuted = height in self._log.boundaries and height not in self._own
        if height <= self._log.committed.height and not unexecuted:
            self._reached(certificate)
            return
        kept = [known for known in self._certificates if known > self._log.committed.height or known == height]
        self._certificates[height] = certificate
        for between in sorted([*kept, height])[1:-1]:
            self._certificates.pop(between, None)

    def _reached(self, certificate: StableCheckpoint) -> None:
        """We have executed the height that this certificate is of: are we right?"""
        own = self._own.get(certificate.height)
        if own is None or own.digest == certificate.digest:
            if not self._context.diverged:
                self._stabilise(certificate)
        elif not self._context.diverged:
            self._context.diverged = True
            self._context.out.persist(Put(CHECKPOINTS, AHEAD, certificate))
            self._context.out.trace("pbft.diverged", certificate.height, certificate.digest.hex(), own.digest.hex())

    def _stabilise(self, certificate: StableCheckpoint) -> None:
        """Durable first; then everything below is garbage."""
        log, out, height = self._log, self._context.out, certificate.height
        log.stabilise(certificate)
        garbage_end = min(height, log.certified.height) + 1  # what is not certified may still have to be reported
        out.persist(Put(CHECKPOINTS, STABLE, certificate))
        out.persist(Drop(CHECKPOINTS, height + 1))
        out.persist(Drop(ACCEPTED, garbage_end))
        out.persist(Drop(PREPARED, garbage_end))
        out.trace("pbft.stable", height, certificate.digest.hex())
        self._own = {above: vote for above, vote in self._own.items() if above > height}
        self._votes = {above: votes for above, votes in self._votes.items() if above >= height}
        self._certificates = {above: known for above, known in self._certificates.items() if above > height}

    def help_if_below(self, now: int, sender: NodeId, height: int) -> None:
        """``sender`` has come to ``height``: if our stable checkpoint is above, f + 1 of us tell it, now and then."""
        members = self._context.members
        if height >= self._log.stable:
            return
        near = members.votes(sender) and members.distance(sender, self._context.me) <= members.faults + 1
        if (near or self._context.leads) and self._helping.allows(now, sender):
            self.answer(sender, 0)

    def _ask(self, now: int, sender: NodeId) -> None:
        if self._asking.allows(now, sender):
            self._context.out.send(sender, FetchStable(self._log.stable))
