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
    """Invariant: at least two leaves below; a child is ``NOTHING`` where its side holds none."""

    hash: bytes
    left: Leaf | Inner
    right: Leaf | Inner


Node = Leaf | Inner

NOTHING = Leaf(EMPTY, b"", b"")
"""The subtree without leaves. Compare by identity."""

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


def update(root: Node, changes: Sequence[Change]) -> Node:
    """The tree with ``changes`` made; their paths must strictly ascend."""
    if not changes:
        return root
    turns = [int.from_bytes(path, "big") for path, _ in changes]
    leaves = [
        NOTHING if value_hash is None else Leaf(sha256(_LEAF + path + value_hash).digest(), path, value_hash)
        for path, value_hash in changes
    ]
    return _Update(turns, leaves).below(root, 0, len(turns), 0, 0)


class _Update:
    """One batch of changes on its way down: ``turns`` are the ascending paths as numbers, ``leaves`` what comes there.

    A range ``[start, end)`` of them shares its first ``depth`` bits, and ``base`` is the lowest such path.
    """

    __slots__ = ("leaves", "turns")

    def __init__(self, turns: list[int], leaves: list[Leaf]) -> None:
        self.turns = turns
        self.leaves = leaves

    def below(self, node: Node, start: int, end: int, depth: int, base: int) -> Node:
        """The subtree ``node`` with its range of changes made."""
        if type(node) is Leaf:
            return self._below_leaf(node, start, end, depth)
        assert type(node) is Inner  # noqa: S101 - for the type checker: a union of two
        if end - start == 1:
            return self._one(node, start, depth)
        bound = base | _MASKS[depth]
        middle = bisect_left(self.turns, bound, start, end)
        left, right = node.left, node.right
        if start < middle:
            left = self.below(left, start, middle, depth + 1, base)
        if middle < end:
            right = self.below(right, middle, end, depth + 1, bound)
        return node if left is node.left and right is node.right else _join(left, right)

    def _below_leaf(self, node: Leaf, start: int, end: int, depth: int) -> Node:
        leaves = {leaf.path: leaf for leaf in self.leaves[start:end] if leaf is not NOTHING}
        if node is not NOTHING and int.from_bytes(node.path, "big") not in self.turns[start:end]:
            leaves[node.path] = node
        elif leaves == {node.path: node}:
            return node
        return build([leaves[path] for path in sorted(leaves)], depth)

    def _one(self, top: Inner, index: int, depth: int) -> Node:
        """One change, walked down and up without recursion: most of a block's hashing happens here."""
        turn = self.turns[index]
        way: list[Inner] = []
        node: Node = top
        while type(node) is Inner:
            way.append(node)
            node = node.right if turn & _MASKS[depth] else node.left
            depth += 1
        fresh = self.below(node, index, index + 1, depth, 0)
        if fresh is node:
            return top
        for parent in reversed(way):
            depth -= 1
            left, right = (parent.left, fresh) if turn & _MASKS[depth] else (fresh, parent.right)
            if type(fresh) is Inner:  # nothing can collapse above two leaves
                fresh = Inner(sha256(_INNER + left.hash + right.hash).digest(), left, right)
            else:
                fresh = _join(left, right)
        return fresh


def _join(left: Node, right: Node) -> Node:
    """The canonical subtree of two halves: a single leaf moves up."""
    if left is NOTHING and type(right) is Leaf:
        return right
    if right is NOTHING and type(left) is Leaf:
        return left
    return Inner(sha256(_INNER + left.hash + right.hash).digest(), left, right)


def build(leaves: list[Leaf], depth: int) -> Node:
    """A fresh subtree over ``leaves`` in ascending order of path, which share their first ``depth`` bits."""
    if not leaves:
        return NOTHING
    if len(leaves) == 1:
        return leaves[0]
    middle = bisect_left(leaves, 1, key=lambda leaf: bit(leaf.path, depth))
    return _join(build(leaves[:middle], depth + 1), build(leaves[middle:], depth + 1))


def level(root: Node, depth_max: int) -> list[bytes]:
    """The hashes of the deepest level above which every node is inner, at most ``depth_max``; from left to right.

    So there are 2^depth of them, and :func:`fold` leads from them to the root whatever they stand for.
    """
    nodes = [root]
    for _ in range(depth_max):
        below: list[Node] = []
        for node in nodes:
            if type(node) is not Inner:
                return [node.hash for node in nodes]
            below += (node.left, node.right)
        nodes = below
    return [node.hash for node in nodes]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root above a level of inner nodes' children; ValueError where their number is no power of two."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError(f"{len(hashes)} subtrees are no level of a tree")
    while len(hashes) > 1:
        hashes = [inner_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


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
        siblings.append(node.left.hash if right else node.right.hash)
        node = node.right if right else node.left
    met = None if node is NOTHING or node.path == path else (node.path, node.value_hash)
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
