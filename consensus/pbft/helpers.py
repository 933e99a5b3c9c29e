"""State transfer's two sides of help: serving one's own state, and whom to ask for it (Castro 2001, section 5.3).

A helper promises nothing: what it sends is checked against what a quorum signed (``consensus/pbft/state_transfer.py``).
Who sends something else is a *liar*, and asked for nothing more in this life. Who does not keep the state, or is
silent, is *useless*: passed over until nothing is fetched any more, or a newer state is.
"""

from __future__ import annotations

from consensus.pbft.checkpoints import Checkpoints
from consensus.pbft.context import Context, PeerError
from consensus.pbft.messages import Chunk, FetchChunk, FetchManifest, Manifest, StableCheckpoint
from consensus.pbft.timers import Sparingly
from consensus.vocabulary import NodeId


class Serving:
    """The replica as a helper."""

    def __init__(self, context: Context, checkpoints: Checkpoints) -> None:
        self._context = context
        self._checkpoints = checkpoints
        self._answering = Sparingly(context.options.resend_interval_ns)
        """Who asks in earnest repeats itself only after several such intervals; a small request has a large answer."""

    def on_fetch_manifest(self, now: int, sender: NodeId, message: FetchManifest) -> None:
        """Answer with the manifest, or that we have none; and with the certificate of a newer one if there is."""
        if not self._answering.allows(now, sender, message.height):
            return
        snapshot = self._checkpoints.snapshot_at(message.height)
        self._context.out.send(sender, Manifest(message.height, snapshot))
        if snapshot is None:
            self._checkpoints.answer(sender, message.height)

    def on_fetch_chunk(self, now: int, sender: NodeId, message: FetchChunk) -> None:
        """Answer with the chunk, or that we do not keep it; and with the certificate of a newer state if there is."""
        snapshot = self._checkpoints.snapshot_at(message.height)
        data = None
        if snapshot is not None:
            if message.place >= len(snapshot.chunks):
                raise PeerError(f"chunk {message.place} of a state of {len(snapshot.chunks)}")
            if not self._answering.allows(now, sender, (message.height, message.place)):
                return
            data = self._context.application.chunk(message.height, message.place)
        self._context.out.send(sender, Chunk(message.height, message.place, data))
        if data is None:
            self._checkpoints.answer(sender, message.height)


class Helpers:
    """Whom a replica that is behind asks next."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._liars: set[NodeId] = set()
        """Who sent what a certificate contradicts, in this life."""
        self._useless: set[NodeId] = set()
        """Who does not keep the state that is fetched now, or was silent."""
        self._turn = 0

    def choose(self, certificate: StableCheckpoint, asked: dict[int, tuple[NodeId, int]]) -> NodeId | None:
        """The next one to ask, of those that have least to answer in ``asked``; None if nobody is left.

        Those who signed the certificate have the state, others perhaps.
        """
        busy: dict[NodeId, int] = {}
        for helper, _ in asked.values():
            busy[helper] = busy.get(helper, 0) + 1
        voters = [node for node in self._context.members.voters if node != self._context.me]
        signers = [node for node, _ in certificate.signatures if node != self._context.me]
        for group in (signers, voters):
            candidates = [node for node in group if node not in self._liars and node not in self._useless]
            if candidates:
                self._turn += 1
                return min(
                    (candidates[(self._turn + i) % len(candidates)] for i in range(len(candidates))),
                    key=lambda node: busy.get(node, 0),
                )
        return None

    def lied(self, helper: NodeId, lie: str) -> None:
        """Ask nothing more of ``helper``."""
        self._liars.add(helper)
        self._context.out.trace("pbft.liar", helper, lie)

    def pass_over(self, helper: NodeId) -> None:
        """``helper`` has nothing for us, or does not answer."""
        if helper not in self._liars:
            self._useless.add(helper)

    def answered(self, helper: NodeId) -> None:
        """``helper`` is of use after all."""
        self._useless.discard(helper)

    def try_all_again(self) -> None:
        """Another state is fetched, or none: those passed over may keep the next."""
        self._useless.clear()

    def snapshot(self) -> tuple[object, ...]:
        """Everything in here, in one order (for ``state_hash``)."""
        return (sorted(self._liars), sorted(self._useless))
