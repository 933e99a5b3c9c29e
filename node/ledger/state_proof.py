"""How the authenticated state is hashed, and the proofs that follow from it: all that a verifier needs.

    leaf  = SHA-256(0x02 || path || SHA-256(value))
    inner = SHA-256(0x03 || left || right)

A path's bits, most significant first, lead from the root to its leaf; a subtree with one leaf is that leaf wherever it
stands, and one without leaves is ``EMPTY`` (``docs/ledger-format.md``, section "State").
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

EMPTY = bytes(32)
"""The hash of a tree without leaves."""

DEPTH_MAX = 256

LEAF_PREFIX = b"\x02"
INNER_PREFIX = b"\x03"


def leaf_hash(path: bytes, value_hash: bytes) -> bytes:
    """The hash of the leaf at ``path``."""
    return sha256(LEAF_PREFIX + path + value_hash).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two subtrees."""
    return sha256(INNER_PREFIX + left + right).digest()


def bit(path: bytes, depth: int) -> int:
    """0 where ``path`` turns left below a node at ``depth``, 1 where it turns right."""
    return path[depth >> 3] >> (7 - (depth & 7)) & 1


class Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What stands at the end of a path, to someone who holds the root alone.

    ``siblings`` go from the root downwards. Presence: ``other`` is None, the verifier makes the leaf from the value.
    Absence: ``other`` is the (path, value hash) of the leaf that stands in the way, or None where nothing does.
    """

    siblings: tuple[bytes, ...]
    other: tuple[bytes, bytes] | None


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
