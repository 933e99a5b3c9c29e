"""The authenticated half of the state: a persistent binary Merkle tree over 32-byte paths.

A path's bits, most significant first, lead from the root to its leaf. A subtree with one leaf collapses to that
leaf and an empty one to ``EMPTY`` (as in the sparse Merkle tree of the Diem white paper, section 4.2), so a tree of
n leaves is about log2(n) deep and its root depends on its content alone, not on the order of insertion. How it is
hashed stands in :mod:`node.ledger.state_proof`.

In memory two of its levels are one :class:`Quad`, which stands at an even depth, knows its own hash and those of its
two halves, and holds its four quarters; so an update makes half as many objects. They are immutable: an update shares
what it does not touch, so old roots stay valid. What it touches it first copies, once for all changes, into *drafts*
(lists); then it hashes the drafts from the last to the first, children before parents, and seals them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain
from typing import Any

import msgspec

from node.ledger.state_proof import DEPTH_MAX, EMPTY, INNER_PREFIX, bit, inner_hash


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """The only leaf of its subtree. (``gc=False``: a million of them would be walked by every garbage collection.)"""

    hash: bytes
    path: bytes
    content: Any  # the caller's


class Quad(msgspec.Struct, frozen=True, gc=False):
    """Two levels of the tree: a node, its halves' hashes, and its quarters ``q0`` to ``q3`` from left to right.

    Invariant: at least two leaves below; a quarter is ``NOTHING`` where it holds none, and a leaf lies in its own
    quarter even where its half is that leaf alone.
    """

    hash: bytes
    left: bytes
    right: bytes
    q0: Node
    q1: Node
    q2: Node
    q3: Node

    @property
    def halves(self) -> tuple[tuple[Node, Node], tuple[Node, Node]]:
        return (self.q0, self.q1), (self.q2, self.q3)


Node = Leaf | Quad

NOTHING = Leaf(EMPTY, b"", None)
"""The subtree without leaves. Compare by identity."""

Change = tuple[bytes, Leaf | None]
"""(path, its new leaf), or (path, None) to remove."""

_QUARTERS = tuple(bytes(byte >> shift & 3 for shift in (6, 4, 2, 0)) for byte in range(256))
"""For each byte of a path, the quarters through which it leads, in four quads."""

_Draft = list[Any]
"""A quad that is being changed: ``[q0, q1, q2, q3, left, right, draft above, quarter there]``, where a half's hash is
None if it has to be computed anew."""


def update(root: Node, changes: Sequence[Change]) -> Node:
    """The tree with ``changes`` made, of different paths in any order."""
    if isinstance(root, Leaf):
        return _planted(root, changes)
    crown: _Draft = [None]  # stands above the root, for it to be sealed like any other
    top: _Draft = [root.q0, root.q1, root.q2, root.q3, root.left, root.right, crown, 0]
    drafts = [top]
    removing = False
    for path, leaf in changes:
        draft = top
        for quarter in _way(path):
            below = draft[quarter]
            if type(below) is not list:
                draft[4 | quarter >> 1] = None
                if type(below) is not Quad:
                    break
                fresh = [below.q0, below.q1, below.q2, below.q3, below.left, below.right, draft, quarter]
                drafts.append(fresh)
                draft[quarter] = below = fresh
            draft = below
        if leaf is None:
            removing = True
            draft[quarter] = NOTHING if below.path == path else below
        elif below is NOTHING or below.path == path:
            draft[quarter] = leaf
        else:
            draft[quarter] = _split(below, leaf, _depth(draft) + 2)
    _seal(drafts, removing=removing)
    result: Node = crown[0]
    return result


def _way(path: bytes) -> Iterator[int]:
    """The quarters through which ``path`` leads, from the root downwards."""
    return chain.from_iterable(map(_QUARTERS.__getitem__, path))


def _depth(draft: _Draft) -> int:
    """How deep the quad of ``draft`` stands. Rarely asked, so nothing is kept for it."""
    depth = 0
    while len(draft[6]) > 1:  # not the crown
        draft, depth = draft[6], depth + 2
    return depth


def _seal(drafts: list[_Draft], *, removing: bool) -> None:
    """Hash every draft, children before parents, and put it in its place: here the time of a block goes.

    What ``_half`` and ``inner_hash`` do is written out for the most frequent case: a call costs half as much as a hash.
    """
    digest_of, inner, nothing, quad = sha256, INNER_PREFIX, NOTHING, Quad
    for draft in reversed(drafts):
        q0, q1, q2, q3, left, right, above, quarter = draft
        if left is None:
            split = q0 is not nothing and q1 is not nothing
            left = digest_of(inner + q0.hash + q1.hash).digest() if split else _half(q0, q1)
        if right is None:
            split = q2 is not nothing and q3 is not nothing
            right = digest_of(inner + q2.hash + q3.hash).digest() if split else _half(q2, q3)
        if removing:
            above[quarter] = _quad(left, right, q0, q1, q2, q3)
        else:
            above[quarter] = quad(digest_of(inner + left + right).digest(), left, right, q0, q1, q2, q3)


def _planted(root: Leaf, changes: Iterable[Change]) -> Node:
    """The tree with ``changes`` made to one that has at most one leaf."""
    leaves = {} if root is NOTHING else {root.path: root}
    for path, leaf in changes:
        if leaf is not None:
            leaves[path] = leaf
        else:
            leaves.pop(path, None)
    paths = sorted(leaves)
    return _build([leaves[path] for path in paths], [_number(path) for path in paths], 0, len(paths), 0)


def _split(one: Leaf, other: Leaf, depth: int) -> Node:
    """The subtree at ``depth`` that holds two leaves: a quad where they part, and those above it."""
    turns = _number(one.path)
    bits_shared = DEPTH_MAX - (turns ^ _number(other.path)).bit_length()
    parting = bits_shared & ~1
    node = _beside({_quarter(turns, parting): one, _quarter(_number(other.path), parting): other})
    for above in range(parting - 2, depth - 1, -2):
        node = _beside({_quarter(turns, above): node})
    return node


def _beside(filled: dict[int, Node]) -> Node:
    """The quad whose quarters are those given, and nothing."""
    q0, q1, q2, q3 = (filled.get(quarter, NOTHING) for quarter in range(4))
    return _quad(_half(q0, q1), _half(q2, q3), q0, q1, q2, q3)


def _quarter(turns: int, depth: int) -> int:
    """Where a path, as a number, leads through the quad at ``depth``."""
    return turns >> DEPTH_MAX - 2 - depth & 3


def _number(path: bytes) -> int:
    return int.from_bytes(path, "big")


def _build(leaves: Sequence[Leaf], turns: Sequence[int], start: int, end: int, depth: int) -> Node:
    """A fresh subtree at ``depth`` over a range of ``leaves`` in ascending order of path (``turns``, as numbers)."""
    if end - start < 2:
        return leaves[start] if start < end else NOTHING
    shift = DEPTH_MAX - 2 - depth
    base = turns[start] >> shift >> 2 << 2
    bounds = [start, *(bisect_left(turns, base + place << shift, start, end) for place in (1, 2, 3)), end]
    first, second, third, fourth = (
        _build(leaves, turns, bounds[place], bounds[place + 1], depth + 2) for place in range(4)
    )
    return _quad(_half(first, second), _half(third, fourth), first, second, third, fourth)


def _quad(left: bytes, right: bytes, *quarters: Node) -> Node:
    """The canonical subtree of four quarters: a single leaf moves up."""
    filled = [quarter for quarter in quarters if quarter is not NOTHING]
    if not filled:
        return NOTHING
    if len(filled) == 1 and type(filled[0]) is Leaf:
        return filled[0]
    return Quad(inner_hash(left, right), left, right, *quarters)


def _collapses(left: Node, right: Node) -> bool:
    """Is there at most one leaf in the two quarters of a half?"""
    return (left is NOTHING and type(right) is Leaf) or (right is NOTHING and type(left) is Leaf)


def _half(left: Node, right: Node) -> bytes:
    """The hash of a quad's half: of its only leaf where there is but one."""
    if _collapses(left, right):
        return right.hash if left is NOTHING else left.hash
    return inner_hash(left.hash, right.hash)


def subtree_hash(leaves: Sequence[tuple[bytes, bytes]], depth: int) -> bytes:
    """The hash of the node at ``depth`` above (path, leaf hash) pairs in ascending order, without making the nodes."""
    if len(leaves) < 2:
        return leaves[0][1] if leaves else EMPTY
    middle = bisect_left(leaves, 1, key=lambda leaf: bit(leaf[0], depth))
    if len(leaves) == 2 and middle == 1:
        return inner_hash(leaves[0][1], leaves[1][1])
    return inner_hash(subtree_hash(leaves[:middle], depth + 1), subtree_hash(leaves[middle:], depth + 1))


def level(root: Node, depth_max: int) -> list[bytes]:
    """The hashes of the deepest level above which every node is inner, at most ``depth_max``; from left to right.

    So there are 2^depth of them, and :func:`fold` leads from them to the root whatever they stand for.
    """
    nodes = [root]
    for depth in range(0, depth_max, 2):
        quads = [node for node in nodes if type(node) is Quad]
        if len(quads) < len(nodes):
            break
        halves = [half for quad in quads for half in quad.halves]
        if depth + 1 == depth_max or any(_collapses(*half) for half in halves):
            return [hashed for quad in quads for hashed in (quad.left, quad.right)]
        nodes = [quarter for half in halves for quarter in half]
    return [node.hash for node in nodes]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root above a level of inner nodes' children; ValueError where their number is no power of two."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError(f"{len(hashes)} subtrees are no level of a tree")
    while len(hashes) > 1:
        hashes = [inner_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def walk(node: Node, path: bytes) -> tuple[tuple[bytes, ...], Leaf]:
    """The hashes beside ``path`` from the root ``node`` downwards, and the leaf or ``NOTHING`` at its end."""
    siblings: list[bytes] = []
    for quarter in _way(path):
        if not isinstance(node, Quad):
            break
        right, side = divmod(quarter, 2)
        siblings.append(node.left if right else node.right)
        half = node.halves[right]
        if _collapses(*half):
            node = half[1] if half[0] is NOTHING else half[0]
            break
        siblings.append(half[1 - side].hash)
        node = half[side]
    assert isinstance(node, Leaf)  # noqa: S101 - 256 bits lead to a leaf: two paths of a quad differ
    return tuple(siblings), node
