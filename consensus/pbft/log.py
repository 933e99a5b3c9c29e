"""The message log between the watermarks (Castro & Liskov 1999, section 4.3): what is known of each height.

Two marks, where the paper has one (decision 8 says why):

* ``certified``, the last decided block with a commit certificate, is where a VIEW-CHANGE starts. What lies below is
  decided for good, for whoever sees the certificate, and belongs to the ledger: its entries are garbage at once.
* ``stable``, the last checkpoint that a quorum signed and that was reached here, is the low watermark. It vouches for
  the executed *state*, moves the window and frees the disk.

Bounded whatever peers send: heights run to the high watermark, a fixed number above the low one, and at each height
every replica has at most one PREPARE and one COMMIT, the newest view's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from consensus.chain import Block, Certificate, Header
from consensus.pbft.messages import CommitVote, Prepare, PreparedCertificate, PrePrepare, StableCheckpoint
from consensus.vocabulary import NodeId


class Point(NamedTuple):
    """A block's place: where a chain ends."""

    height: int
    hash: bytes


Boundary = tuple[Header, Certificate | None]
"""A decided block's header, and its commit certificate where it has one of its own."""


class Entry:
    """Everything known of one height that is not decided and proven yet."""

    __slots__ = ("accepted", "commits", "decision", "fetched", "height", "held", "prepared", "prepares")

    def __init__(self, height: int) -> None:
        self.height = height
        self.accepted: PrePrepare | None = None
        """The PRE-PREPARE accepted last, perhaps in an earlier view. Its block passed ``validate`` here."""
        self.held: PrePrepare | None = None
        """A PRE-PREPARE of the present view that cannot be accepted yet. Invariant: signed by its primary."""
        self.fetched: Block | None = None
        """A body asked of a peer. Invariant: its hash was wanted; its transactions are not checked yet."""
        self.prepares: dict[NodeId, Prepare] = {}
        self.commits: dict[NodeId, CommitVote] = {}
        self.prepared: PreparedCertificate | None = None
        """The latest prepared certificate. Invariant: ``accepted`` then holds the body, or held it when it was made."""
        self.decision: Certificate | None = None
        """Proof that a block is decided here; waits for the body or for lower heights."""

    def matching_prepares(self, view: int, block_hash: bytes, author: NodeId | None) -> list[Prepare]:
        """PREPAREs for exactly this in ascending order of replica, its author's excepted: it spoke by PRE-PREPARE."""
        votes, replicas = self.prepares, sorted(self.prepares)
        return [p for r in replicas if (p := votes[r]).view == view and p.hash == block_hash and r != author]

    def matching_commits(self, view: int, block_hash: bytes) -> list[CommitVote]:
        """COMMITs for exactly this, in ascending order of replica."""
        votes, replicas = self.commits, sorted(self.commits)
        return [c for r in replicas if (c := votes[r]).view == view and c.hash == block_hash]

    def snapshot(self) -> tuple[object, ...]:
        """Everything in here, in one order (for ``state_hash``)."""
        return (
            self.height,
            self.accepted,
            self.held,
            self.fetched,
            [vote for _, vote in sorted(self.prepares.items())],
            [vote for _, vote in sorted(self.commits.items())],
            self.prepared,
            self.decision,
        )

    @property
    def empty(self) -> bool:
        return not (
            self.accepted
            or self.held
            or self.fetched
            or self.prepares
            or self.commits
            or self.prepared
            or self.decision
        )


class Log:
    """The chain's end as this replica knows it, and the entries above.

    Invariants: ``certified.height <= committed.height <= prepared <= tip.height``, and ``stable <= committed.height``.
    """

    def __init__(
        self, committed: Point, certified: Point, certificate: Certificate | None, *, size: int, interval: int
    ) -> None:
        self.size = size
        self._interval = interval
        self.committed = committed
        """The last decided block."""
        self._decided = committed.height  # the same height: it is asked for at every vote
        self.certified = certified
        """The last decided block with a commit certificate of its own, where a VIEW-CHANGE starts. Below ``committed``
        only where a later block vouches for those between."""
        self.certificate = certificate
        """Of ``certified``; None for genesis alone."""
        self.stable = 0
        """The low watermark h: the last stable checkpoint that this replica has reached; 0 is genesis. Only rises."""
        self.checkpoint: StableCheckpoint | None = None
        """The proof of ``stable``; None for genesis alone."""
        self.floor = 0
        """Where the present epoch began: its members' window starts there, whether they know it to be stable or not."""
        self.boundaries: dict[int, Boundary] = {}
        """Decided blocks at the heights of checkpoints: those whose state may be asked for, from one log's length below
        ``stable``."""
        self.unexecuted = False
        """The last decided block is at a checkpoint and not executed yet: nothing is decided above it before that, so
        that the application is asked for the digest of a state that it is in."""
        self._low = 0  # where the window starts: the higher of the two
        self.tip = committed
        """End of the chain of blocks accepted in the present view, on top of ``committed``."""
        self.prepared = committed.height
        """Heights up to here are prepared in the present view, or committed."""
        self._entries: dict[int, Entry] = {}  # no bound method of it is kept: a copied core would read the original's

    @property
    def high(self) -> int:
        """The high watermark H = h + L: nothing above it is accepted."""
        return self._low + self.size

    def get(self, height: int) -> Entry | None:
        """The entry at a height, or None."""
        return self._entries.get(height)

    def entry(self, height: int) -> Entry:
        """The entry at ``height``, made if there is none."""
        entry = self._entries.get(height)
        if entry is None:
            assert self.certified.height < height <= self.high, "outside the watermarks"  # noqa: S101 - our own bug
            entry = self._entries[height] = Entry(height)
        return entry

    def counting(self, height: int) -> Entry | None:
        """Where a vote for ``height`` is counted, made if there is none; None outside the watermarks.

        An entry once made was inside, and the high watermark only rises. One made for a vote that is then refused
        stays empty, which is nothing (see :meth:`snapshot`).
        """
        if height <= self._decided:
            return None
        entry = self._entries.get(height)
        return entry if entry is not None else self.entry(height) if self.inside(height) else None

    def inside(self, height: int) -> bool:
        """``height`` is undecided and not above the high watermark."""
        return self.committed.height < height <= self._low + self.size

    def entries(self) -> Iterator[Entry]:
        """In ascending order of height."""
        for height in sorted(self._entries):
            yield self._entries[height]

    @property
    def waits_at_checkpoint(self) -> bool:
        """The accepted chain ends at a checkpoint that is not decided: nothing is accepted above before it is."""
        return self.tip.height > self.committed.height and self.tip.height % self._interval == 0

    @property
    def next_checkpoint(self) -> int:
        """The first checkpoint above the last decided block: up to there its epoch lasts for certain."""
        return (self.committed.height // self._interval + 1) * self._interval

    @property
    def promised(self) -> int:
        """The highest height that is decided here or, in whatever view, had our COMMIT: it may be decided elsewhere."""
        prepared = (height for height, entry in self._entries.items() if entry.prepared is not None)
        return max((self.committed.height, *prepared))

    def undecided(self) -> Iterator[bytes]:
        """The hashes of the blocks accepted in the present view above the last decided one."""
        for height in range(self.committed.height + 1, self.tip.height + 1):
            accepted = self.entry(height).accepted
            if accepted is not None:
                yield accepted.block.hash

    def begin(self, base: Point) -> None:
        """A new epoch began above ``base``: what was said above was said to other members.

        That is the last decided block; or it lies below, where the state of a later checkpoint was installed.
        """
        self._entries.clear()
        self.begun(base)
        self.restart_chain()

    def begun(self, base: Point) -> None:
        """The present epoch began above ``base``, which its members need no certificate for."""
        self.floor = base.height
        self._low = max(self.stable, self.floor)
        if self.certified.height <= base.height:
            self.certified, self.certificate = base, None

    def restart_chain(self) -> None:
        """Nothing is accepted in the present view yet."""
        self.tip = self.committed
        self.prepared = self.committed.height

    def commit(self, block: Block, certificate: Certificate | None) -> None:
        """``block``, right above ``committed``, is decided; forget what is proven."""
        header = block.header
        height, block_hash = header.height, header.hash
        entry = self._entries.get(height)
        on_chain = self.tip.height >= height and entry is not None and _holds(entry, block_hash)
        self.committed, self._decided = Point(height, block_hash), height
        if height % self._interval == 0:
            self.boundaries[height] = (header, certificate)
            self._forget_boundaries(height - 2 * self.size)  # an observer learns of no stable checkpoint
            self.unexecuted = True
        if not on_chain:
            self.restart_chain()
        elif self.prepared < height:
            self.prepared = height
        if certificate is not None:
            for old in range(self.certified.height + 1, height + 1):
                self._entries.pop(old, None)
            self.certified, self.certificate = self.committed, certificate

    def stabilise(self, checkpoint: StableCheckpoint) -> None:
        """A checkpoint that was reached here is stable: move the window up."""
        assert self.stable < checkpoint.height <= self.committed.height, "the low watermark only rises"  # noqa: S101
        self.stable, self.checkpoint = checkpoint.height, checkpoint
        self._low = max(self.stable, self.floor)
        self._forget_boundaries(self.stable - self.size)

    def _forget_boundaries(self, end: int) -> None:
        for height in [height for height in self.boundaries if height < end]:
            del self.boundaries[height]

    def install(self, header: Header, certificate: Certificate) -> None:
        """The state after this block, above everything decided here, takes the place of ours."""
        for height in [height for height in self._entries if height <= header.height]:
            del self._entries[height]
        self.committed = self.certified = Point(header.height, header.hash)
        self._decided = header.height
        self.certificate = certificate
        self.boundaries[header.height] = (header, certificate)
        self.restart_chain()

    def surpassed(self, faults: int) -> bool:
        """Is something decided, or voted for by a correct replica, above the end of our chain?"""
        return bool(self._entries) and any(
            entry.decision is not None or len(entry.prepares) > faults or len(entry.commits) > faults
            for height, entry in self._entries.items()
            if height > self.tip.height + 1
        )

    def discard_prepared(self, start: int) -> None:
        """Forget the prepared certificates from height ``start`` up."""
        for entry in self._entries.values():
            if entry.height >= start:
                entry.prepared = None

    def prepared_chain(self) -> tuple[PreparedCertificate, ...]:
        """The set P of a VIEW-CHANGE: prepared certificates right above ``certified``, without gaps."""
        chain: list[PreparedCertificate] = []
        height, parent = self.certified
        while (entry := self._entries.get(height + 1)) is not None and entry.prepared is not None:
            if entry.prepared.header.parent != parent:
                break
            chain.append(entry.prepared)
            height, parent = height + 1, entry.prepared.hash
        return tuple(chain)

    def snapshot(self) -> tuple[object, ...]:
        """Everything in here, in one order (for ``state_hash``)."""
        entries = [entry.snapshot() for entry in self.entries() if not entry.empty]
        marks = (self.committed, self.certified, self.certificate, self.stable, self.checkpoint, self.unexecuted)
        return (*marks, self.tip, self.prepared, entries)


def _holds(entry: Entry, block_hash: bytes) -> bool:
    return entry.accepted is not None and entry.accepted.block.hash == block_hash
