"""Those who watch a run: the oracles, the rolling event hash and the trace."""

from __future__ import annotations

from typing import Any

from consensus.properties.observer import ByClass, Observer, hooks
from consensus.vocabulary import Broadcast, Commit, Effect, Install, NodeId, Record, Rejected, Reply, Send, Trace
from network.virtual.actors import Actor
from network.virtual.evidence import NAMES, EventHash, Sent, TraceHook
from network.virtual.flights import Flights


class Watch:
    """Tells every watcher what happens, where and when. Knows the hooks that are overridden, and calls no others."""

    def __init__(self, observers: tuple[Observer, ...], trace: TraceHook | None, *, hashing: bool) -> None:
        self.observers = observers
        self.hash = EventHash() if hashing else None
        self.trace = trace
        self._flights = Flights()
        self.on_start = hooks(observers, "on_start")
        self.on_timer = hooks(observers, "on_timer")
        self.on_effects = hooks(observers, "on_effects")
        self.on_persist = hooks(observers, "on_persist")
        self.on_leave = {kind: ByClass(observers, "on_leave", "weighs", kind) for kind in (Send, Broadcast, Reply)}
        self.on_crash = hooks(observers, "on_crash")
        self._on_lost = hooks(observers, "on_lost")
        self.on_receive = ByClass(
            observers if trace is None else (_Arrivals(trace, self._flights), *observers), "on_receive", "hears"
        )
        self._told = {
            Commit: hooks(observers, "on_commit"),
            Install: hooks(observers, "on_install"),
            Trace: hooks(observers, "on_trace"),
            Rejected: hooks(observers, "on_rejected"),
        }
        self._on_durable = hooks(observers, "on_durable")

    def event(self, now: int, actor: Actor, kind: int, body: bytes, what: Any) -> None:
        """Something that concerns ``actor`` alone; ``body`` says what in the hash, ``what`` in the trace."""
        if self.hash is not None:
            self.hash.add(now, kind, actor.index, actor.index, body)
        if self.trace is not None:
            self.trace(now, NAMES[kind], actor.id, None, what, None)

    def told(self, now: int, actor: Actor, effect: Effect) -> None:
        """An effect that only watchers care for: Commit, Install, Trace, Readable or Rejected."""
        if self.trace is not None:
            self.trace(now, type(effect).__name__.lower(), actor.id, None, effect, None)
        for hook in self._told.get(type(effect), ()):
            hook(now, actor.id, actor.incarnation, effect)

    # -- messages on their way -------------------------------------------------------------------------------

    def boarding(self, message: Any) -> Any:
        """``message`` as it shall take off, where a trace follows it."""
        return message if self.trace is None else self._flights.boarding(message)

    def sent(self, now: int, actor: Actor, number: int, sent: Sent) -> None:
        """``actor`` sent a message, for the trace."""
        if self.trace is not None:
            self._flights.departed(sent.message, number, len(sent.to))
            self.trace(now, "send", actor.id, None, sent, number)

    def lost(self, now: int, fate: str, receiver: NodeId, sender: NodeId, message: Any) -> None:
        """A message comes to nothing: "lost", "cut", or "vanished" on arrival."""
        if self.trace is not None:
            number = self._flights.arrived(message) if fate == "vanished" else None
            self.trace(now, fate, receiver, sender, message, number)
        for hook in self._on_lost:
            hook(now, receiver, sender, message)

    def durable(self, now: int, actor: Actor, batch: list[tuple[Record, ...]]) -> None:
        """The records of each ``Persist`` in ``batch`` became durable at ``actor``."""
        for hook in self._on_durable:
            for records in batch:
                hook(now, actor.id, actor.incarnation, records, actor.disk.image)


class _Arrivals(Observer):
    """Writes every arrival down in the trace."""

    def __init__(self, trace: TraceHook, flights: Flights) -> None:
        self._trace = trace
        self._flights = flights

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        self._trace(now, "receive", node, sender, message, self._flights.arrived(message))
