"""A persistent sorted map from strings to values, made for a chain: the newest version is read and updated in no time.

All versions share one ordinary dictionary, the *table*, which is that of the newest; every other version knows the
next one and what to undo of it (Baker, "Shallow binding makes functional arrays fast", 1991). So a lookup in the newest
costs what a dictionary costs and an update copies nothing, where a persistent tree copies a node with dozens of
references per changed key. An old version stays valid: a lookup there passes the versions in between, and whoever
updates an old one moves the table back to it. The order of the keys, which changes only where one comes or goes, is
kept by :class:`~node.ledger.sorted_keys.SortedKeys`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from node.ledger.sorted_keys import SortedKeys

V = TypeVar("V")
C = TypeVar("C")

STEPS_MAX = 16
"""How many versions a lookup in an old one may pass, before the way is made short for those that follow."""


class _Version(Generic[V]):
    """Invariant: either it has the table, or there is a ``newer`` one and ``undo`` has all in which the two differ."""

    __slots__ = ("newer", "table", "undo")

    def __init__(self, table: dict[str, V]) -> None:
        self.table: dict[str, V] | None = table
        self.newer: _Version[V] | None = None
        self.undo: dict[str, V | None] = {}

    def get(self, key: str) -> V | None:
        version = self
        steps = 0
        while version.newer is not None:
            if key in version.undo:
                return version.undo[key]
            version = version.newer
            steps += 1
        if steps > STEPS_MAX:
            self._shorten(version)
        assert version.table is not None  # noqa: S101 - the invariant
        return version.table.get(key)

    def _shorten(self, owner: _Version[V]) -> None:
        """Let all differences from the version that has the table stand here."""
        undo = self.undo.copy()
        version = self.newer
        while version is not None and version is not owner:
            undo = {**version.undo, **undo}
            version = version.newer
        self.undo, self.newer = undo, owner

    def fetch(self) -> dict[str, V]:
        """The table, moved to this version: what was undone is undone in it, and the others learn to redo it."""
        way = [self]
        while way[-1].newer is not None:
            way.append(way[-1].newer)
        owner = way.pop()
        assert owner.table is not None  # noqa: S101 - the invariant
        for version in reversed(way):
            version.table = table = owner.table
            owner.undo = {key: table.get(key) for key in version.undo}
            _apply(table, version.undo)
            owner.table, owner.newer = None, version
            version.undo, version.newer = {}, None
            owner = version
        assert self.table is not None  # noqa: S101 - the invariant
        return self.table


def _apply(table: dict[str, V], changes: dict[str, V | None]) -> None:
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


class OrderedMap(Generic[V]):
    """Immutable to its users; keys compare by code point. Start from ``OrderedMap()``. For one thread."""

    __slots__ = ("_keys", "_length", "_version")

    def __init__(self) -> None:
        self._keys = SortedKeys()
        self._length = 0
        self._version: _Version[V] = _Version({})

    def __len__(self) -> int:
        return self._length

    def get(self, key: str) -> V | None:
        """The value at ``key``, or None."""
        table = self._version.table
        return self._version.get(key) if table is None else table.get(key)

    def items(self, prefix: str = "") -> Iterator[tuple[str, V]]:
        """Every (key, value) whose key starts with ``prefix``, in order of key."""
        for key in self._keys.starting(prefix):
            value = self.get(key)
            assert value is not None  # noqa: S101 - the keys are those of the table
            yield key, value

    def update(
        self, changes: Iterable[tuple[str, C]], becomes: Callable[[str, V | None, C], V | None]
    ) -> OrderedMap[V]:
        """The map after ``changes``, each of another key.

        ``becomes`` is asked, for each in turn, what (key, value or None, change) leads to: a value, or None for none.
        What it raises leaves everything as it was.
        """
        table = self._version.fetch()
        fresh: dict[str, V | None] = {}
        undo: dict[str, V | None] = {}
        moved: list[tuple[str, bool]] = []  # keys that come (True) or go
        for key, change in changes:
            old = table.get(key)
            new = becomes(key, old, change)
            if new is not old:
                fresh[key] = new
                undo[key] = old
                if new is None or old is None:
                    moved.append((key, old is None))
        if not fresh:
            return self
        _apply(table, fresh)
        result: OrderedMap[V] = OrderedMap()
        result._version = _Version(table)
        self._version.table, self._version.newer, self._version.undo = None, result._version, undo
        result._keys = self._keys.update(sorted(moved)) if moved else self._keys
        result._length = self._length + sum(1 if came else -1 for _, came in moved)
        return result
