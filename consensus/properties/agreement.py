"""Agreement and order: one chain of decided blocks, whoever decides, in whatever life.

* One block per height, over all nodes and incarnations: one header, and one body. The same goes for every disk.
* Each block links to the one below it: so equal heads mean equal chains.
* An incarnation decides height after height without a gap, beginning right above what its disk held, or above a
  snapshot that it installs: of a later height than it had decided, at a block that was decided.

A decision stands once it is durable, or as long as a node that made it lives: nothing of it leaves the node before, and
what a crash takes from the only node that knew it may be decided otherwise. (A node counts its own vote before that is
on its disk. Where one vote decides, or the others in its quorum are just as many as may lie, a crash takes both.)
"""

from __future__ import annotations

from typing import ClassVar

from consensus.chain import BLOCKS, CERTIFICATES, Block
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Commit, Image, Install, NodeId, Put, Record

KEEP = 1024
"""Of so many heights below the highest the oracle remembers the transactions."""

_KEPT = frozenset({BLOCKS, CERTIFICATES})
"""The spaces that hold what was decided (only ever looked up)."""

_TOLD = _KEPT | {SNAPSHOT}
"""Those, and the one that vouches for what lies below it."""


class Agreement(Observer):
    """``genesis`` is the hash at height 0; ``sole`` is the node whose vote alone decides, if there is one.

    ``liars`` are nodes (Byzantine ones) of whom nothing is asked.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "agreement",
            "one block a height, over all nodes, lives and disks",
            "Raft, figure 3; PBFT, section 4.2",
            "O(1)",
        ),
        Property(
            "order", "heights come without gaps, and each block links to the one below", "docs/ledger-format.md", "O(1)"
        ),
    )

    def __init__(self, genesis: bytes, sole: NodeId | None = None, liars: frozenset[NodeId] = frozenset()) -> None:
        self.sole = sole
        self.liars = liars
        self.chain: list[tuple[bytes, str]] = [(genesis, "the genesis")]
        """Height -> hash, and who decided it first."""
        self.heights: dict[NodeId, int] = {}
        """Node -> the height that its present incarnation has decided."""
        self.durable = 0
        """The highest height that was decided and is on a disk."""
        self.bodies: dict[int, tuple[bytes, ...]] = {}
        """Height -> the transactions decided there; those more than ``KEEP`` below the highest are forgotten."""

    @property
    def height(self) -> int:
        """The highest height that anybody decided."""
        return len(self.chain) - 1

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:
        blocks = image.get(BLOCKS, {})
        height = max((key for key in blocks if isinstance(key, int)), default=0)
        self.heights[node] = height
        if node in self.liars:
            return
        if node == self.sole:
            self._forget_above(height)
        on_disk = f"on the disk of {told(now, node, incarnation)}"
        if height:
            self._require_canonical(height, blocks[height].hash, on_disk)
        snapshot: Snapshot | None = image.get(SNAPSHOT, {}).get(MANIFEST)
        if snapshot is not None:
            self.heights[node] = max(height, snapshot.height)
            self._require_canonical(snapshot.height, snapshot.header.hash, on_disk)

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:  # noqa: ARG002
        """What it alone had decided, and had not on its disk, is undone."""
        self.heights.pop(node, None)
        living = (height for other, height in self.heights.items() if other not in self.liars)
        self._forget_above(max(self.durable, *living, 0))

    def _forget_above(self, height: int) -> None:
        del self.chain[height + 1 :]
        for above in [above for above in self.bodies if above > height]:
            del self.bodies[above]

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        if node in self.liars:
            return
        block, height = commit.block, commit.height
        by = f"decided by {told(now, node, incarnation)}"
        if height != self.heights[node] + 1:
            raise Violation("order", f"height {height} {by}", f"it stood at height {self.heights[node]}")
        if block.height != height:
            raise Violation("order", f"height {height} {by}", f"its block says height {block.height}")
        self.heights[node] = height
        if height == len(self.chain):
            parent, origin = self.chain[-1]
            if block.parent != parent:
                raise Violation(
                    "order",
                    f"height {height} on parent {block.parent.hex()[:16]} {by}",
                    f"height {height - 1} is {parent.hex()[:16]}, {origin}",
                )
            self.chain.append((block.hash, by))
            self.bodies[height] = block.transactions
            self.bodies.pop(height - KEEP, None)
        else:
            self._require_canonical(height, block.hash, by)
            self._require_body(block, by)

    def on_durable(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        records: tuple[Record, ...],
        durable: Image,  # noqa: ARG002
    ) -> None:
        """A block that reached a disk is one that its node decided, or fetched from below a snapshot."""
        if node in self.liars:
            return
        for record in records:
            if not isinstance(record, Put) or record.space not in _TOLD:
                continue
            if record.space == BLOCKS or (record.space, record.key) == (SNAPSHOT, MANIFEST):
                self.durable = max(self.durable, record.value.height)
            if record.space in _KEPT and record.key in self.bodies and node != self.sole:
                value, by = record.value, f"made durable by {told(now, node, incarnation)}"
                self._require_canonical(value.height, value.hash, by)
                if record.space == BLOCKS:
                    self._require_body(value, by)

    def _require_body(self, block: Block, by: str) -> None:
        """Equal headers must have equal transactions."""
        decided = self.bodies.get(block.height)
        if decided is not None and block.transactions != decided:
            _, origin = self.chain[block.height]
            other = f"height {block.height} has {len(block.transactions)} transactions under its header, {by}"
            raise Violation("agreement", other, f"it has {len(decided)} others, {origin}")

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:
        if node in self.liars:
            return
        height, by = install.height, f"installed by {told(now, node, incarnation)}"
        if height <= self.heights[node] or install.snapshot.height != height:
            raise Violation(
                "order",
                f"a snapshot of {install.snapshot.height} as height {height} {by}",
                f"it stood at height {self.heights[node]}",
            )
        self._require_canonical(height, install.snapshot.header.hash, by)
        self.heights[node] = height

    def _require_canonical(self, height: int, block_hash: bytes, by: str) -> None:
        if height > self.height:
            raise Violation("agreement", f"height {height} {by}", f"nobody decided more than {self.height}")
        canonical, origin = self.chain[height]
        if block_hash != canonical:
            raise Violation(
                "agreement",
                f"height {height} is {block_hash.hex()[:16]}, {by}",
                f"it is {canonical.hex()[:16]}, {origin}",
            )
