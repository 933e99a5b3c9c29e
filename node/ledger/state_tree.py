"""The state 状态: an immutable map of (namespace, key) to records, authenticated by one root.

Records are frozen msgspec structs, encoded as msgpack maps whose keys ascend. An entry's path in the tree is
SHA-256 of msgpack ``[namespace, key]``, and its leaf commits to SHA-256 of the record's bytes
(``docs/ledger-format.md``, section "State"). Every tree stays valid for ever and costs nothing to keep: fork it,
throw it away, prove from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from node.ledger import sparse_merkle
from node.ledger.ordered_map import OrderedMap
from node.ledger.sparse_merkle import Proof

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

    _maps: dict[str, OrderedMap]  # Invariant: holds the same entries as the tree below _node
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
        return None if entries is None else entries.get(key)

    def items(self, namespace: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """The namespace's (key, record) in order of key, those alone whose key starts with ``prefix``."""
        entries = self._maps.get(namespace)
        return iter(()) if entries is None else entries.items(prefix)

    def namespaces(self) -> tuple[str, ...]:
        """Those that hold or held an entry, in order."""
        return tuple(sorted(self._maps))

    def subtrees(self, depth_max: int) -> list[bytes]:
        """The hashes of a level of the authenticated tree: see :func:`node.ledger.sparse_merkle.level`."""
        return sparse_merkle.level(self._node, depth_max)

    def update(self, changes: Mapping[tuple[str, str], msgspec.Struct | None]) -> StateTree:
        """The tree with all ``changes`` made; None removes an entry (removing what is not there does nothing)."""
        result = StateTree()
        result._maps = self._maps.copy()
        result._length = self._length
        paths: list[sparse_merkle.Change] = []
        grouped: dict[str, list[tuple[str, msgspec.Struct | None]]] = {}
        for (namespace, key), record in changes.items():
            value_hash = None if record is None else sha256(_encode_record(record)).digest()
            paths.append((sha256(_encode_key((namespace, key))).digest(), value_hash))
            grouped.setdefault(namespace, []).append((key, record))
        for namespace, entries in grouped.items():
            entries.sort(key=_first)
            old = self._maps.get(namespace, _NO_ENTRIES)
            result._maps[namespace] = new = old.update(entries)
            result._length += len(new) - len(old)
        paths.sort(key=_first)
        result._node = sparse_merkle.update(self._node, paths)
        return result

    def prove(self, namespace: str, key: str) -> Proof:
        """The proof that the entry is there, or that it is not; check it with :func:`verify_proof`."""
        return sparse_merkle.prove(self._node, entry_path(namespace, key))


_NO_ENTRIES = OrderedMap()


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def verify_proof(root: bytes, namespace: str, key: str, value: bytes | None, proof: Proof) -> bool:
    """Whether ``proof`` shows that the entry's record is exactly ``value`` (None: is absent) under ``root``."""
    value_hash = None if value is None else sha256(value).digest()
    return sparse_merkle.verify(root, entry_path(namespace, key), value_hash, proof)
