"""The state 状态: an immutable map of (namespace, key) to records, authenticated by one root.

Records are frozen msgspec structs, encoded as msgpack maps whose keys ascend. An entry's path in the tree is
SHA-256 of msgpack ``[namespace, key]``, and its leaf commits to SHA-256 of the record's bytes
(``docs/ledger-format.md``, section "State"). Every tree stays valid for ever and costs nothing to keep: fork it,
throw it away, prove from it.

A leaf of the tree holds its record, and the maps from keys, which know the order, hold the same leaves: so an entry's
path is hashed once in its life, when it first appears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from node.ledger import sparse_merkle
from node.ledger.ordered_map import OrderedMap
from node.ledger.sparse_merkle import Change, Leaf
from node.ledger.state_proof import LEAF_PREFIX, Proof, verify

_encode_key = msgspec.msgpack.Encoder().encode
_encode_record = msgspec.msgpack.Encoder(order="sorted").encode


def encode_record(record: msgspec.Struct) -> bytes:
    """The record's canonical bytes: what its leaf commits to and a proof is checked with."""
    return _encode_record(record)


def entry_path(namespace: str, key: str) -> bytes:
    """Where an entry lies in the tree."""
    return sha256(_encode_key((namespace, key))).digest()


class StateTree:
    """Immutable. Start from :meth:`empty`; :meth:`update` gives the next tree."""

    __slots__ = ("_length", "_maps", "_node")

    _maps: dict[str, OrderedMap[Leaf]]  # Invariant: holds the same leaves as the tree below _node
    _node: sparse_merkle.Node
    _length: int

    def __init__(self) -> None:
        self._maps = {}
        self._node = sparse_merkle.NOTHING
        self._length = 0

    @staticmethod
    def empty() -> StateTree:
        return StateTree()

    @property
    def root(self) -> bytes:
        """32 bytes that depend on the entries alone; 32 zero bytes when there are none."""
        return self._node.hash

    def __len__(self) -> int:
        return self._length

    def get(self, namespace: str, key: str) -> Any | None:
        """The record, or None."""
        entries = self._maps.get(namespace)
        leaf = None if entries is None else entries.get(key)
        return None if leaf is None else leaf.content

    def items(self, namespace: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """The namespace's (key, record) in order of key, those alone whose key starts with ``prefix``."""
        entries = self._maps.get(namespace)
        return iter(()) if entries is None else ((key, leaf.content) for key, leaf in entries.items(prefix))

    def namespaces(self) -> tuple[str, ...]:
        """Those that hold or held an entry, in order."""
        return tuple(sorted(self._maps))

    def subtrees(self, depth_max: int) -> list[bytes]:
        """The hashes of a level of the authenticated tree: see :func:`node.ledger.sparse_merkle.level`."""
        return sparse_merkle.level(self._node, depth_max)

    def update(self, changes: Mapping[tuple[str, str], msgspec.Struct | None]) -> StateTree:
        """The tree with all ``changes`` made; None removes an entry (removing what is not there does nothing)."""
        grouped: dict[str, list[tuple[str, msgspec.Struct | None]]] = {}
        for (namespace, key), record in changes.items():
            group = grouped.get(namespace)
            if group is None:
                group = grouped[namespace] = []
            group.append((key, record))
        result = StateTree()
        result._maps = self._maps.copy()
        result._length = self._length
        made: list[Change] = []
        for namespace, entries in grouped.items():
            old = self._maps.get(namespace)
            if old is None:
                old = OrderedMap()
            result._maps[namespace] = new = old.update(entries, _Leaves(namespace, made).next)
            result._length += len(new) - len(old)
        result._node = sparse_merkle.update(self._node, made) if made else self._node
        return result

    def prove(self, namespace: str, key: str) -> Proof:
        """The proof that the entry is there, or that it is not; check it with :func:`verify_proof`."""
        path = entry_path(namespace, key)
        siblings, met = sparse_merkle.walk(self._node, path)
        if met is sparse_merkle.NOTHING or met.path == path:
            return Proof(siblings, None)
        return Proof(siblings, (met.path, sha256(_encode_record(met.content)).digest()))


class _Leaves:
    """Makes the leaves of one namespace's changed entries, and lists in ``made`` what changes in the tree."""

    __slots__ = ("_made", "_namespace")

    def __init__(self, namespace: str, made: list[Change]) -> None:
        self._namespace = namespace
        self._made = made

    def next(self, key: str, old: Leaf | None, record: msgspec.Struct | None) -> Leaf | None:
        """The entry's leaf after the change: the old one where nothing changes, None where nothing is left."""
        if record is None:
            if old is not None:
                self._made.append((old.path, None))
            return None
        path = sha256(_encode_key((self._namespace, key))).digest() if old is None else old.path
        hashed = sha256(LEAF_PREFIX + path + sha256(_encode_record(record)).digest()).digest()
        if old is not None and old.hash == hashed:
            return old
        leaf = Leaf(hashed, path, record)
        self._made.append((path, leaf))
        return leaf


def verify_proof(root: bytes, namespace: str, key: str, value: bytes | None, proof: Proof) -> bool:
    """Whether ``proof`` shows that the entry's record is exactly ``value`` (None: is absent) under ``root``."""
    value_hash = None if value is None else sha256(value).digest()
    return verify(root, entry_path(namespace, key), value_hash, proof)
