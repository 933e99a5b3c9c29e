"""The virtual world: one event queue, integer nanoseconds, and nothing left to chance but the seed.

The story of the loop. The queue is a heap of integers, each packing (time, band, tie, actor, number): one comparison
orders two events, and events of the same instant come in a *seeded* order. ``run`` takes the first: a flight reaches
its next receiver, a timer comes up, a sync of a disk is through, a fault begins or ends, a node boots. A machine
answers with effects, which ``_carry_out`` turns into further events. A broadcast is ONE flight, whose entry is
replaced by its next arrival until the last receiver has had the ONE shared message; where crowds are on their way, the
queue gathers the arrivals of a while and sorts them at once. The queue holds data, never closures, so that a world can
be copied (``fork``).

What leaves a node goes through its outbox, a single first-in-first-out queue: a ``Persist`` puts a ticket
there, and nothing behind a ticket leaves before the disk has made it durable, in whatever list it came.

A node whose inputs cost it time (``costs``, or the fault ``Slow``) is busy for so long after each: what comes
meanwhile waits in line, and what it says leaves when it is done. A node whose clock is wrong is told that clock's time.

Bands at one instant: faults and boots; what waited for a paused or busy node; the ordinary; its overdue timers.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from heapq import heappop, heapreplace

from msgspec.structs import replace

from consensus.properties.observer import Observer
from consensus.vocabulary import (
    Broadcast,
    CancelTimer,
    Effects,
    Image,
    NodeId,
    Persist,
    Record,
    Reply,
    Send,
    SetTimer,
)
from network.virtual import evidence
from network.virtual.actors import Actor, Outward
from network.virtual.clocks import LocalClock
from network.virtual.costs import Checked, Costs
from network.virtual.distributions import TABLE_SHIFT, Constant, Distribution, quantiles
from network.virtual.draws import Stream
from network.virtual.evidence import TraceHook
from network.virtual.faults import BitRot, Crash, Fault, Flap, FullDisk, Lasting, NodeFault, Pause, TornWrite
from network.virtual.links import Links
from network.virtual.machine import Factory, Machine
from network.virtual.plan import Plan
from network.virtual.post import Post, audiences
from network.virtual.queue import (
    ACTOR_MASK,
    ACTOR_SHIFT,
    BAND_FAULT,
    BAND_HELD,
    BAND_ORDINARY,
    CROWD,
    NUMBER_MASK,
    TIE_MASK,
    TIME_SHIFT,
    Boot,
    Edge,
    Flight,
    Free,
    Queue,
    Synced,
    Tick,
    key_of,
)
from network.virtual.timers import cancel_timer, comes_up, enqueue_overdue, set_timer
from network.virtual.watch import Watch

_INSTANT = Constant(ns=0)
_NEVER = 1 << 256  # above every entry


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
    ``costs``: what a node's processor needs for its inputs; None: no time at all. With costs, ``checked`` must tell how
    many signatures a node's machine has checked so far: what an input added to that is part of its work.
    ``journal``: do disks keep one, so that a torn write is undone as a whole?
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
        costs: Costs | None = None,
        checked: Checked | None = None,
        journal: bool = True,
        observers: Sequence[Observer] = (),
        hashing: bool = True,
        trace: TraceHook | None = None,
    ) -> None:
        self.now = 0
        self.seed = seed
        self._counts: Counter[str] = Counter()
        self._delivered = 0
        if costs is not None and checked is None:
            raise ValueError("with costs, tell what counts the signatures that each node checks (checked=...)")
        self._costs = costs
        self._checked = checked
        self._journal = journal
        self._factory = factory
        self._sync = None if sync == _INSTANT else quantiles(sync)
        self._queue = Queue()
        self._watch = Watch(tuple(observers), trace, hashing=hashing)
        self._plan = Plan()
        ids = [*range(nodes), *([] if clients_actor is None else [clients_actor])]
        self._index = {id_: index for index, id_ in enumerate(ids)}
        if len(self._index) != len(ids) or len(ids) > ACTOR_MASK:
            raise ValueError(f"the clients' actor needs an id of its own, and {len(ids)} actors must be numbered")
        if not set(voters) <= set(range(nodes)):
            raise ValueError(f"voters {tuple(voters)} are not all nodes 0..{nodes - 1}")
        self._clients = clients_actor
        self._actors = [Actor(index, id_, audiences(index, nodes, voters)) for index, id_ in enumerate(ids)]
        self._post = Post(links, self._actors, self._queue, self._watch, self._counts)
        for actor in self._actors:
            self._queue.push(key_of(0, BAND_FAULT, 0xFFFF, actor.index), Boot(actor.index))
        for fault in faults:
            self.inject(fault)

    # -- running ---------------------------------------------------------------------------------------------

    def run(  # noqa: C901, PLR0912 (the one hot loop: calls would cost as much as what they do)
        self, *, until_ns: int | None = None, until: Callable[[World], bool] | None = None
    ) -> Stop:
        """Let events happen until ``until(world)`` holds after one, or the next lies after ``until_ns``.

        Without either, runs until nothing is left (an endless run if any machine keeps a timer going).
        """
        limit = _NEVER if until_ns is None else until_ns + 1 << TIME_SHIFT
        queue, actors, on_receive = self._queue, self._actors, self._watch.on_receive
        heap, events, near = queue.heap, queue.events, queue.near
        hashed = None if self._watch.hash is None else self._watch.hash.arrivals
        while heap or near:
            if near and (not heap or near[-1] < heap[0]):
                if (entry := near[-1]) >= limit:
                    break
                near.pop()
                event = events[entry & NUMBER_MASK]
            else:
                if (entry := heap[0]) >= limit:
                    break
                event = events[number := entry & NUMBER_MASK]
                if type(event) is Flight and (later := event.later):
                    if len(later) >= CROWD and not near:
                        queue.gather(later[len(later) * 3 // 4])  # up to when a quarter of these have arrived
                        continue
                    heapreplace(heap, later.pop())
                else:
                    heappop(heap)
                    del events[number]
            now = self.now = entry >> TIME_SHIFT
            actor = actors[entry >> ACTOR_SHIFT & ACTOR_MASK]
            try:
                if type(event) is not Flight:
                    self._happen(actor, event)  # type: ignore[arg-type]
                elif (receive := actor.receive) is None:
                    self._arrive(actor, event, entry)
                else:
                    self._delivered += 1
                    if hashed is not None:
                        hashed.append(entry)
                    sender, message = event.sender, event.message
                    for hook in on_receive[type(message)]:
                        hook(now, actor.id, actor.incarnation, sender, message)
                    if effects := receive(now, sender, message):
                        self._carry_out(actor, effects)
            except Exception as error:
                error.add_note(f"at {now} ns, {type(event).__name__} at actor {actor.id} (seed {self.seed})")
                raise
            if until is not None and until(self):
                return Stop.PREDICATE
        else:
            return Stop.IDLE
        self.now = self.now if until_ns is None else until_ns
        return Stop.TIME

    def step(self) -> bool:
        """Let one event happen; False when there is none."""
        return self.run(until=lambda _: True) is Stop.PREDICATE

    def inject(self, fault: Fault) -> None:
        """Add ``fault`` to the plan; one whose time has passed begins now."""
        at = max(self.now, fault.at_ns)
        edge = Edge(self._plan.add(replace(fault, at_ns=at)), begins=True)
        self._queue.push(key_of(at, BAND_FAULT, 0, 0), edge)

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
    def counts(self) -> Counter[str]:
        """How often what happened: messages by fate, faults by kind, syncs, crashes."""
        if self._delivered:
            self._counts["delivered"] = self._delivered
        return self._counts

    @property
    def clients(self) -> NodeId | None:
        """The id of the clients' actor, if there is one."""
        return self._clients

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Those that this world was built with (a fork has its own)."""
        return self._watch.observers

    @property
    def active_faults(self) -> tuple[Lasting, ...]:
        """The faults that are active now, in the order in which they were planned."""
        return self._plan.active

    def event_sha256(self) -> str:
        """The rolling hash over every event so far, in hexadecimal; raises ValueError when hashing is off."""
        if self._watch.hash is None:
            raise ValueError("this world was built with hashing=False")
        return self._watch.hash.hexdigest()

    # -- events ----------------------------------------------------------------------------------------------

    def _arrive(self, actor: Actor, flight: Flight, entry: int) -> None:
        """A message comes to an ``actor`` that may not be ready: a dead one never learns of it, others may later."""
        if actor.machine is None:
            self._counts["vanished"] += 1
            self._watch.lost(self.now, "vanished", actor.id, flight.sender, flight.message)
        elif actor.paused:
            actor.held.append(flight.alone())
        elif actor.line or self.now < actor.busy_until:
            self._wait(actor, flight.alone())
        else:
            if self._watch.hash is not None:
                self._watch.hash.arrivals.append(entry)
            self._deliver(actor, flight)

    def _deliver(self, actor: Actor, flight: Flight) -> None:
        """Hand over a message, where it costs time or the actor's clock is its own."""
        assert actor.machine is not None, "the messages of a dead incarnation are gone"  # noqa: S101
        self._delivered += 1
        for hook in self._watch.on_receive[type(flight.message)]:
            hook(self.now, actor.id, actor.incarnation, flight.sender, flight.message)
        work_ns = self._costs.receive_ns(flight.message) if actor.works and self._costs is not None else 0
        self._carry_out(actor, actor.machine.receive(self._local(actor), flight.sender, flight.message), work_ns)

    def _happen(self, actor: Actor, event: Tick | Synced | Edge | Boot | Free) -> None:
        if type(event) is Tick:
            if comes_up(self._queue, self.now, actor, event):
                if actor.line or self.now < actor.busy_until:
                    self._wait(actor, event.name)
                else:
                    self._fire(actor, event.name)
        elif type(event) is Synced:
            self._synced(actor, event.generation)
        elif type(event) is Edge:
            self._edge(event)
        elif type(event) is Free:
            self._turn_to_line(actor, event)
        elif not (actor.up or actor.failed or self._plan.has(actor.id, Crash)):
            self._boot(actor)

    def _fire(self, actor: Actor, name: str) -> None:
        """A timer fires."""
        assert actor.machine is not None, "the timers of a dead incarnation are gone"  # noqa: S101
        self._watch.event(self.now, actor, evidence.TIMER, name.encode(), name)
        for hook in self._watch.on_timer:
            hook(self.now, actor.id, actor.incarnation, name)
        self._carry_out(actor, actor.machine.timer(self._local(actor), name))

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

    # -- busy nodes ------------------------------------------------------------------------------------------

    def _wait(self, actor: Actor, item: Flight | str) -> None:
        """A message or the name of a timer waits in line until ``actor`` has time for it."""
        if not actor.line:
            self._queue.push(key_of(actor.busy_until, BAND_HELD, 0, actor.index), Free(actor.incarnation))
        actor.line.append(item)

    def _turn_to_line(self, actor: Actor, free: Free) -> None:
        """Take the next in line (a paused actor does when it goes on)."""
        if free.incarnation != actor.incarnation or actor.paused or not actor.line:
            return
        item = actor.line.popleft()
        if isinstance(item, str):
            self._fire(actor, item)
        else:
            if self._watch.hash is not None:
                self._watch.hash.sent(self.now, actor.index, 0, item.message)  # 0: it has arrived
            self._deliver(actor, item)
        if not actor.line:
            self._refresh(actor)
        else:
            key = key_of(max(self.now, actor.busy_until), BAND_HELD, 0, actor.index)
            self._queue.push(key, Free(actor.incarnation))

    def _local(self, actor: Actor) -> int:
        """The time by ``actor``'s clock."""
        return self.now if actor.clock is None else actor.clock.tell(self.now)

    def _refresh(self, actor: Actor) -> None:
        """See whether anything is in the way between a message and ``actor``'s machine."""
        # The clients' inputs cost nothing: their actor stands for many.
        actor.works = actor.id != self._clients and (self._costs is not None or actor.input_extra_ns > 0)
        waits = actor.paused or actor.works or actor.line or self.now < actor.busy_until
        ready = actor.machine is not None and actor.clock is None and not waits
        actor.receive = actor.machine.receive if ready and actor.machine is not None else None

    # -- effects ---------------------------------------------------------------------------------------------

    def _carry_out(self, actor: Actor, effects: Effects, work_ns: int = 0) -> None:
        """Do what a machine asked for, in order. ``work_ns``: what the input itself cost."""
        for hook in self._watch.on_effects:
            hook(self.now, actor.id, actor.incarnation, effects)
        if actor.works:
            work_ns += actor.input_extra_ns
            if self._costs is not None and self._checked is not None:
                checked, before = self._checked(actor.id), actor.checked
                work_ns += self._costs.effects_ns(effects, checked - before)
                actor.checked = checked
            actor.busy_until = self.now + work_ns
        outbox = actor.outbox
        for effect in effects:
            kind = type(effect)
            if kind is Send or kind is Broadcast or kind is Reply:
                if outbox:
                    outbox.append(effect)  # type: ignore[arg-type]
                else:
                    self._leave(actor, effect)  # type: ignore[arg-type]
            elif kind is SetTimer:
                set_timer(self._queue, self.now, actor, effect.name, effect.after_ns)  # type: ignore[union-attr]
            elif kind is CancelTimer:
                cancel_timer(actor, effect.name)  # type: ignore[union-attr]
            elif kind is Persist:
                self._persist(actor, effect.records)  # type: ignore[union-attr]
            else:
                self._watch.told(self.now, actor, effect)

    def _persist(self, actor: Actor, records: tuple[Record, ...]) -> None:
        """Hand ``records`` to the disk; what comes behind them waits in the outbox until they are durable."""
        for hook in self._watch.on_persist:
            hook(self.now, actor.id, actor.incarnation, records)
        disk = actor.disk
        ticket = disk.write(records)
        if disk.idle:
            self._begin_sync(actor)
        if disk.durable < ticket:
            actor.outbox.append(ticket)

    def _begin_sync(self, actor: Actor) -> None:
        generation = actor.disk.begin_sync()
        word = actor.timer_draws.word()
        instant = self._sync is None or actor.id == self._clients
        latency = actor.disk_extra_ns + (0 if instant else self._sync[word >> TABLE_SHIFT])  # type: ignore[index]
        if not latency and not actor.full:
            self._made_durable(actor, actor.disk.end_sync(generation))
        else:
            key = key_of(self.now + latency, BAND_ORDINARY, word & TIE_MASK, actor.index)
            self._queue.push(key, Synced(generation))

    def _made_durable(self, actor: Actor, batch: list[tuple[Record, ...]]) -> None:
        self._counts["synced"] += len(batch)
        self._watch.event(self.now, actor, evidence.DURABLE, actor.disk.durable.to_bytes(8, "little"), batch)
        self._watch.durable(self.now, actor, batch)

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
        for hook in self._watch.on_leave[type(effect)][type(effect.message)]:
            hook(self.now, actor.id, actor.incarnation, effect, actor.disk.image)
        actor.left_at = leaves = max(self.now, actor.busy_until, actor.left_at)
        self._post.send(leaves, actor, effect, self._clients)

    # -- faults ----------------------------------------------------------------------------------------------

    def _edge(self, edge: Edge) -> None:
        """A fault of the plan begins or ends."""
        fault = self._plan.fault(edge.fault)
        if edge.begins:
            self._counts[f"fault {type(fault).__name__.lower()}"] += 1
            if isinstance(fault, Flap):
                for cut in fault.cuts(self.now):
                    self.inject(cut)
            lasting = getattr(fault, "for_ns", None)
            if lasting is not None:
                self._queue.push(key_of(self.now + lasting, BAND_FAULT, 0, 0), Edge(edge.fault, begins=False))
        for changed in self._plan.begin(edge.fault) if edge.begins else self._plan.end(edge.fault):
            self._settle(changed)

    def _settle(self, fault: Lasting) -> None:
        """Bring what ``fault`` touches in line with the faults that are active now."""
        if not isinstance(fault, NodeFault):
            self._post.disturb(self._plan.active)
            return
        node, plan = fault.node, self._plan
        actor = self._actors[self._index[node]]
        actor.disk_extra_ns = plan.disk_extra_ns(node)
        actor.input_extra_ns = plan.input_extra_ns(node)
        actor.full = plan.has(node, FullDisk)
        actor.failed = actor.failed and (actor.full or plan.has(node, BitRot))
        self._set_clock(actor)
        if isinstance(fault, Pause):
            self._pause(actor, plan.has(node, Pause))
        elif actor.up and plan.has(node, Crash):
            draws = Stream(f"{self.seed}/crash/{actor.index}/{actor.incarnation}")
            self._crash(actor, draws.below(actor.disk.in_flight + 1))
        elif not actor.up:
            self._queue.push(key_of(self.now, BAND_FAULT, TIE_MASK, actor.index), Boot(actor.index))
        self._refresh(actor)

    def _set_clock(self, actor: Actor) -> None:
        """Bring the actor's clock in line with the faults that are active now."""
        step_ns, drift_ppm = self._plan.clock(actor.id)
        if actor.clock is None:
            if not (step_ns or drift_ppm):
                return
            actor.clock = LocalClock(self.now)
        actor.clock.change(self.now, step_ns, drift_ppm)

    def _crash(self, actor: Actor, survivors: int) -> None:
        """Kill ``actor``. Of the sync that was running, the first ``survivors`` writes had reached the disk."""
        self._watch.event(self.now, actor, evidence.CRASH, survivors.to_bytes(8, "little"), survivors)
        self._counts["crashed"] += 1
        actor.vanish()
        if actor.disk.written - actor.disk.durable > survivors:
            self._counts["unsynced"] += 1
        torn = self._torn(actor, survivors)
        batch = actor.disk.crash(survivors, torn)
        self._watch.durable(self.now, actor, batch)
        for hook in self._watch.on_crash:
            hook(self.now, actor.id, actor.incarnation)

    def _torn(self, actor: Actor, survivors: int) -> int:
        """How many records of the write that the crash interrupted stay on the disk (none where it has a journal)."""
        if survivors == actor.disk.in_flight or not self._plan.has(actor.id, TornWrite):
            return 0
        self._counts["torn"] += 1
        draws = Stream(f"{self.seed}/torn/{actor.index}/{actor.incarnation}")
        return 0 if self._journal else draws.below(actor.disk.records_in_flight(survivors))

    def _boot(self, actor: Actor) -> None:
        """Start ``actor`` from what its disk holds, if it can be read."""
        if self._plan.has(actor.id, BitRot):
            self._counts["unreadable"] += 1
            actor.failed = True
            return
        actor.incarnation += 1
        self._watch.event(self.now, actor, evidence.START, actor.incarnation.to_bytes(8, "little"), actor.incarnation)
        for hook in self._watch.on_start:
            hook(self.now, actor.id, actor.incarnation, actor.disk.image)
        machine = self._factory(actor.id, actor.disk.contents(), actor.incarnation)
        actor.begin_incarnation(machine, self.seed)
        self._refresh(actor)
        self._carry_out(actor, machine.start(self._local(actor)))

    def _pause(self, actor: Actor, paused: bool) -> None:
        """Stop ``actor`` in its tracks, or let it go on: messages that waited first, then overdue timers."""
        if paused == actor.paused or not actor.up:
            return
        actor.paused = paused
        self._watch.event(self.now, actor, evidence.PAUSE if paused else evidence.RESUME, b"", None)
        if paused:
            return
        if actor.line:
            key = key_of(max(self.now, actor.busy_until), BAND_HELD, 0, actor.index)
            self._queue.push(key, Free(actor.incarnation))
        held, actor.held = actor.held, []
        for flight in held:
            number = self._queue.push(key_of(self.now, BAND_HELD, 0, actor.index), flight)
            if self._watch.hash is not None:
                self._watch.hash.sent(self.now, actor.index, number, flight.message)
        enqueue_overdue(self._queue, self.now, actor)
        self._release(actor)
