"""Snapshots: the states that this node can hand to others, and what a state that it took over leaves to do.

It can hand on those of the last heights that its core made a checkpoint of.
A tree costs nothing to keep but what later blocks replaced, so keeping a few is cheap; a manifest costs one hash of the
last roots and a walk over at most 4,096 nodes. The chunks are made when one is asked for, of one state at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from consensus.chain import HEADERS, Header
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Image
from node.chain_state import ChainState
from node.ledger.state_chunks import chunks_of, manifest_of
from node.ledger.state_tree import StateTree

KEPT = 3
"""The stable checkpoint, the one that is about to be, and one for those who are still being served."""


class _Kept(msgspec.Struct, frozen=True):
    tree: StateTree
    roots: bytes
    manifest: tuple[bytes, ...]


class Snapshots:
    """Manifests and chunks by height, for :class:`consensus.protocols.Application`."""

    def __init__(self, chain: ChainState, *, serve: bool) -> None:
        self._chain = chain
        self._serve = serve
        self._kept: dict[int, _Kept] = {}
        self._chunks: tuple[int, list[bytes]] = (-1, [])

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        """Of the present height, whose state is kept from then on, or of one that was asked for before."""
        kept = self._kept.get(height)
        if kept is None:
            if height != self._chain.height:
                return None
            tree, roots = self._chain.tree, self._chain.last_roots()
            kept = self._kept[height] = _Kept(tree, roots, manifest_of(tree, roots))
            while len(self._kept) > KEPT:
                del self._kept[min(self._kept)]
        return kept.manifest

    def chunk(self, height: int, place: int) -> bytes | None:
        """One chunk of a state that is kept; None where it is not, or where this node serves none."""
        kept = self._kept.get(height)
        if kept is None or not self._serve or not 0 <= place < len(kept.manifest):
            return None
        if self._chunks[0] != height:
            self._chunks = (height, chunks_of(kept.tree, kept.roots))
        return self._chunks[1][place]


def pruned_to(image: Image) -> int:
    """Up to which height bodies were pruned, and the state after it is held; 0: none were.

    Once a later state was taken over, what lies below that is fetched as a whole again.
    """
    headers: Mapping[Any, Header] = image.get(HEADERS, {})
    snapshot: Snapshot | None = image.get(SNAPSHOT, {}).get(MANIFEST)
    held = snapshot is not None and snapshot.height == len(headers) and headers.get(snapshot.height) == snapshot.header
    return len(headers) if held else 0


def snapshot_in(image: Image) -> tuple[Snapshot, tuple[bytes, ...]] | None:
    """The snapshot that a store holds, whole; None where it holds none."""
    space = image.get(SNAPSHOT, {})
    snapshot: Snapshot | None = space.get(MANIFEST)
    return None if snapshot is None else (snapshot, tuple(space[place] for place in range(len(snapshot.chunks))))
