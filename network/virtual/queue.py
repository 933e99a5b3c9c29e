"""The event queue, its entries, and the integer that orders them. Data only: a queue can be copied.

An entry is ONE integer: time, band within the instant, seeded tie, actor, and the number of its event, from the most
significant bits down. So the heap compares plain integers, and events are looked up by number.
"""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappop, heappush, heapreplace
from operator import neg
from typing import Any

import msgspec

from consensus.vocabulary import NodeId

NUMBER_BITS = 40
NUMBER_MASK = (1 << NUMBER_BITS) - 1
ACTOR_BITS = TIE_BITS = 16
ACTOR_SHIFT = NUMBER_BITS
ACTOR_MASK = (1 << ACTOR_BITS) - 1
TIE_SHIFT = ACTOR_SHIFT + ACTOR_BITS
TIE_MASK = (1 << TIE_BITS) - 1
_BAND_SHIFT = TIE_SHIFT + TIE_BITS
TIME_SHIFT = _BAND_SHIFT + 2
ENTRY_BYTES = 18
"""An entry fits into so many bytes: 70 bits of time (in nanoseconds) are left, 37,000 years."""

BAND_FAULT, BAND_HELD, BAND_ORDINARY, BAND_OVERDUE = (band << _BAND_SHIFT for band in range(4))


def key_of(time: int, band: int, tie: int, actor: int) -> int:
    """The order of an event; the place of its number is free."""
    return time << TIME_SHIFT | band | tie << TIE_SHIFT | actor << ACTOR_SHIFT


class Flight(msgspec.Struct, gc=False):
    """One message on its way to one or many receivers. (Millions come and go; the garbage collector skips them.)

    ``later`` holds the entries of the arrivals after the next, in *descending* order: the next is the last of them.
    """

    sender: NodeId
    message: Any
    later: list[int]

    def alone(self) -> Flight:
        """The same message for one receiver that is not ready for it yet."""
        return Flight(self.sender, self.message, [])


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


class Free:
    """An actor is through with its work and turns to what waits in line."""

    __slots__ = ("incarnation",)

    def __init__(self, incarnation: int) -> None:
        self.incarnation = incarnation


CROWD = 32
"""Arrivals are gathered where a flight has at least so many more: below, a heap alone is as fast."""

Event = Flight | Tick | Synced | Edge | Boot | Free


class Queue:
    """What happens next: entries, in a heap and in a sorted list, and their events by number.

    The world's loop takes the first of both away. The list serves crowds: sorting the arrivals of a while at once costs
    less than keeping every flight's next one in a heap.
    """

    def __init__(self) -> None:
        self.heap: list[int] = []
        self.near: list[int] = []
        """Gathered entries, in *descending* order. Their events stay in ``events`` until the next are gathered."""
        self.events: dict[int, Event] = {}
        self._spent: list[int] = []  # the numbers of events that have no entry outside of ``near``
        self._number = 0

    def gather(self, horizon: int) -> None:
        """Move every entry up to ``horizon`` from the heap to ``near``, which must be empty, and sort them there."""
        heap, events, near = self.heap, self.events, self.near
        for number in self._spent:
            del events[number]
        self._spent.clear()
        while heap and (entry := heap[0]) <= horizon:
            near.append(entry)
            event = events[entry & NUMBER_MASK]
            if type(event) is Flight and (later := event.later):
                due = bisect_left(later, -horizon, key=neg)
                near += later[due:]
                del later[due:]
                if later:
                    heapreplace(heap, later.pop())
                    continue
            heappop(heap)
            self._spent.append(entry & NUMBER_MASK)
        near.sort(reverse=True)

    def push(self, key: int, event: Event) -> int:
        """Queue ``event`` under a key of :func:`key_of`; returns its number. Equal keys keep their order."""
        self._number = number = self._number + 1
        self.events[number] = event
        heappush(self.heap, key | number)
        return number

    def launch(self, sender: NodeId, message: Any, keys: list[int]) -> int:
        """Queue a flight whose arrivals have these keys, in *descending* order; returns its number."""
        self._number = number = self._number + 1
        first = keys.pop() | number
        self.events[number] = Flight(sender, message, [key | number for key in keys] if keys else keys)
        heappush(self.heap, first)
        return number
