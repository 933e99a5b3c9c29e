"""The event queue, its entries, and the integer that orders them. Data only: a queue can be copied."""

from __future__ import annotations

from heapq import heappop, heappush, heapreplace
from typing import Any

TIME_SHIFT = 34
TIE_SHIFT = 16
TIE_MASK = 0xFFFF
ACTOR_MASK = 0xFFFF

BAND_FAULT = 0 << 32
BAND_HELD = 1 << 32
BAND_ORDINARY = 2 << 32
BAND_OVERDUE = 3 << 32


def key_of(time: int, band: int, tie: int, actor: int) -> int:
    """The order of an event: time, band within the instant, seeded tie, actor's index."""
    return time << TIME_SHIFT | band | tie << TIE_SHIFT | actor


class Flight:
    """One message on its way to one or many receivers. ``keys`` ascend; ``landed`` counts those behind it."""

    __slots__ = ("digest", "keys", "landed", "message", "sender")

    def __init__(self, sender: int, message: Any, keys: list[int], digest: bytes | None = None) -> None:
        self.sender = sender  # index of the sending actor
        self.message = message
        self.keys = keys
        self.landed = 0
        self.digest = digest  # of the message, once somebody asked

    def alone(self, key: int) -> Flight:
        """The same message for one receiver that is not ready for it yet."""
        return Flight(self.sender, self.message, [key], self.digest)


class Tick:
    """A timer's entry comes up."""

    __slots__ = ("generation", "incarnation", "name")

    def __init__(self, incarnation: int, name: str, generation: int) -> None:
        self.incarnation = incarnation
        self.name = name
        self.generation = generation


class Synced:
    """A sync of a disk is through."""

    __slots__ = ("generation",)

    def __init__(self, generation: int) -> None:
        self.generation = generation


class Edge:
    """A fault of the plan, given by its place there, begins or ends."""

    __slots__ = ("begins", "fault")

    def __init__(self, fault: int, *, begins: bool) -> None:
        self.fault = fault
        self.begins = begins


class Boot:
    """An actor's process starts."""

    __slots__ = ("actor",)

    def __init__(self, actor: int) -> None:
        self.actor = actor


Event = Flight | Tick | Synced | Edge | Boot


class Queue:
    """What happens next: a heap of (key, number, event); ``number`` keeps equal keys in order of arrival."""

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, Event]] = []
        self._number = 0

    def push(self, key: int, event: Event) -> None:
        self._number += 1
        heappush(self.heap, (key, self._number, event))

    def take(self) -> tuple[int, Event]:
        """The first event and its key; a flight stays queued for its next receiver. The queue must not be empty."""
        key, number, event = self.heap[0]
        if type(event) is Flight:
            event.landed += 1
            if event.landed < len(event.keys):
                heapreplace(self.heap, (event.keys[event.landed], number, event))
                return key, event
        heappop(self.heap)
        return key, event
