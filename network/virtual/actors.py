"""One actor of the world as the driver sees it: its machine, timers, queue of outward effects, and disk."""

from __future__ import annotations

from collections import deque
from typing import Any

from consensus.vocabulary import Broadcast, NodeId, Reply, Send
from network.virtual.disk import Disk
from network.virtual.draws import Stream
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
        self.audiences = audiences  # indices of the receivers of each kind of broadcast
        self.disk = Disk()
        self.incarnation = 0
        self.machine: Machine | None = None  # None while it is down
        self.paused = False
        self.full = False  # its disk has no room: the next sync fails
        self.failed = False  # a sync failed so: down until there is room
        self.disk_extra_ns = 0  # added to every sync
        self.alarms: dict[str, Alarm] = {}
        self.outbox: deque[Outward | int] = deque()  # outward effects, behind the tickets they wait for
        self.held: list[Any] = []  # what came up while it was paused, in order
        self.draws = Stream("")
        self.timer_draws = Stream("")

    @property
    def up(self) -> bool:
        return self.machine is not None

    def begin_incarnation(self, machine: Machine, seed: int) -> None:
        """Take up ``machine`` (the caller has counted the incarnation) with fresh draws of its own."""
        self.machine = machine
        self.paused = False
        name = f"{seed}/%s/{self.index}/{self.incarnation}"
        self.draws = Stream(name % "links")
        self.timer_draws = Stream(name % "timers")

    def vanish(self) -> None:
        """Lose everything that is not on the disk."""
        self.machine = None
        self.alarms = {}
        self.outbox.clear()
        self.held = []
