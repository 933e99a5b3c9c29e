"""The virtual world: one event queue, integer nanoseconds, and nothing left to chance but the seed.

The story of the loop. The queue is a heap of ``(key, number, event)``; the key packs (time, band, tie, actor)
into one integer, so that one comparison orders two events and events of the same instant come in a *seeded*
order. ``step`` takes the first: a flight reaches its next receiver, a timer comes up, a sync of a disk is
through, a fault begins or ends, a node boots. A machine answers with effects, which ``_carry_out`` turns into
further events. A broadcast is ONE entry, whose sorted arrival keys re-key it until the last receiver has had
the ONE shared message. The queue holds data, never closures, so that a world can be copied (``fork``).

What leaves a node goes through its outbox, a single first-in-first-out queue: a ``Persist`` puts a ticket
there, and nothing behind a ticket leaves before the disk has made it durable, in whatever list it came.

Bands at one instant: faults and boots; what waited for a paused node; the ordinary; its overdue timers.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from heapq import heappop, heappush, heapreplace
from typing import Any

from consensus.properties.observer import Observer, hooks
from consensus.vocabulary import (
    Broadcast,
    CancelTimer,
    Commit,
    Effect,
    Effects,
    Image,
    NodeId,
    Persist,
    Reply,
    Send,
    SetTimer,
    Trace,
)
from network.virtual import evidence
from network.virtual.actors import Actor, Alarm, Outward
from network.virtual.distributions import TABLE_SHIFT, Constant, Distribution, quantiles
from network.virtual.draws import Stream
from network.virtual.evidence import EventHash, TraceHook
from network.virtual.faults import Fault, Lasting, Pause
from network.virtual.links import Links
from network.virtual.machine import Factory, Machine
from network.virtual.plan import NodeFault, Plan
from network.virtual.post import Post, audiences
from network.virtual.queue import (
    ACTOR_MASK,
    BAND_FAULT,
    BAND_HELD,
    BAND_ORDINARY,
    BAND_OVERDUE,
    TIE_MASK,
    TIME_SHIFT,
    Boot,
    Edge,
    Flight,
    Synced,
    Tick,
    key_of,
)

_INSTANT = Constant(ns=0)


class Stop(Enum):
    """Why :meth:`World.run` returned."""

    TIME = "the time is up"
    PREDICATE = "what was waited for came true"
    IDLE = "nothing is left to happen"


class World:
    """Every actor of a run, and the queue of what happens next.

    ``factory(actor, image, incarnation)`` builds the machine of a node, and of the clients' actor, at each start.
    ``nodes``: how many there are, numbered from 0. ``voters``: who receives a broadcast to voters.
    ``clients_actor``: the id of one more actor that sends to nodes with ``Send`` and receives every ``Reply`` as
    ``receive(now, node, message)``; None for a world without clients, where replies are only observed.
    ``sync``: how long a sync of a disk takes (the clients' actor has an instant one).
    ``faults``: the plan; more can be added by :meth:`inject`.
    ``hashing``: keep :meth:`event_sha256`. ``trace``: see :data:`network.virtual.evidence.TraceHook`.

    Every node boots at time 0. An exception raised by a machine or an observer leaves :meth:`run` with a note
    that says when and where.
    """

    def __init__(  # noqa: PLR0913 (keyword-only: what a run is made of)
        self,
        *,
        factory: Factory,
        nodes: int,
        voters: Sequence[NodeId],
        links: Links,
        seed: int,
        clients_actor: NodeId | None = None,
        sync: Distribution = _INSTANT,
        faults: Sequence[Fault] = (),
        observers: Sequence[Observer] = (),
        hashing: bool = True,
        trace: TraceHook | None = None,
    ) -> None:
        self.now = 0
        self.seed = seed
        self.counts: Counter[str] = Counter()
        self._factory = factory
        self._sync = None if sync == _INSTANT else quantiles(sync)
        self._heap: list[tuple[int, int, Any]] = []
        self._number = 0
        self._hash = EventHash() if hashing else None
        self._trace = trace
        self._plan = Plan()
        ids = [*range(nodes), *([] if clients_actor is None else [clients_actor])]
        self._index = {id_: index for index, id_ in enumerate(ids)}
        if len(self._index) != len(ids) or len(ids) > ACTOR_MASK:
            raise ValueError(f"the clients' actor needs an id of its own, and {len(ids)} actors must be numbered")
        if not set(voters) <= set(range(nodes)):
            raise ValueError(f"voters {tuple(voters)} are not all nodes 0..{nodes - 1}")
        self._clients = clients_actor
        self._actors = [Actor(index, id_, audiences(index, nodes, voters)) for index, id_ in enumerate(ids)]
        self._post = Post(links, ids, self.counts, trace)
        self._observe(tuple(observers))
        for actor in self._actors:
            self._push(key_of(0, BAND_FAULT, 0xFFFF, actor.index), Boot(actor.index))
        for fault in faults:
            self.inject(fault)

    # -- running ---------------------------------------------------------------------------------------------

    def run(self, *, until_ns: int | None = None, until: Callable[[World], bool] | None = None) -> Stop:
        """Let events happen until ``until(world)`` holds after one, or the next lies after ``until_ns``.

        Without either, runs until nothing is left (an endless run if any machine keeps a timer going).
        """
        heap, step = self._heap, self.step
        limit = None if until_ns is None else until_ns + 1 << TIME_SHIFT
        while heap:
            if limit is not None and heap[0][0] >= limit:
                self.now = until_ns if until_ns is not None else self.now
                return Stop.TIME
            step()
            if until is not None and until(self):
                return Stop.PREDICATE
        return Stop.IDLE

    def step(self) -> bool:
        """Let one event happen; False when there is none."""
        if not self._heap:
            return False
        key, number, event = self._heap[0]
        self.now = key >> TIME_SHIFT
        actor = self._actors[key & ACTOR_MASK]
        try:
            if type(event) is Flight:
                event.landed += 1
                if event.landed < len(event.keys):
                    heapreplace(self._heap, (event.keys[event.landed], number, event))
                else:
                    heappop(self._heap)
                self._arrive(actor, event)
            else:
                heappop(self._heap)
                self._happen(actor, event)
        except Exception as error:
            error.add_note(f"at {self.now} ns, {type(event).__name__} at actor {actor.id} (seed {self.seed})")
            raise
        return True

    def inject(self, fault: Fault) -> None:
        """Add ``fault`` to the plan; one whose time has passed begins now."""
        edge = Edge(self._plan.add(fault), begins=True)
        self._push(key_of(max(self.now, fault.at_ns), BAND_FAULT, 0, 0), edge)

    def fork(self) -> World:
        """An independent copy of this world: machines, disks, observers, queue and all."""
        return copy.deepcopy(self)

    # -- looking ---------------------------------------------------------------------------------------------

    def machine(self, actor: NodeId) -> Machine | None:
        """The running machine of ``actor``, or None while it is down."""
        return self._actors[self._index[actor]].machine

    def image(self, actor: NodeId) -> Image:
        """A copy of what is durable on ``actor``'s disk."""
        return self._actors[self._index[actor]].disk.contents()

    def incarnation(self, actor: NodeId) -> int:
        """How often ``actor`` has started."""
        return self._actors[self._index[actor]].incarnation

    def condition(self, actor: NodeId) -> str:
        """Is it "up", "down" or "paused"?"""
        state = self._actors[self._index[actor]]
        return "down" if not state.up else "paused" if state.paused else "up"

    @property
    def active_faults(self) -> tuple[Lasting, ...]:
        """The faults that are active now, in the order in which they were planned."""
        return self._plan.active

    def event_sha256(self) -> str:
        """The rolling hash over every event so far, in hexadecimal; raises ValueError when hashing is off."""
        if self._hash is None:
            raise ValueError("this world was built with hashing=False")
        return self._hash.hexdigest()

    # -- events ----------------------------------------------------------------------------------------------

    def _arrive(self, actor: Actor, flight: Flight) -> None:
        """A message reaches ``actor``; a dead one never learns of it, a paused one later."""
        machine = actor.machine
        if machine is None:
            self.counts["vanished"] += 1
            return
        if actor.paused:
            actor.held.append(flight.alone(key_of(0, BAND_HELD, 0, actor.index)))
            return
        sender = self._actors[flight.sender].id
        self.counts["delivered"] += 1
        if self._hash is not None:
            if flight.digest is None:
                flight.digest = evidence.digest(flight.message)
            self._hash.add(self.now, evidence.RECEIVE, actor.index, flight.sender, flight.digest)
        if self._trace is not None:
            self._trace(self.now, "receive", actor.id, sender, flight.message)
        for hook in self._on_receive:
            hook(self.now, actor.id, actor.incarnation, sender, flight.message)
        effects = machine.receive(self.now, sender, flight.message)
        if effects:
            self._carry_out(actor, effects)

    def _happen(self, actor: Actor, event: Any) -> None:
        if type(event) is Tick:
            self._tick(actor, event)
        elif type(event) is Synced:
            self._synced(actor, event.generation)
        elif type(event) is Edge:
            self._edge(event)
        elif not (actor.up or actor.failed or self._plan.crashed(actor.id)):
            self._boot(actor)

    def _tick(self, actor: Actor, tick: Tick) -> None:
        """A queued timer comes up: it may have been moved, cancelled or lost meanwhile."""
        alarm = actor.alarms.get(tick.name)
        if alarm is None or tick.incarnation != actor.incarnation or tick.generation != alarm.generation:
            return
        alarm.at = None
        if alarm.due is None or actor.paused:
            return
        if alarm.due > self.now:
            self._queue_alarm(actor, tick.name, alarm)
            return
        alarm.due = None
        self._record(actor, evidence.TIMER, tick.name.encode(), tick.name)
        for hook in self._on_timer:
            hook(self.now, actor.id, actor.incarnation, tick.name)
        assert actor.machine is not None, "the timers of a dead incarnation are gone"
        self._carry_out(actor, actor.machine.timer(self.now, tick.name))

    def _synced(self, actor: Actor, generation: int) -> None:
        """A sync is through, unless a crash came first or the disk is full."""
        if generation != actor.disk.generation or not actor.up:
            return
        if actor.full:
            actor.failed = True
            self._crash(actor, survivors=0)
            return
        batch = actor.disk.end_sync(generation)
        self._made_durable(actor, batch)
        if actor.disk.waiting:
            self._begin_sync(actor)
        if not actor.paused:
            self._release(actor)

    # -- effects ---------------------------------------------------------------------------------------------

    def _carry_out(self, actor: Actor, effects: Effects) -> None:
        """Do what a machine asked for, in order."""
        for hook in self._on_effects:
            hook(self.now, actor.id, actor.incarnation, effects)
        outbox = actor.outbox
        for effect in effects:
            kind = type(effect)
            if kind is Send or kind is Broadcast or kind is Reply:
                if outbox:
                    outbox.append(effect)  # type: ignore[arg-type]
                else:
                    self._leave(actor, effect)  # type: ignore[arg-type]
            elif kind is SetTimer:
                self._set_timer(actor, effect.name, effect.after_ns)  # type: ignore[union-attr]
            elif kind is CancelTimer:
                alarm = actor.alarms.get(effect.name)  # type: ignore[union-attr]
                if alarm is not None:
                    alarm.due = None
            elif kind is Persist:
                self._persist(actor, effect.records)  # type: ignore[union-attr]
            else:
                self._tell(actor, effect)

    def _tell(self, actor: Actor, effect: Effect) -> None:
        """Pass on what only watchers care for: Commit, Trace, Rejected."""
        if self._trace is not None:
            self._trace(self.now, type(effect).__name__.lower(), actor.id, None, effect)
        for hook in self._on_commit if type(effect) is Commit else self._on_trace if type(effect) is Trace else ():
            hook(self.now, actor.id, actor.incarnation, effect)

    def _set_timer(self, actor: Actor, name: str, after_ns: int) -> None:
        if after_ns < 0:
            raise ValueError(f"timer {name!r} is set {-after_ns} ns into the past")
        alarm = actor.alarms.get(name)
        if alarm is None:
            alarm = actor.alarms[name] = Alarm()
        alarm.due = self.now + after_ns
        if alarm.at is None or alarm.at > alarm.due:
            self._queue_alarm(actor, name, alarm)

    def _queue_alarm(self, actor: Actor, name: str, alarm: Alarm, band: int = BAND_ORDINARY) -> None:
        assert alarm.due is not None, "only a timer that is set is queued"
        alarm.at = max(self.now, alarm.due)
        alarm.generation += 1
        tie = actor.timer_draws.take(1)[0] & TIE_MASK
        tick = Tick(actor.incarnation, name, alarm.generation)
        self._push(key_of(alarm.at, band, tie, actor.index), tick)

    def _persist(self, actor: Actor, records: tuple[Any, ...]) -> None:
        """Hand ``records`` to the disk; what comes behind them waits in the outbox until they are durable."""
        for hook in self._on_persist:
            hook(self.now, actor.id, actor.incarnation, records)
        disk = actor.disk
        ticket = disk.write(records)
        if disk.idle:
            self._begin_sync(actor)
        if disk.durable < ticket:
            actor.outbox.append(ticket)

    def _begin_sync(self, actor: Actor) -> None:
        generation = actor.disk.begin_sync()
        word = actor.timer_draws.take(1)[0]
        instant = self._sync is None or actor.id == self._clients
        latency = actor.disk_extra_ns + (0 if instant else self._sync[word >> TABLE_SHIFT])  # type: ignore[index]
        if not latency and not actor.full:
            self._made_durable(actor, actor.disk.end_sync(generation))
        else:
            key = key_of(self.now + latency, BAND_ORDINARY, word & TIE_MASK, actor.index)
            self._push(key, Synced(generation))

    def _made_durable(self, actor: Actor, batch: list[tuple[Any, ...]]) -> None:
        self.counts["synced"] += len(batch)
        self._record(actor, evidence.DURABLE, actor.disk.durable.to_bytes(8, "little"), batch)
        for hook in self._on_durable:
            for records in batch:
                hook(self.now, actor.id, actor.incarnation, records, actor.disk.image)

    def _release(self, actor: Actor) -> None:
        """Let go of what waited for tickets that are durable now."""
        outbox, durable = actor.outbox, actor.disk.durable
        while outbox:
            head = outbox[0]
            if isinstance(head, int):
                if head > durable:
                    return
                outbox.popleft()
            else:
                outbox.popleft()
                self._leave(actor, head)

    def _leave(self, actor: Actor, effect: Outward) -> None:
        """An outward effect leaves the node."""
        for hook in self._on_leave:
            hook(self.now, actor.id, actor.incarnation, effect, actor.disk.image)
        receivers = self._post.receivers(actor, effect, self._clients)
        keys = self._post.arrivals(self.now, actor, effect.message, receivers)
        if keys:
            self._push(keys[0], Flight(actor.index, effect.message, keys))

    # -- faults ----------------------------------------------------------------------------------------------

    def _edge(self, edge: Edge) -> None:
        """A fault of the plan begins or ends."""
        fault = self._plan.fault(edge.fault)
        if edge.begins:
            self.counts[f"fault {type(fault).__name__.lower()}"] += 1
            lasting = getattr(fault, "for_ns", None)
            if lasting is not None:
                self._push(key_of(self.now + lasting, BAND_FAULT, 0, 0), Edge(edge.fault, begins=False))
        for changed in self._plan.begin(edge.fault) if edge.begins else self._plan.end(edge.fault):
            self._settle(changed)

    def _settle(self, fault: Lasting) -> None:
        """Bring what ``fault`` touches in line with the faults that are active now."""
        if not isinstance(fault, NodeFault):
            self._post.disturb(self._plan.active)
            return
        node = fault.node
        actor = self._actors[self._index[node]]
        actor.disk_extra_ns = self._plan.disk_extra_ns(node)
        actor.full = self._plan.disk_full(node)
        actor.failed = actor.failed and actor.full
        if isinstance(fault, Pause):
            self._pause(actor, self._plan.paused(node))
        elif actor.up and self._plan.crashed(node):
            draws = Stream(f"{self.seed}/crash/{actor.index}/{actor.incarnation}")
            self._crash(actor, draws.below(actor.disk.in_flight + 1))
        elif not actor.up:
            self._push(key_of(self.now, BAND_FAULT, TIE_MASK, actor.index), Boot(actor.index))

    def _crash(self, actor: Actor, survivors: int) -> None:
        """Kill ``actor``. Of the sync that was running, the first ``survivors`` writes had reached the disk."""
        self._record(actor, evidence.CRASH, survivors.to_bytes(8, "little"), survivors)
        self.counts["crashed"] += 1
        actor.vanish()
        batch = actor.disk.crash(survivors)
        for hook in self._on_durable:
            for records in batch:
                hook(self.now, actor.id, actor.incarnation, records, actor.disk.image)
        for hook in self._on_crash:
            hook(self.now, actor.id, actor.incarnation)

    def _boot(self, actor: Actor) -> None:
        """Start ``actor`` from what its disk holds."""
        actor.incarnation += 1
        self._record(actor, evidence.START, actor.incarnation.to_bytes(8, "little"), actor.incarnation)
        for hook in self._on_start:
            hook(self.now, actor.id, actor.incarnation, actor.disk.image)
        machine = self._factory(actor.id, actor.disk.contents(), actor.incarnation)
        actor.begin_incarnation(machine, self.seed)
        self._carry_out(actor, machine.start(self.now))

    def _pause(self, actor: Actor, paused: bool) -> None:
        """Stop ``actor`` in its tracks, or let it go on: messages that waited first, then overdue timers."""
        if paused == actor.paused or not actor.up:
            return
        actor.paused = paused
        self._record(actor, evidence.PAUSE if paused else evidence.RESUME, b"", None)
        if paused:
            return
        held, actor.held = actor.held, []
        for flight in held:
            flight.keys[0] |= self.now << TIME_SHIFT
            self._push(flight.keys[0], flight)
        overdue = [(alarm.due, name) for name, alarm in actor.alarms.items() if alarm.due and alarm.at is None]
        for _, name in sorted(overdue):
            self._queue_alarm(actor, name, actor.alarms[name], BAND_OVERDUE)
        self._release(actor)

    # -- plumbing --------------------------------------------------------------------------------------------

    def _observe(self, observers: tuple[Observer, ...]) -> None:
        self.observers = observers
        self._on_start = hooks(observers, "on_start")
        self._on_receive = hooks(observers, "on_receive")
        self._on_timer = hooks(observers, "on_timer")
        self._on_effects = hooks(observers, "on_effects")
        self._on_leave = hooks(observers, "on_leave")
        self._on_commit = hooks(observers, "on_commit")
        self._on_trace = hooks(observers, "on_trace")
        self._on_persist = hooks(observers, "on_persist")
        self._on_durable = hooks(observers, "on_durable")
        self._on_crash = hooks(observers, "on_crash")

    def _push(self, key: int, event: Any) -> None:
        self._number += 1
        heappush(self._heap, (key, self._number, event))

    def _record(self, actor: Actor, kind: int, body: bytes, what: Any) -> None:
        """Note an event that concerns ``actor`` alone."""
        if self._hash is not None:
            self._hash.add(self.now, kind, actor.index, actor.index, body)
        if self._trace is not None:
            self._trace(self.now, evidence.NAMES[kind], actor.id, None, what)
