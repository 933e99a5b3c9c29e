"""A persistent sorted set of strings: every update gives a new set that shares most of the old one.

The keys lie, in order, in chunks of at most ``CHUNK_KEYS_MAX``; an update copies the chunks that it touches and the
list of chunks, nothing else. That is two levels where a B-tree would have three: at 10^6 keys the list of chunks
has some 23,000 entries, and copying it once per block costs less than a third level costs per key.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

CHUNK_KEYS_MAX = 64

_Chunk = tuple[str, ...]
"""Invariant: strictly ascending, and not empty. A tuple, which the garbage collector leaves alone."""

_first = itemgetter(0)


class SortedKeys:
    """Immutable; keys compare by code point. Start from ``SortedKeys()``."""

    __slots__ = ("_chunks",)

    _chunks: list[_Chunk]  # in order

    def __init__(self) -> None:
        self._chunks = []

    def starting(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with ``prefix``, in order."""
        for place in range(self._place(prefix), len(self._chunks)):
            chunk = self._chunks[place]
            for key in chunk[bisect_left(chunk, prefix) :]:
                if not key.startswith(prefix):
                    return
                yield key

    def update(self, changes: Sequence[tuple[str, bool]]) -> SortedKeys:
        """The set after ``changes``, in ascending order: (key that is not in it, True) or (key that is, False)."""
        chunks: list[_Chunk] = []
        done = start = 0  # ``done``: chunks of the old set already taken over
        while start < len(changes):
            place = self._place(changes[start][0])
            bound = self._chunks[place + 1][0] if place + 1 < len(self._chunks) else None
            end = start + 1
            while end < len(changes) and (bound is None or changes[end][0] < bound):
                end += 1
            chunks += self._chunks[done:place]
            chunks += _changed(self._chunks[place] if self._chunks else (), changes[start:end])
            done, start = place + 1, end
        result = SortedKeys()
        result._chunks = chunks + self._chunks[done:]
        return result

    def _place(self, key: str) -> int:
        """Which chunk ``key`` belongs to; 0 where there is none."""
        return max(bisect_right(self._chunks, key, key=_first) - 1, 0)


def _changed(chunk: _Chunk, changes: Sequence[tuple[str, bool]]) -> list[_Chunk]:
    """``chunk`` after ``changes``: no chunk when nothing is left, several when it outgrew its size."""
    keys = list(chunk)
    for key, added in changes:
        index = bisect_left(keys, key)
        if added:
            keys.insert(index, key)
        else:
            del keys[index]
    if len(keys) <= CHUNK_KEYS_MAX:
        return [tuple(keys)] if keys else []
    size = CHUNK_KEYS_MAX // 2
    return [tuple(keys[at : at + size]) for at in range(0, len(keys), size)]
