"""Keyed draws: every random word of the virtual world is a function of a key and a position.

A stream is named by its purpose (``"42/links/3/1"``: seed, use, node, incarnation) and its words are
``shake_128(name/block)``. Nothing is shared between streams, so taking one fault out of a plan leaves the
latencies of every other node as they were, and a failing plan can be shrunk.

A message's latency and tie at a receiver are *one* word. What else may befall it is decided by the word at the same
position of another stream (:class:`Strikes`), so that switching loss on or off does not move a single latency either.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from hashlib import shake_128

WORDS_PER_BLOCK = 512
FIRST_WORDS = 8
"""Of its first block a stream draws no more than this to begin with: many streams are asked for one number."""
STRIKES_PER_BLOCK = 128
WORD_BITS = 32
MILLION = 1_000_000

_MASK = 0xFFFFFFFF


class Stream:
    """An endless sequence of 32-bit words that depends on ``name`` alone. Holds data only, so it can be copied."""

    __slots__ = ("_at", "_block", "_name", "_words")

    def __init__(self, name: str) -> None:
        self._name = name
        self._block = 0
        self._words: array[int] = array("I")
        self._at = 0

    def take(self, count: int) -> array[int]:
        """The next ``count`` words."""
        end = self._at + count
        if end > len(self._words):
            self._refill(count)
            end = count
        words = self._words[self._at : end]
        self._at = end
        return words

    def word(self) -> int:
        """The next word."""
        at = self._at
        if at == len(self._words):
            self._refill(1)
            at = 0
        self._at = at + 1
        return self._words[at]

    def bits64(self) -> int:
        """The next 64 random bits, as :class:`consensus.protocols.Setup` wants its ``random``."""
        low, high = self.take(2)
        return high << WORD_BITS | low

    def below(self, bound: int) -> int:
        """An integer in ``range(bound)``; the bias is under bound / 2**64."""
        return self.bits64() * bound >> 64

    def _refill(self, count: int) -> None:
        words = self._words[self._at :]
        if not self._block:
            few = not self._words and count <= FIRST_WORDS
            words = words_of(f"{self._name}/0", FIRST_WORDS if few else WORDS_PER_BLOCK)[self._at :]
            self._block = 0 if few else 1
        while len(words) < count:
            words.extend(words_of(f"{self._name}/{self._block}", WORDS_PER_BLOCK))
            self._block += 1
        self._words = words
        self._at = 0


class Strikes:
    """Which of the words named ``name`` lie below ``limit``: what befalls messages, by the count of what was sent.

    Few words do, so whoever asks looks at :attr:`clear` first. Positions must be asked for in ascending order.
    """

    __slots__ = ("_found", "_limit", "_name", "_searched", "clear")

    def __init__(self, name: str, limit: int, start: int) -> None:
        self._name = name
        self._limit = limit
        self._found: deque[tuple[int, int]] = deque()
        self._searched = start // STRIKES_PER_BLOCK  # how many blocks are behind us
        self.clear = start
        """Nothing is struck between the end of what was last asked for and this position."""

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """The struck positions in ``range(start, end)``, each with its word."""
        self._searched = max(self._searched, start // STRIKES_PER_BLOCK)
        while self._searched * STRIKES_PER_BLOCK < end:
            self._search()
        found, struck = self._found, []
        while found and found[0][0] < end:
            position, word = found.popleft()
            if position >= start:
                struck.append((position, word))
        self.clear = found[0][0] if found else self._searched * STRIKES_PER_BLOCK
        return struck

    def _search(self) -> None:
        """Look through the next block."""
        words = words_of(f"{self._name}/{self._searched}", STRIKES_PER_BLOCK)
        if min(words) < self._limit:
            at = self._searched * STRIKES_PER_BLOCK
            self._found.extend((at + place, word) for place, word in enumerate(words) if word < self._limit)
        self._searched += 1


def words_of(name: str, count: int) -> array[int]:
    """The first ``count`` words of ``shake_128(name)``: draws that nothing but their name decides."""
    words = array("I")
    assert words.itemsize * 8 == WORD_BITS, "array('I') holds 32-bit words on every platform that CPython supports"  # noqa: S101
    words.frombytes(shake_128(name.encode()).digest(4 * count))
    if sys.byteorder == "big":
        words.byteswap()
    return words


def mixed(word: int, salt: int) -> int:
    """A second 32-bit word from ``word``, independent of it for our purposes (murmur3's finaliser)."""
    word = (word ^ salt) * 0x85EBCA6B & _MASK
    word = (word ^ word >> 13) * 0xC2B2AE35 & _MASK
    return word ^ word >> 16
