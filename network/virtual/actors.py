"""One actor of the world as the driver sees it: its machine, timers, queue of outward effects, and disk."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from consensus.vocabulary import Broadcast, Effects, NodeId, Reply, Send
from network.virtual.clocks import LocalClock
from network.virtual.disk import Disk
from network.virtual.draws import Stream, words_of
from network.virtual.machine import Machine

Outward = Send | Broadcast | Reply


class Alarm:
    """A named timer; see :mod:`network.virtual.timers`.

    ``due`` is None when it is not set; ``at`` is when its entry in the event queue comes up, None when it has none.
    ``generation`` tells that entry from older ones.
    """

    __slots__ = ("at", "due", "generation")

    def __init__(self) -> None:
        self.due: int | None = None
        self.at: int | None = None
        self.generation = 0


class Actor:
    """A node or the clients' actor. ``index`` is its place in the world's list; ``id`` what others call it."""

    def __init__(self, index: int, id_: NodeId, audiences: dict[Any, tuple[int, ...]]) -> None:
        self.index = index
        self.id = id_
        self.audiences = audiences  # the receivers of each kind of broadcast
        self.disk = Disk()
        self.incarnation = 0
        self.machine: Machine | None = None  # None while it is down
        self.receive: Callable[[int, NodeId, Any], Effects] | None = None  # the machine's, while nothing is in its way
        self.paused = False
        self.full = False  # its disk has no room: the next sync fails
        self.failed = False  # a sync failed so: down until there is room
        self.disk_extra_ns = 0  # added to every sync
        self.input_extra_ns = 0  # added to the work of every input
        self.clock: LocalClock | None = None  # None: the world's
        self.alarms: dict[str, Alarm] = {}
        self.outbox: deque[Outward | int] = deque()  # outward effects, behind the tickets they wait for
        self.held: list[Any] = []  # what came up while it was paused, in order
        self.line: deque[Any] = deque()  # what came up while it was busy. Invariant: a Free is queued unless empty
        self.works = False  # inputs cost it time
        self.busy_until = 0
        self.left_at = 0  # when the last outward effect left
        self.sent = 0  # outward effects of this incarnation
        self.draws = Stream("")
        self.timer_draws = Stream("")
        self._fates = ""

    @property
    def up(self) -> bool:
        return self.machine is not None

    def begin_incarnation(self, machine: Machine, seed: int) -> None:
        """Take up ``machine`` (the caller has counted the incarnation) with fresh draws of its own."""
        self.machine = machine
        self.paused = False
        self.sent = 0
        name = f"{seed}/%s/{self.index}/{self.incarnation}"
        self.draws = Stream(name % "links")
        self.timer_draws = Stream(name % "timers")
        self._fates = name % "fates"
        if self.clock is not None:
            self.clock.begin_incarnation()

    def fate(self, kind: str, count: int) -> array[int]:
        """The words that decide whether ``kind`` befalls the last sending, one for each of ``count`` receivers."""
        return words_of(f"{self._fates}/{self.sent}/{kind}", count)

    def vanish(self) -> None:
        """Lose everything that is not on the disk."""
        self.machine = self.receive = None
        self.alarms = {}
        self.outbox.clear()
        self.line.clear()
        self.held = []
        self.busy_until = 0
