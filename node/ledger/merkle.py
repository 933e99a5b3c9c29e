"""The Merkle tree over an ordered list, as RFC 6962 section 2.1 defines it: a block's transactions, the business state.

    root of no entries  = SHA-256 of the empty string
    leaf                = SHA-256(0x00 || entry)
    node                = SHA-256(0x01 || left || right), left being the largest power of two below the size

The prefixes keep an inner node from passing for an entry, and the uneven split from passing one list for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

NO_ENTRIES = sha256(b"").digest()
"""The root over no entries."""


def merkle_root(entries: Sequence[bytes]) -> bytes:
    """The 32-byte root over ``entries`` in their order (RFC 6962, 2.1)."""
    if not entries:
        return NO_ENTRIES
    level = [_leaf(entry) for entry in entries]
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def audit_path(entries: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes that, with entry ``index``, give the root; from the leaf upwards (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(entries):
        raise IndexError(f"no entry {index} among {len(entries)}")
    level = [_leaf(entry) for entry in entries]
    path: list[bytes] = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _level_above(level)
        index >>= 1
    return tuple(path)


def verify_inclusion(root: bytes, size: int, index: int, entry: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` shows that ``entry`` is number ``index`` of the ``size`` entries under ``root``."""
    if not 0 <= index < size:
        return False
    current = _leaf(entry)
    last = size - 1
    for sibling in path:
        if last == 0 or len(sibling) != 32:
            return False
        while index == last and not index & 1:  # a rightmost node without a sibling moved up unchanged
            index, last = index >> 1, last >> 1
        current = _node(sibling, current) if index & 1 else _node(current, sibling)
        index, last = index >> 1, last >> 1
    while last and index == last and not index & 1:
        index, last = index >> 1, last >> 1
    return last == 0 and current == root


def _level_above(level: list[bytes]) -> list[bytes]:
    """Pair up; an odd last node moves up as it is, which is what the RFC's uneven split comes to."""
    above = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        above.append(level[-1])
    return above


def _leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
