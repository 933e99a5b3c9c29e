"""One actor of the world as the driver sees it: its machine, timers, queue of outward effects, and disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from consensus.vocabulary import Broadcast, Effects, NodeId, Reply, Send
from network.virtual.clocks import LocalClock
from network.virtual.disk import Disk
from network.virtual.draws import Stream, Strikes
from network.virtual.faults import LinkFault
from network.virtual.machine import Machine
from network.virtual.routes import Hop, Route

Outward = Send | Broadcast | Reply
_NEVER = 1 << 64


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


class Way:
    """The links out of an actor while no fault begins or ends, and what befalls the messages of this incarnation.

    ``hop``: the links where all are alike and smooth, else None. ``strikes`` belong to the route's fates, in their
    order. ``clear``: nothing befalls messages whose words' positions lie below it.
    """

    __slots__ = ("clear", "hop", "route", "strikes")

    def __init__(self, route: Route, hop: Hop | None, strikes: tuple[Strikes, ...]) -> None:
        self.route = route
        self.hop = hop
        self.strikes = strikes
        self.clear = 0
        self.look_ahead()

    def look_ahead(self) -> None:
        """Bring ``clear`` in line with the strikes."""
        self.clear = min((strikes.clear for strikes in self.strikes), default=_NEVER)


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
        self.checked = 0  # signatures of which the time was counted, in this incarnation
        self.left_at = 0  # when the last outward effect left
        self.drawn = 0  # words of ``draws`` that were used: one for each receiver of what this incarnation sent
        self.draws = Stream("")
        self.timer_draws = Stream("")
        self.link_faults: tuple[LinkFault, ...] = ()  # those that are active and touch the links out of here
        self.way: Way | None = None  # out of here, as the links are now; None until it is needed
        self._fates = ""

    @property
    def up(self) -> bool:
        return self.machine is not None

    def begin_incarnation(self, machine: Machine, seed: int) -> None:
        """Take up ``machine`` (the caller has counted the incarnation) with fresh draws of its own."""
        self.machine = machine
        self.paused = False
        self.drawn = 0
        self.checked = 0
        self.way = None
        name = f"{seed}/%s/{self.index}/{self.incarnation}"
        self.draws = Stream(name % "links")
        self.timer_draws = Stream(name % "timers")
        self._fates = name % "fates"
        if self.clock is not None:
            self.clock.begin_incarnation()

    def strikes(self, fate: str, limit: int) -> Strikes:
        """Which of the messages that it sends from now on ``fate`` may befall."""
        return Strikes(f"{self._fates}/{fate}", limit, self.drawn)

    def vanish(self) -> None:
        """Lose everything that is not on the disk."""
        self.machine = self.receive = None
        self.alarms = {}
        self.outbox.clear()
        self.line.clear()
        self.held = []
        self.busy_until = 0
