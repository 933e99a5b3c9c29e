"""What a crash left of SQLite's write-ahead log: a tail that never counted, or damage to what did.

SQLite itself takes the log's frames up to the first whose checksum fails, and forgets the rest without a word. That is
right where the rest is the append that a crash cut short: it was never synced, so nobody was told of it. It is wrong
where a frame *before* the last append fails: each append is synced before the next begins, so what follows proves that
the damaged one had counted, and it may hold a vote. This module tells the two apart before SQLite looks at the file.

One case cannot be told apart from the log alone: damage to the very last append looks like an append cut short
(Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, section 3.3). It is taken for that.

Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. All integers are big-endian.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from sys import byteorder
from typing import NamedTuple

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
_MAGIC = {0x377F0682: "little", 0x377F0683: "big"}
"""The log's first word, and the order of bytes in which its checksums read words."""

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_Sums = tuple[int, int]


class WalError(Exception):
    """The log is damaged where it counted; ``offset`` is the byte at which the damage begins or shows."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


class TornTail(NamedTuple):
    """The last append, which a crash cut short: its first byte, and how many bytes of it there are."""

    offset: int
    length: int


class _Frame(NamedTuple):
    """What a frame's header says, and whether it counts."""

    ours: bool  # of this generation of the log, not left over from one that was checkpointed
    commits: bool  # the last frame of an append
    sound: bool  # its checksum, which covers all frames before it, is right


def torn_tail(path: Path) -> TornTail | None:
    """The tail of the log at ``path`` that SQLite will drop, rightly; None where there is none (or no log).

    WalError where SQLite would drop what had counted.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(raw) <= HEADER_BYTES:
        return None  # the header is synced before the first frame is written: nothing was in it
    size, order, salts, sums = _begin(raw)
    length = FRAME_HEADER_BYTES + size
    committed = HEADER_BYTES
    failed = -1
    ended = False  # an append ended at the frame that failed, or after it
    last = HEADER_BYTES
    for place, frame in enumerate(_frames(raw, size, order, salts, sums)):
        offset = HEADER_BYTES + place * length
        if failed < 0 and not frame.sound:
            failed = offset
        if frame.ours:
            if ended:
                raise WalError(failed, f"a page of an append that counted fails its checksum; more follows at {offset}")
            last = offset + length
            if failed < 0:
                committed = last if frame.commits else committed
            else:
                ended = frame.commits
    end = last if last + length <= len(raw) or failed >= 0 else len(raw)
    return TornTail(committed, min(end, len(raw)) - committed) if end > committed else None


def _begin(raw: bytes) -> tuple[int, str, _Sums, _Sums]:
    """Page size, order of words, salts and checksum of the header; WalError where it is none."""
    magic, _version, size, _sequence, *salts_and_sums = _HEADER.unpack_from(raw)
    order = _MAGIC.get(magic)
    if order is not None:
        sums = _checksum(raw[: HEADER_BYTES - 8], order, (0, 0))
        if sums == tuple(salts_and_sums[2:]) and size:
            return size, order, (salts_and_sums[0], salts_and_sums[1]), sums
    raise WalError(0, "the header of the log is damaged, and with it all that follows")


def _frames(raw: bytes, size: int, order: str, salts: _Sums, sums: _Sums) -> Iterator[_Frame]:
    """Every whole frame of the file in order."""
    view = memoryview(raw)
    chained = True
    for offset in range(HEADER_BYTES, len(raw) - FRAME_HEADER_BYTES - size + 1, FRAME_HEADER_BYTES + size):
        _page, commit_pages, first, second, *stated = _FRAME.unpack_from(raw, offset)
        if chained:
            sums = _checksum(view[offset : offset + 8], order, sums)
            body = offset + FRAME_HEADER_BYTES
            sums = _checksum(view[body : body + size], order, sums)
        chained = chained and (first, second) == salts and sums == tuple(stated)
        # Generations differ in both salts: where one of them is ours, the other was damaged.
        yield _Frame(ours=first == salts[0] or second == salts[1], commits=commit_pages > 0, sound=chained)


def _checksum(data: bytes | memoryview, order: str, sums: _Sums) -> _Sums:
    """SQLite's running checksum, over 32-bit words in the given order."""
    words = array("I", bytes(data))
    if order != byteorder:
        words.byteswap()
    one, other = sums
    turns = iter(words)
    for first, second in zip(turns, turns, strict=True):
        one = one + first + other & 0xFFFFFFFF
        other = other + second + one & 0xFFFFFFFF
    return one, other
