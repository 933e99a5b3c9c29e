"""A persistent sorted map from strings to records: every update gives a new map that shares most of the old one.

The keys lie, in order, in chunks of at most ``CHUNK_KEYS_MAX``; an update copies the chunks that it touches and the
list of chunks, nothing else. That is two levels where a B-tree would have three: at 10^6 keys the list of chunks
has some 12,000 entries, and copying it once per block costs less than a third level costs per key.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

CHUNK_KEYS_MAX = 128


class _Chunk(msgspec.Struct, frozen=True, gc=False):
    """Invariant: ``keys`` strictly ascend, are not empty, and ``values`` is as long. Never mutated once built."""

    keys: list[str]
    values: list[Any]


class OrderedMap:
    """Immutable; keys compare by code point. Start from ``OrderedMap()``."""

    __slots__ = ("_chunks", "_firsts", "_length")

    _chunks: list[_Chunk]
    _firsts: list[str]  # Invariant: _firsts[i] == _chunks[i].keys[0]
    _length: int

    def __init__(self) -> None:
        self._chunks = []
        self._firsts = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def get(self, key: str) -> Any | None:
        """The record at ``key``, or None."""
        place = bisect_right(self._firsts, key) - 1
        if place < 0:
            return None
        chunk = self._chunks[place]
        index = bisect_left(chunk.keys, key)
        if index < len(chunk.keys) and chunk.keys[index] == key:
            return chunk.values[index]
        return None

    def items(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Every (key, record) whose key starts with ``prefix``, in order of key."""
        place = max(bisect_right(self._firsts, prefix) - 1, 0)
        for chunk in self._chunks[place:]:
            index = bisect_left(chunk.keys, prefix)
            for key, value in zip(chunk.keys[index:], chunk.values[index:], strict=True):
                if not key.startswith(prefix):
                    return
                yield key, value

    def update(self, changes: Sequence[tuple[str, Any | None]]) -> OrderedMap:
        """The map with ``changes`` (keys strictly ascending; None removes) made."""
        chunks: list[_Chunk] = []
        firsts: list[str] = []
        done = 0  # chunks of the old map already taken over
        start = grown = 0
        while start < len(changes):
            place = max(bisect_right(self._firsts, changes[start][0]) - 1, 0)
            end = len(changes)
            if place + 1 < len(self._firsts):
                bound = self._firsts[place + 1]
                end = bisect_left(changes, bound, lo=start, key=lambda change: change[0])
            chunks += self._chunks[done:place]
            firsts += self._firsts[done:place]
            old = self._chunks[place] if self._chunks else _NOTHING
            fresh = _changed(old, changes[start:end])
            grown += sum(len(chunk.keys) for chunk in fresh) - len(old.keys)
            chunks += fresh
            firsts += [chunk.keys[0] for chunk in fresh]
            done, start = place + 1, end
        chunks += self._chunks[done:]
        result = OrderedMap()
        result._chunks = chunks
        result._firsts = firsts + self._firsts[done:]
        result._length = self._length + grown
        return result


_NOTHING = _Chunk([], [])


def _changed(chunk: _Chunk, changes: Sequence[tuple[str, Any | None]]) -> list[_Chunk]:
    """``chunk`` with ``changes`` made: no chunk when nothing is left, several when it outgrew its size."""
    keys, values = chunk.keys, chunk.values.copy()
    for key, value in changes:
        index = bisect_left(keys, key)
        known = index < len(keys) and keys[index] == key
        if known and value is not None:
            values[index] = value
        elif known or value is not None:
            keys = keys.copy() if keys is chunk.keys else keys  # most updates keep the keys and share their list
            if known:
                del keys[index], values[index]
            else:
                keys.insert(index, key)
                values.insert(index, value)
    if len(keys) <= CHUNK_KEYS_MAX:
        return [_Chunk(keys, values)] if keys else []
    size = CHUNK_KEYS_MAX // 2
    return [_Chunk(keys[at : at + size], values[at : at + size]) for at in range(0, len(keys), size)]
