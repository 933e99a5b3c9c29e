"""State transfer: fetching the state of a stable checkpoint, chunk by chunk, from helpers of whom some may lie.

(Castro & Liskov 1999, section 4.3; Castro 2001, section 5.3.) Blocks come first: the replica layer's catch-up fetches
those that were decided, each proven by certificates. Below a checkpoint known to be stable that must bring us there, or
a checkpoint interval on, in every ``transfer_patience_ns``. Else nobody keeps the blocks any more, or a liar doles them
out to hold us back, and the state itself is fetched::

    Idle      --catch-up is too slow, or we have diverged-->   Seeking    the manifest is asked for
    Seeking   --a manifest of the certified digest-->          Fetching   chunks are asked for, several at once
    Fetching  --all chunks match the manifest-->               Idle       installed
    either    --decided that far by ourselves, or nobody keeps that state-->  Idle

Nothing is believed of a helper: the manifest must have the digest that a quorum signed, each chunk the digest that the
manifest lists. Who sends another is a liar and asked for nothing more; who is silent, does not keep the state, or
proves its block by members that we do not know, is passed over. Chunks that our own older state shares are not fetched.
What was received is durable, so that a restart goes on where it was.
"""

from __future__ import annotations

import msgspec

from consensus.pbft.certificates import flaw_in_manifest
from consensus.pbft.checkpoints import Checkpoints
from consensus.pbft.context import Context, PeerError
from consensus.pbft.helpers import Helpers
from consensus.pbft.messages import (
    PREPARED,
    TRANSFER,
    Chunk,
    FetchChunk,
    FetchManifest,
    Manifest,
    StableCheckpoint,
    TransferRecord,
)
from consensus.pbft.timers import TRANSFER as TIMER
from consensus.pbft.timers import Deadline
from consensus.snapshots import Snapshot
from consensus.vocabulary import Cut, Image, NodeId, Put

TARGET = "target"
_ANSWER_INTERVALS = 4
"""A helper that has not answered after so many resend intervals is silent."""


class Idle(msgspec.Struct):
    """Nothing is fetched. Patience begins anew when blocks have brought us to ``goal``."""

    goal: int = 0


class Seeking(msgspec.Struct):
    """The manifest of this checkpoint is asked for, of one ``helper`` after the other."""

    certificate: StableCheckpoint
    helper: NodeId | None = None


class Fetching(msgspec.Struct):
    """The chunks of this state are asked for. ``asked``: place -> the helper, and since when."""

    certificate: StableCheckpoint
    snapshot: Snapshot
    chunks: dict[int, bytes]
    asked: dict[int, tuple[NodeId, int]] = {}


class StateTransfer:
    """One transfer at a time, into the replica that is behind."""

    def __init__(self, context: Context, checkpoints: Checkpoints) -> None:
        self._context = context
        self._log = context.log
        self._checkpoints = checkpoints
        self._deadline = Deadline(context, TIMER)
        self._work: Idle | Seeking | Fetching = Idle()
        self._helpers = Helpers(context)
        self._held: dict[bytes, bytes] = {}
        """Digest -> chunk of a state that was fetched in vain; the next may share it."""

    # Answers

    def on_manifest(self, now: int, sender: NodeId, message: Manifest) -> None:
        """Take the manifest if the certificate is of it."""
        work = self._work
        if not isinstance(work, Seeking) or message.height != work.certificate.height:
            return
        snapshot = message.snapshot
        lie = self._lie_in(snapshot, work.certificate) if snapshot is not None else None
        if lie is not None and sender != work.helper:
            raise PeerError(lie)
        proof = self._proven(work.certificate, snapshot) if snapshot is not None and lie is None else None
        if snapshot is not None and proof is not None:
            self._fetch(now, proof, snapshot)
        elif sender == work.helper:
            self._turned_down(now, sender, lie=lie)

    def on_chunk(self, now: int, sender: NodeId, message: Chunk) -> None:
        """Keep the chunk, durably, if it has the digest that the manifest lists."""
        work = self._work
        if not isinstance(work, Fetching) or message.height != work.certificate.height:
            return
        place, digests = message.place, work.snapshot.chunks
        if place >= len(digests):
            raise PeerError(f"chunk {place} of a state of {len(digests)}")
        if place in work.chunks:
            return
        asked = work.asked.get(place, (None, 0))[0] == sender
        if message.data is None:
            if asked:
                self._turned_down(now, sender, lie=None)
            return
        if not self._fits(message.data, digests[place]):
            if not asked:
                raise PeerError(f"chunk {place} does not match its digest")
            self._turned_down(now, sender, lie=f"chunk {place} does not match its digest")
            return
        self._helpers.answered(sender)
        work.asked.pop(place, None)
        work.chunks[place] = message.data
        self._context.out.persist(Put(TRANSFER, place, message))

    # Progress

    def settle(self, now: int) -> None:
        """At the end of every input: begin, go on, finish, or see that it is not needed any more."""
        work = self._work
        if type(work) is Idle and self._deadline.due is None and self._checkpoints.ahead is None:
            return
        if not isinstance(work, Idle) and work.certificate.height <= self._log.committed.height:
            self._become_idle()  # catch-up was faster
        elif isinstance(work, Fetching):
            if len(work.chunks) == len(work.snapshot.chunks):
                self._install(work)
            else:
                self._ask_chunks(now, work)
        if isinstance(self._work, Idle):
            self._settle_idle(now, self._work)

    def fired(self, now: int) -> None:
        """Patience with catch-up, or with helpers, ended."""
        if not self._deadline.fired(now):
            return
        work, target = self._work, self._checkpoints.ahead
        if isinstance(work, Seeking):
            self._pass_over(now, work.helper)
        elif isinstance(work, Fetching):
            late = now - self._answer_ns
            for helper in sorted({helper for helper, since in work.asked.values() if since <= late}):
                self._pass_over(now, helper)
            self._deadline.set(now, now + self._answer_ns)
        elif target is not None:
            self._seek(now, Seeking(target))

    def restore(self, image: Image) -> None:
        """Go on with what was being fetched; chunks are checked again."""
        space = image.get(TRANSFER, {})
        record = space.get(TARGET)
        if not isinstance(record, TransferRecord):
            return
        self._checkpoints.known_before(record.certificate)
        if record.certificate.height <= self._log.committed.height:
            return
        digest_of, digests = self._context.application.chunk_digest, record.snapshot.chunks
        chunks = {
            place: chunk.data
            for place, chunk in sorted((key, value) for key, value in space.items() if isinstance(key, int))
            if place < len(digests) and chunk.data is not None and digest_of(chunk.data) == digests[place]
        }
        self._work = Fetching(record.certificate, record.snapshot, chunks)

    def snapshot(self) -> tuple[object, ...]:
        """Everything in here, in one order (for ``state_hash``)."""
        work = self._work
        parts: tuple[object, ...] = ()
        if isinstance(work, Seeking):
            parts = (work.certificate, work.helper)
        elif isinstance(work, Fetching):
            parts = (work.certificate, work.snapshot, sorted(work.chunks), sorted(work.asked.items()))
        return (type(work).__name__, parts, sorted(self._held), *self._helpers.snapshot())

    # Parts of the above

    def _lie_in(self, snapshot: Snapshot, certificate: StableCheckpoint) -> str | None:
        """What no correct helper would have sent. A proof is one only where we know who decided the block."""
        lie = flaw_in_manifest(snapshot, certificate)
        if lie is None and snapshot.certificate is not None:
            deciders = self._context.epochs.deciders(snapshot)
            lie = deciders.flaw_in_proof(snapshot.certificate) if deciders is not None else None
        return lie

    def _proven(self, certificate: StableCheckpoint, snapshot: Snapshot) -> StableCheckpoint | None:
        """The certificate by those who decided the last block; None if they do not prove block and checkpoint.

        Where we cannot tell who decided it we go by our own members.
        """
        deciders = self._context.epochs.deciders(snapshot) or self._context.members
        if snapshot.certificate is None or deciders.flaw_in_proof(snapshot.certificate) is not None:
            return None
        return self._checkpoints.signed_by(deciders, certificate)

    def _fits(self, data: bytes, digest: bytes) -> bool:
        return self._context.application.chunk_digest(data) == digest

    @property
    def _answer_ns(self) -> int:
        return _ANSWER_INTERVALS * self._context.options.resend_interval_ns

    def _settle_idle(self, now: int, work: Idle) -> None:
        target, committed = self._checkpoints.ahead, self._log.committed.height
        if target is None:
            self._deadline.set(now, None)
        elif self._context.diverged and self._deadline.due is None:
            self._seek(now, Seeking(target))
        elif self._deadline.due is None or committed >= work.goal:
            work.goal = min(committed + self._context.options.checkpoint_interval, target.height)
            self._deadline.set(now, now + self._context.options.transfer_patience_ns)

    def _become_idle(self) -> None:
        self._work = Idle()
        self._helpers.try_all_again()
        self._deadline.due = None

    def _give_up(self, now: int, certificate: StableCheckpoint) -> None:
        """Nobody keeps that state, or says so: try again, diverged or not, when patience has ended once more."""
        self._context.out.trace("pbft.transfer_failed", certificate.height)
        self._hold()
        self._become_idle()
        self._deadline.set(now, now + self._context.options.transfer_patience_ns)

    def _hold(self) -> None:
        """The chunks of what is fetched are worth keeping for the next try."""
        work = self._work
        if isinstance(work, Fetching):
            self._held = {work.snapshot.chunks[place]: data for place, data in sorted(work.chunks.items())}

    def _seek(self, now: int, work: Seeking) -> None:
        """Ask the next helper for the manifest."""
        self._work = work
        work.helper = self._helpers.choose(work.certificate, {})
        if work.helper is None:
            self._give_up(now, work.certificate)
            return
        self._context.out.send(work.helper, FetchManifest(work.certificate.height))
        self._deadline.set(now, now + self._answer_ns)

    def _fetch(self, now: int, certificate: StableCheckpoint, snapshot: Snapshot) -> None:
        """The manifest is right: what do we have of it already?"""
        application = self._context.application
        held = self._log.committed.height
        own = {digest: place for place, digest in enumerate(application.manifest(held) or ())}
        chunks: dict[int, bytes] = {}
        for place, digest in enumerate(snapshot.chunks):
            data = self._held.get(digest)
            if data is None and digest in own:
                data = application.chunk(held, own[digest])
            if data is not None and self._fits(data, digest):
                chunks[place] = data
        self._work, self._held = Fetching(certificate, snapshot, chunks), {}
        out, height = self._context.out, snapshot.height
        out.persist(Cut(TRANSFER, 0))
        out.persist(Put(TRANSFER, TARGET, TransferRecord(certificate, snapshot)))
        for place, data in chunks.items():
            out.persist(Put(TRANSFER, place, Chunk(height, place, data)))
        out.trace("pbft.transfer", height, len(snapshot.chunks), len(chunks))
        self._deadline.set(now, now + self._answer_ns)

    def _ask_chunks(self, now: int, work: Fetching) -> None:
        """Keep the window full, each chunk asked of whoever has least to do."""
        window = self._context.options.transfer_window
        for place in range(len(work.snapshot.chunks)):
            if len(work.asked) >= window:
                break
            if place in work.chunks or place in work.asked:
                continue
            helper = self._helpers.choose(work.certificate, work.asked)
            if helper is None:
                self._give_up(now, work.certificate)
                return
            work.asked[place] = (helper, now)
            self._context.out.send(helper, FetchChunk(work.certificate.height, place))
        if self._deadline.due is None:
            self._deadline.set(now, now + self._answer_ns)

    def _turned_down(self, now: int, helper: NodeId, *, lie: str | None) -> None:
        """``helper`` lied, or does not keep the state: no more of it; a newer state may be kept."""
        if lie is not None:
            self._helpers.lied(helper, lie)
        self._pass_over(now, helper)

    def _pass_over(self, now: int, helper: NodeId | None) -> None:
        """Ask others for what this helper was asked for."""
        work, target = self._work, self._checkpoints.ahead
        if helper is not None:
            self._helpers.pass_over(helper)
        if isinstance(work, Idle):
            return
        newer = target is not None and target.height > work.certificate.height
        if isinstance(work, Fetching):
            work.asked = {place: asked for place, asked in work.asked.items() if asked[0] != helper}
            if not newer or self._helpers.choose(work.certificate, {}) is not None:
                return
            self._hold()
        if newer and target is not None:
            self._helpers.try_all_again()
        self._seek(now, Seeking(target if newer and target is not None else work.certificate))

    def _install(self, work: Fetching) -> None:
        """The state is complete: it takes the place of ours, and the normal case goes on above it."""
        context, log, snapshot = self._context, self._log, work.snapshot
        certificate = snapshot.certificate
        assert certificate is not None  # noqa: S101 - checked when the manifest came
        context.out.install(snapshot, tuple(data for _, data in sorted(work.chunks.items())))
        log.install(snapshot.header, certificate)
        epoch = context.epochs.installed(snapshot)
        if epoch is not None:
            context.enter(epoch)
        context.rotation.at_checkpoint(snapshot.header)  # the epoch may have begun at an earlier one
        above = log.get(snapshot.height + 1)
        if above is not None and above.prepared is not None and above.prepared.header.parent != snapshot.header.hash:
            log.discard_prepared(above.height)
            context.out.persist(Cut(PREPARED, above.height))
        self._checkpoints.installed(work.certificate)
        context.out.persist(Cut(TRANSFER, 0))
        context.out.trace("pbft.transferred", snapshot.height, snapshot.digest.hex())
        if snapshot.height > context.members.base.height:  # else others signed it, in a view of their own epoch
            for signer, _ in certificate.signatures:
                context.work_seen(signer, certificate.round)
        self._become_idle()
