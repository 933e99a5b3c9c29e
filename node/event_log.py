"""The events of the latest blocks, as far back as a node remembers them, for clients who subscribe.

Nothing durable: a node that restarts executes its blocks again and knows their events again. What was skipped with a
snapshot is known once it is fetched and executed; until then the log ends where the gap begins, so that nobody is told
of events out of order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from consensus.chain import Block
from network.requests import Happening, Place
from node.contracts.context import Event
from node.contracts.runtime import Execution

_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Blocked(msgspec.Struct, frozen=True):
    """The events of one block, which has some."""

    height: int
    block: bytes
    events: tuple[Event, ...]


class EventLog:
    """Events in order of (height, number in the block). Invariant: each block from ``first`` below ``end`` is known."""

    def __init__(self, kept_max: int) -> None:
        self._kept_max = kept_max
        self._kept = 0
        self._blocks: list[Blocked] = []
        self._ahead: dict[int, Blocked | None] = {}  # above a gap; None: a block without events
        self.first = 1
        self.end = 1

    def record(self, block: Block, execution: Execution) -> None:
        """Take note of what a block did; of a block that is known already, nothing."""
        if block.height < self.end:
            return
        events = tuple(event for outcome in execution.outcomes for event in outcome.events)
        self._ahead[block.height] = Blocked(block.height, block.hash, events) if events else None
        while self.end in self._ahead:
            blocked = self._ahead.pop(self.end)
            self.end += 1
            if blocked is not None:
                self._blocks.append(blocked)
                self._kept += len(blocked.events)
        self._forget()

    def after(self, place: Place) -> Iterator[tuple[Place, bytes, Event]]:
        """(place, hash of the block, event) from ``place`` on, in order."""
        height, number = place
        start = bisect_left(self._blocks, height, key=lambda blocked: blocked.height)
        for blocked in self._blocks[start:]:
            begin = number if blocked.height == height else 0
            for index in range(begin, len(blocked.events)):
                yield (blocked.height, index), blocked.block, blocked.events[index]

    def _forget(self) -> None:
        """Let the oldest go, many at a time: a list is cut at its beginning seldom."""
        if self._kept <= self._kept_max:
            return
        dropped = 0
        while self._kept > self._kept_max // 2:
            self._kept -= len(self._blocks[dropped].events)
            dropped += 1
        self.first = self._blocks[dropped - 1].height + 1
        del self._blocks[:dropped]


def happening(place: Place, block: bytes, event: Event) -> Happening:
    """The event as clients are told of it."""
    return Happening(place, block, event.contract, event.kind, _encode(event.values))
