"""The leak scan: does a value lie where nobody should have it?

Canaries are values that a scenario declares with the parties who may hold them. They are looked for, as text and as
hexadecimal text, in everything durable of every node, in its logs, and in everything that went over the bus. At the
parties they must be found, in the vault, or the scan would prove nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from scenarios.language.models.world import Canary
from scenarios.language.schema import Scenario

BUS = "the bus"
_CHUNK_BYTES = 1 << 20
_SQLITE_MAGIC = b"SQLite format 3\x00"
_encode = msgspec.msgpack.Encoder().encode


class LeakScan:
    """Gathers sightings of canaries by place (a node's name, or :data:`BUS`)."""

    def __init__(self, canaries: Sequence[Canary]) -> None:
        self._canaries = canaries
        self._needles = [(canary.id, needle) for canary in canaries for needle in _spellings(str(canary.value))]
        self.longest = max((len(needle) for _, needle in self._needles), default=0)
        self._sightings: dict[tuple[str, str], str] = {}
        self.bytes_scanned = 0

    def look(self, place: str, blob: bytes, where: str) -> None:
        """Look through ``blob``; ``where`` says in words what it is."""
        self.bytes_scanned += len(blob)
        for identifier, needle in self._needles:
            if (place, identifier) not in self._sightings and needle in blob:
                self._sightings[place, identifier] = where

    def look_at_value(self, place: str, value: Any, where: str) -> None:
        """Look through what ``value`` is at rest or on the wire."""
        self.look(place, _encode(value), where)

    def leaks(self) -> list[str]:
        """What lies where it may not."""
        allowed = {(holder, canary.id) for canary in self._canaries for holder in canary.holders}
        return [
            f"`{identifier}` lies at {place} ({where})"
            for (place, identifier), where in sorted(self._sightings.items())
            if (place, identifier) not in allowed
        ]

    def missing(self, nodes: Iterable[str]) -> list[str]:
        """What a party that may hold it, and has a node, does not hold."""
        return [
            f"`{canary.id}` is not at {holder}"
            for canary in self._canaries
            for holder in canary.holders
            if holder in set(nodes) and (holder, canary.id) not in self._sightings
        ]


class Searcher(Protocol):
    """Looks for something in bytes; what it looks for is no longer than ``longest`` bytes."""

    longest: int

    def look(self, place: str, blob: bytes, where: str) -> None: ...


def look_through(searchers: Sequence[Searcher], place: str, path: Path) -> None:
    """Look through a file, however large; through a database's values besides, which its pages may cut in two."""
    longest = max((searcher.longest for searcher in searchers), default=0)
    with path.open("rb") as file:
        rest = b""
        while chunk := file.read(_CHUNK_BYTES):
            for searcher in searchers:
                searcher.look(place, rest + chunk, path.name)
            rest = chunk[-longest:] if longest else b""
    for value in _values(path):
        for searcher in searchers:
            searcher.look(place, value, path.name)


def scan_for(scenario: Scenario) -> LeakScan | None:
    """A scan where the scenario expects privacy and names canaries; otherwise nothing is looked for."""
    return LeakScan(scenario.canaries) if scenario.canaries and "privacy" in scenario.expect.safety else None


def _values(path: Path) -> Iterator[bytes]:
    """Every value in the SQLite database at ``path``, as bytes; nothing where there is none, or none that reads."""
    with path.open("rb") as file:
        if file.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
            return
    with contextlib.closing(sqlite3.connect(path)) as database, contextlib.suppress(sqlite3.DatabaseError):
        for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the name is the database's own
                yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)


def _spellings(text: str) -> tuple[bytes, ...]:
    raw = text.encode()
    return (raw, raw.hex().encode())
