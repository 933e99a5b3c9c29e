"""The log: the chain's blocks, the older ones forgotten.

An entry's index is its block's height, its term the block's round. The entry just before the first one held
is known by index, term and hash alone (the *base*; at first that is the genesis block, of term 0). Because
every block names its parent's hash, equal hashes at one index mean equal logs up to there: the Log Matching
Property (paper, section 5.3) with cryptographic force.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeVar

from consensus.chain import Block

_Known = TypeVar("_Known", int, bytes)


class Log:
    """Blocks ``base_index + 1 .. last_index``, each the parent of the next.

    Invariants: ``base_index <= commit index <= last_index`` (the caller's commit index); terms never fall;
    ``last_index == base_index + len(_blocks)``, which is held because it is asked for at every turn. ``_ends`` holds,
    for the base and every block after it, how many bytes of transactions came up to its end.
    """

    __slots__ = ("_blocks", "_ends", "base_hash", "base_index", "base_term", "last_index")

    def __init__(self, base_index: int, base_term: int, base_hash: bytes) -> None:
        self.base_index = base_index
        self.base_term = base_term
        self.base_hash = base_hash
        self._blocks: list[Block] = []
        self._ends: list[int] = [0]
        self.last_index = base_index

    @property
    def last_term(self) -> int:
        return self._blocks[-1].header.round if self._blocks else self.base_term

    @property
    def last_hash(self) -> bytes:
        return self._blocks[-1].header.hash if self._blocks else self.base_hash

    def holds(self, index: int) -> bool:
        """Whether the term and hash at ``index`` are known here (the base included)."""
        return self.base_index <= index <= self.last_index

    def term_at(self, index: int) -> int:
        """The term of the entry at ``index``, which must be held."""
        position = index - self.base_index - 1
        return self._blocks[position].header.round if position >= 0 else self._base(position, self.base_term)

    def hash_at(self, index: int) -> bytes:
        """The hash of the block at ``index``, which must be held."""
        position = index - self.base_index - 1
        return self._blocks[position].header.hash if position >= 0 else self._base(position, self.base_hash)

    def _base(self, position: int, value: _Known) -> _Known:
        """What is known of the base, of which alone anything is known below the blocks."""
        if position < -1:
            raise IndexError(f"the log starts after {self.base_index}; {self.base_index + 1 + position} is gone")
        return value

    def block_at(self, index: int) -> Block:
        """The block at ``index``; IndexError at or below the base and beyond the end."""
        position = index - self.base_index - 1
        if position < 0:
            raise IndexError(f"the log starts after {self.base_index}; {index} is gone")
        return self._blocks[position]

    def blocks_from(self, start: int, count_max: int, bytes_max: int) -> tuple[Block, ...]:
        """Blocks from ``start`` on, within both limits, but at least one where there is one."""
        position = start - self.base_index - 1
        ends = self._ends
        last = min(position + count_max, len(self._blocks))
        if last - position > 1 and ends[last] - ends[position] > bytes_max:
            last = max(position + 1, bisect_right(ends, ends[position] + bytes_max, position, last) - 1)
        return tuple(self._blocks[position:last])

    def bytes_between(self, after: int, upto: int) -> int:
        """Bytes of transactions in the entries ``after + 1 .. upto``; both must be held."""
        return self._ends[upto - self.base_index] - self._ends[after - self.base_index]

    def append(self, block: Block) -> None:
        """Add the next block; its place and parent were checked by the caller."""
        assert block.header.height == self.last_index + 1  # noqa: S101  an invariant, not input
        self._blocks.append(block)
        self.last_index += 1
        self._ends.append(self._ends[-1] + sum(map(len, block.transactions)))

    def truncate(self, start: int) -> None:
        """Forget the entries from ``start`` on (a follower's conflicting tail, section 5.3)."""
        assert start > self.base_index  # noqa: S101  committed entries are never truncated
        del self._blocks[start - self.base_index - 1 :]
        self.last_index = self.base_index + len(self._blocks)
        del self._ends[start - self.base_index :]

    def compact(self, index: int) -> None:
        """Make ``index`` the base: forget the entries up to it, which the ledger holds."""
        count = index - self.base_index
        if count <= 0:
            return
        base = self.block_at(index)
        del self._blocks[:count]
        del self._ends[:count]
        self.base_index = index
        self.base_term = base.header.round
        self.base_hash = base.header.hash

    def restart(self, index: int, term: int, block_hash: bytes) -> bool:
        """Make this entry, committed elsewhere, the base. True where the log agrees there: what follows it stays.

        Otherwise everything goes (section 7: a snapshot at its receiver).
        """
        if index <= self.last_index and self.hash_at(index) == block_hash:
            self.compact(index)
            return True
        self.base_index, self.base_term, self.base_hash = index, term, block_hash
        self._blocks, self._ends, self.last_index = [], [0], index
        return False

    def is_up_to_date(self, last_index: int, last_term: int) -> bool:
        """Whether a log that ends in (``last_index``, ``last_term``) is at least as complete as this one.

        The later last term wins; with equal last terms the longer log does (section 5.4.1).
        """
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def first_index_of_term_at(self, index: int) -> int:
        """The first index held whose term is that of the entry at ``index``."""
        term = self.term_at(index)
        while index - 1 > self.base_index and self.term_at(index - 1) == term:
            index -= 1
        return index

    def last_index_of_term(self, term: int, at_most: int) -> int | None:
        """The last index up to ``at_most`` whose entry has exactly this term, or None."""
        index = min(at_most, self.last_index)
        while index >= self.base_index:
            found = self.term_at(index)
            if found == term:
                return index
            if found < term:
                return None
            index -= 1
        return None

    def hashes(self) -> tuple[bytes, ...]:
        """The hashes of everything held, the base first (for digests of the whole state)."""
        return (self.base_hash, *(block.header.hash for block in self._blocks))
