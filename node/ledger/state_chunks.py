"""The state in chunks that can be checked one by one, for those who take it over instead of executing every block.

A chunk of entries is a subtree of the authenticated state, and its digest is that subtree's hash; so the digests of all
of them fold to the state root, and no list of chunks that leads to the right root can be wrong. How deep the subtrees
begin follows from the state alone. One chunk more, the first, holds the state roots of the last heights, since a block
may state any of those (``docs/ledger-format.md``, section "Snapshots").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

import msgspec

from node.ledger import sparse_merkle
from node.ledger.state_proof import leaf_hash
from node.ledger.state_tree import StateTree, encode_record, entry_path

ENTRIES_WANTED = 256
"""How many entries a chunk holds about, as long as there are fewer than ``2 ** DEPTH_MAX`` chunks of them."""

DEPTH_MAX = 12

_encode = msgspec.msgpack.Encoder().encode
_HASH_BYTES = 32


class ChunkError(ValueError):
    """These chunks are no state; the message says why."""


class Roots(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="state.roots"):
    """The state roots of consecutive heights, one after the other, up to the snapshot's own."""

    roots: bytes


class Entries(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="state.entries"):
    """Every (namespace, key, record's bytes) below a node at ``depth``, in ascending order of path.

    The hash of fewer than two entries is the same at every depth, so theirs is written as 0: a chunk has one form.
    """

    depth: int
    entries: tuple[tuple[str, str, bytes], ...]


_decode = msgspec.msgpack.Decoder(Roots | Entries).decode


def manifest_of(tree: StateTree, roots: bytes) -> tuple[bytes, ...]:
    """The digests of all chunks of ``tree``; ``roots`` end with its own."""
    return (_roots_digest(roots), *tree.subtrees(_depth_wanted(tree)))


def chunks_of(tree: StateTree, roots: bytes) -> list[bytes]:
    """All chunks, in the order of :func:`manifest_of`. Takes a hash for each entry: for whoever is asked for one."""
    depth = (len(tree.subtrees(_depth_wanted(tree))) - 1).bit_length()
    groups: list[list[tuple[bytes, str, str, Any]]] = [[] for _ in range(1 << depth)]
    for namespace in tree.namespaces():
        for key, record in tree.items(namespace):
            path = entry_path(namespace, key)
            groups[_place(path, depth)].append((path, namespace, key, record))
    chunks = [_encode(Roots(roots))]
    for group in groups:
        group.sort(key=lambda entry: entry[0])
        entries = tuple((namespace, key, encode_record(record)) for _, namespace, key, record in group)
        chunks.append(_encode(Entries(depth if len(entries) > 1 else 0, entries)))
    return chunks


def chunk_digest(chunk: bytes) -> bytes:
    """The digest that a manifest lists for ``chunk``; for bytes that are none, one that no manifest lists."""
    try:
        decoded = _decode(chunk)
        if _encode(decoded) == chunk:
            return _roots_digest(decoded.roots) if isinstance(decoded, Roots) else _subtree_hash(decoded)
    except (ValueError, RecursionError, OverflowError):
        pass
    return sha256(b"no chunk" + chunk).digest()


def assemble(chunks: Sequence[bytes], kinds: Mapping[str, type]) -> tuple[StateTree, list[bytes]]:
    """The state in ``chunks``, and the roots of the heights up to it. ``kinds``: the record type of each namespace.

    ChunkError where they are no state, or hold what this program does not know.
    """
    decoders: dict[str, Callable[[bytes], Any]] = {
        namespace: msgspec.msgpack.Decoder(kind).decode for namespace, kind in kinds.items()
    }
    entries: dict[tuple[str, str], Any] = {}
    roots = b""
    try:
        for place, chunk in enumerate(chunks):
            decoded = _decode(chunk)
            if isinstance(decoded, Roots) != (place == 0):
                raise ChunkError(f"chunk {place} is of the wrong kind")
            if isinstance(decoded, Roots):
                roots = decoded.roots
                continue
            for namespace, key, raw in decoded.entries:
                entries[namespace, key] = decoders[namespace](raw)
    except KeyError as error:
        raise ChunkError(f"an entry in the unknown namespace {error.args[0]}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise ChunkError(f"a chunk that does not decode: {error}") from None
    tree = StateTree.empty().update(entries)
    listed = [roots[at : at + _HASH_BYTES] for at in range(0, len(roots), _HASH_BYTES)]
    if not listed or listed[-1] != tree.root:
        raise ChunkError(f"the entries give the state root {tree.root.hex()}, which is not the last one listed")
    return tree, listed


def state_root(manifest: Sequence[bytes]) -> bytes:
    """The state root that a manifest's digests of entries fold to. ValueError where they are no level of a tree."""
    return sparse_merkle.fold(manifest[1:])


def _depth_wanted(tree: StateTree) -> int:
    return min(DEPTH_MAX, (len(tree) // ENTRIES_WANTED).bit_length())


def _place(path: bytes, depth: int) -> int:
    """Which of the subtrees at ``depth`` holds ``path``."""
    return int.from_bytes(path[:2]) >> (16 - depth)


def _roots_digest(roots: bytes) -> bytes:
    return sha256(b"consortium/roots" + roots).digest()


def _subtree_hash(chunk: Entries) -> bytes:
    """ValueError where it is no subtree: a depth out of bounds, entries that do not ascend, or of several subtrees."""
    if not 0 <= chunk.depth <= DEPTH_MAX:
        raise ValueError("no depth of a chunk")
    if chunk.depth and len(chunk.entries) < 2:
        raise ValueError("a depth where there is nothing below a node")
    leaves: list[tuple[bytes, bytes]] = []
    for namespace, key, raw in chunk.entries:
        path = entry_path(namespace, key)
        leaves.append((path, leaf_hash(path, sha256(raw).digest())))
    if any(one >= other for (one, _), (other, _) in pairwise(leaves)):
        raise ValueError("entries out of order")
    if leaves and _place(leaves[0][0], chunk.depth) != _place(leaves[-1][0], chunk.depth):
        raise ValueError("entries of several subtrees")
    return sparse_merkle.subtree_hash(leaves, chunk.depth)
