"""Durability: what was decided on disk stays, and what was acknowledged to a client was on disk.

* The ledger's space grows height by height and nothing is ever taken from it; only a snapshot that the node installs
  lets it go on from above the snapshot's height (what lies below may be filled in later).
* A restart finds everything that became durable before (the simulated disk's own promise, checked all the same).
* A reply that names a ``height`` leaves only when that height is durable in the ledger's space.
"""

from __future__ import annotations

from typing import ClassVar

from consensus.chain import BLOCKS
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Broadcast, Image, NodeId, Put, Record, Reply, Send


class Durability(Observer):
    """Works for any machine that keeps its decided blocks in the space ``blocks``."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "durability",
            "what was decided on a disk stays there, and what a client was told of is on one",
            "docs/architecture.md",
            "O(1)",
        ),
    )

    weighs = frozenset({Reply})

    def __init__(self, liars: frozenset[NodeId] = frozenset()) -> None:
        self.liars = liars
        self.heads: dict[NodeId, tuple[int, bytes, str]] = {}
        """Node -> height and hash of the last durable block, and since when."""
        self.bases: dict[NodeId, int] = {}
        """Node -> the height of the latest snapshot on its disk."""
        self.acknowledged = 0
        """The highest height that any client was told of."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:
        if node not in self.heads or node in self.liars:
            return
        height, block_hash, since = self.heads[node]
        if block_hash not in _held(image, height):
            raise Violation(
                "durability",
                f"height {height} is gone or changed at the restart of {told(now, node, incarnation)}",
                f"it was durable {since}",
            )

    def on_durable(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        records: tuple[Record, ...],
        durable: Image,  # noqa: ARG002
    ) -> None:
        if node in self.liars:
            return
        for record in records:
            if record.space not in (BLOCKS, SNAPSHOT):
                continue
            origin = told(now, node, incarnation)
            height, block_hash, since = self.heads.get(node, (0, b"", "from the start"))
            if isinstance(record, Put) and (record.space, record.key) == (SNAPSHOT, MANIFEST):
                self.bases[node] = record.value.height
                if record.value.height > height:
                    self.heads[node] = (record.value.height, record.value.header.hash, f"at {origin}")
                continue
            if record.space != BLOCKS or _below(record, self.bases.get(node, 0)):
                continue
            if not isinstance(record, Put):
                raise Violation("durability", f"{record} by {origin}", "decided blocks stay")
            if record.key == 0 and not block_hash:
                continue  # the genesis, stored like the rest
            if record.key != height + 1:
                raise Violation("durability", f"height {record.key} stored by {origin}", f"{height} stood {since}")
            self.heads[node] = (height + 1, record.value.hash, f"at {origin}")

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        if type(effect) is not Reply or node in self.liars:
            return
        height = getattr(effect.message, "height", None)
        if not height:
            return  # none, or the genesis', which nobody's disk needs to hold
        if not _held(durable, height):
            raise Violation(
                "durability",
                f"{told(now, node, incarnation)} tells {effect.client} of height {height}",
                f"its disk ends at height {self.heads.get(node, (0,))[0]}",
            )
        self.acknowledged = max(self.acknowledged, height)


def _below(record: Record, base: int) -> bool:
    """Is this a block that the snapshot at ``base`` left out, filled in later?"""
    return isinstance(record, Put) and isinstance(record.key, int) and 0 < record.key <= base


def _held(image: Image, height: int) -> tuple[bytes, ...]:
    """What this disk says of ``height``: its block's hash, and that of a snapshot of this height or a later one."""
    block, snapshot = image.get(BLOCKS, {}).get(height), image.get(SNAPSHOT, {}).get(MANIFEST)
    hashes = () if block is None else (block.hash,)
    return hashes if snapshot is None or snapshot.height < height else (*hashes, snapshot.header.hash)
