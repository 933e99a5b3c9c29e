"""A simulated disk: what was written becomes durable a sync later, and a crash loses the rest.

Writes are group-committed: what is written while a sync runs goes with the next one. Values are kept by
reference, so messages and records must be immutable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from consensus.vocabulary import Cut, Drop, Image, Put, Record

NO_END = 2**63


class Disk:
    """One node's disk. It survives the node's crashes; the world tells it when syncs begin and end."""

    def __init__(self) -> None:
        self.image: Image = {}
        self.written = 0  # writes so far, over all incarnations; a write's ticket is its count
        self.durable = 0  # the last ticket that is durable. Invariant: durable <= syncing <= written
        self.syncing = 0  # the last ticket of the running sync; equal to durable when none runs
        self.generation = 0  # of the last sync begun; a completion that names an older one comes too late
        self._pending: deque[tuple[Record, ...]] = deque()

    def write(self, records: tuple[Record, ...]) -> int:
        """Queue ``records``, all or none; returns the ticket that :attr:`durable` will reach."""
        self._pending.append(records)
        self.written += 1
        return self.written

    @property
    def idle(self) -> bool:
        """Is no sync under way?"""
        return self.syncing == self.durable

    @property
    def waiting(self) -> bool:
        """Is there anything that the running sync does not cover?"""
        return self.written > self.syncing

    def begin_sync(self) -> int:
        """Start making everything written so far durable; returns the sync's generation."""
        self.syncing = self.written
        self.generation += 1
        return self.generation

    def end_sync(self, generation: int) -> list[tuple[Record, ...]]:
        """The running sync is through: apply its writes and return them, in order."""
        assert generation == self.generation, "the completion of a sync that a crash undid is not passed on"  # noqa: S101
        return self._apply(self.syncing - self.durable)

    def crash(self, survivors: int, torn: int = 0) -> list[tuple[Record, ...]]:
        """Lose what is not durable; of the running sync's writes the first ``survivors`` made it just in time.

        Of the write after those, ``torn`` records reached a disk without a journal (at least one stays out). Returns
        the records that did. Nobody was told that they are durable: a restart finds them all the same.
        """
        survivors = min(survivors, self.in_flight)
        part = self._pending[survivors][:torn] if survivors < self.in_flight else ()
        applied = self._apply(survivors)
        if part:
            apply_records(self.image, part)
            applied.append(part)
        self._pending.clear()
        self.written = self.syncing = self.durable
        self.generation += 1
        return applied

    def records_in_flight(self, place: int) -> int:
        """How many records the running sync's write at ``place`` has."""
        return len(self._pending[place])

    @property
    def in_flight(self) -> int:
        """How many writes the running sync covers."""
        return self.syncing - self.durable

    def contents(self) -> Image:
        """A copy of what is durable, as a restart finds it: values by reference, dictionaries fresh."""
        return {space: dict(entries) for space, entries in self.image.items()}

    def _apply(self, count: int) -> list[tuple[Record, ...]]:
        batch = [self._pending.popleft() for _ in range(count)]
        for records in batch:
            apply_records(self.image, records)
        self.durable += count
        return batch


def apply_records(image: Image, records: Sequence[Record]) -> None:
    """Apply durable ``records`` to ``image`` in order."""
    for record in records:
        if type(record) is Put:
            image.setdefault(record.space, {})[record.key] = record.value
        elif type(record) is Cut:
            _remove(image, record.space, record.start, NO_END)
        elif type(record) is Drop:
            _remove(image, record.space, -NO_END, record.end)
        else:
            raise TypeError(f"not a durable record: {record!r}")


def _remove(image: Image, space: str, start: int, end: int) -> None:
    """Remove the integer keys from ``start`` to below ``end``; text keys stay."""
    entries = image.get(space, {})
    for key in [key for key in entries if isinstance(key, int) and start <= key < end]:
        del entries[key]
