"""The authenticated half of the state: a persistent binary Merkle tree over 32-byte paths.

A path's bits, most significant first, lead from the root to its leaf. A subtree with one leaf collapses to that
leaf and an empty one to ``EMPTY`` (as in the sparse Merkle tree of the Diem white paper, section 4.2), so a tree of
n leaves is about log2(n) deep and its root depends on its content alone, not on the order of insertion.

    leaf  = SHA-256(0x02 || path || SHA-256(value))
    inner = SHA-256(0x03 || left || right)

Nodes are immutable: an update copies the paths that it touches and shares the rest, so old roots stay valid.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from hashlib import sha256

import msgspec

EMPTY = bytes(32)
"""The hash of a tree without leaves."""

DEPTH_MAX = 256

_LEAF = b"\x02"
_INNER = b"\x03"
_MASKS = tuple(1 << (DEPTH_MAX - 1 - depth) for depth in range(DEPTH_MAX))


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """The only leaf of its subtree."""

    hash: bytes
    path: bytes
    value_hash: bytes


class Inner(msgspec.Struct, frozen=True, gc=False):
    """Invariant: at least two leaves below; a child is None where its side holds none."""

    hash: bytes
    left: Leaf | Inner | None
    right: Leaf | Inner | None


Node = Leaf | Inner | None

Change = tuple[bytes, bytes | None]
"""(path, value hash), or (path, None) to remove."""


def leaf_hash(path: bytes, value_hash: bytes) -> bytes:
    """The hash of the leaf at ``path``."""
    return sha256(_LEAF + path + value_hash).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two subtrees."""
    return sha256(_INNER + left + right).digest()


def bit(path: bytes, depth: int) -> int:
    """0 where ``path`` turns left below a node at ``depth``, 1 where it turns right."""
    return path[depth >> 3] >> (7 - (depth & 7)) & 1


def node_hash(node: Node) -> bytes:
    """The hash of a subtree, an empty one included."""
    return EMPTY if node is None else node.hash


def update(node: Node, changes: Sequence[Change], depth: int = 0) -> Node:
    """The tree below ``node`` (itself at ``depth``) with ``changes`` made; paths must strictly ascend."""
    if not changes:
        return node
    if node is None:
        return _build([_leaf(path, value) for path, value in changes if value is not None], depth)
    if isinstance(node, Leaf):
        return _update_leaf(node, changes, depth)
    if len(changes) == 1:
        return _update_one(node, changes[0], depth)
    middle = _middle(changes, depth)
    left = update(node.left, changes[:middle], depth + 1)
    right = update(node.right, changes[middle:], depth + 1)
    if left is node.left and right is node.right:
        return node
    return _join(left, right)


def _middle(changes: Sequence[Change], depth: int) -> int:
    """How many of the ascending paths, equal in their first ``depth`` bits, turn left."""
    return bisect_left(changes, 1, key=lambda change: bit(change[0], depth))


def _leaf(path: bytes, value_hash: bytes) -> Leaf:
    return Leaf(sha256(_LEAF + path + value_hash).digest(), path, value_hash)


def _join(left: Node, right: Node) -> Node:
    """The canonical subtree of two halves: a single leaf moves up."""
    if left is None and type(right) is not Inner:
        return right
    if right is None and type(left) is not Inner:
        return left
    return Inner(inner_hash(node_hash(left), node_hash(right)), left, right)


def _build(leaves: list[Leaf], depth: int) -> Node:
    """A fresh subtree over ``leaves`` in ascending order of path."""
    if not leaves:
        return None
    if len(leaves) == 1:
        return leaves[0]
    middle = bisect_left(leaves, 1, key=lambda leaf: bit(leaf.path, depth))
    return _join(_build(leaves[:middle], depth + 1), _build(leaves[middle:], depth + 1))


def _update_leaf(node: Leaf, changes: Sequence[Change], depth: int) -> Node:
    if len(changes) == 1 and changes[0] == (node.path, node.value_hash):
        return node
    leaves = {path: _leaf(path, value) for path, value in changes if value is not None}
    if all(path != node.path for path, _ in changes):
        leaves[node.path] = node
    return _build([leaves[path] for path in sorted(leaves)], depth)


def _update_one(node: Inner, change: Change, depth: int) -> Node:
    """One change, walked down and up without recursion: most of a block's hashing happens here."""
    turns = int.from_bytes(change[0], "big")
    way: list[Inner] = []
    below: Node = node
    while type(below) is Inner:
        way.append(below)
        below = below.right if turns & _MASKS[depth] else below.left
        depth += 1
    fresh = update(below, (change,), depth)
    if fresh is below:
        return node
    while way:
        parent = way.pop()
        depth -= 1
        if turns & _MASKS[depth]:
            left, right = parent.left, fresh
        else:
            left, right = fresh, parent.right
        fresh = _join(left, right)
    return fresh


class Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What stands at the end of a path, to someone who holds the root alone.

    ``siblings`` go from the root downwards. Presence: ``other`` is None, the verifier makes the leaf from the value.
    Absence: ``other`` is the (path, value hash) of the leaf that stands in the way, or None where nothing does.
    """

    siblings: tuple[bytes, ...]
    other: tuple[bytes, bytes] | None


def prove(node: Node, path: bytes) -> Proof:
    """The proof of ``path``'s presence or absence below the root ``node``."""
    siblings: list[bytes] = []
    while isinstance(node, Inner):
        right = bit(path, len(siblings))
        siblings.append(node_hash(node.left if right else node.right))
        node = node.right if right else node.left
    met = (node.path, node.value_hash) if node is not None and node.path != path else None
    return Proof(tuple(siblings), met)


def verify(root: bytes, path: bytes, value_hash: bytes | None, proof: Proof) -> bool:
    """Whether ``proof`` shows that ``path`` holds ``value_hash`` (None: nothing) under ``root``."""
    start = _proved_end(path, value_hash, proof)
    if start is None:
        return False
    current = start
    for depth in range(len(proof.siblings) - 1, -1, -1):
        sibling = proof.siblings[depth]
        current = inner_hash(sibling, current) if bit(path, depth) else inner_hash(current, sibling)
    return current == root


def _proved_end(path: bytes, value_hash: bytes | None, proof: Proof) -> bytes | None:
    """The hash at the path's end that ``proof`` speaks of; None when the proof is malformed."""
    depth = len(proof.siblings)
    if depth > DEPTH_MAX or any(len(sibling) != 32 for sibling in proof.siblings):
        return None
    if value_hash is not None:
        return leaf_hash(path, value_hash) if proof.other is None else None
    if proof.other is None:
        return EMPTY
    other, other_value = proof.other
    if len(other) != 32 or len(other_value) != 32 or other == path:
        return None
    if any(bit(other, level) != bit(path, level) for level in range(depth)):
        return None
    return leaf_hash(other, other_value)
