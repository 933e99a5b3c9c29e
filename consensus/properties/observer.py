"""What an omniscient observer of a run is told, and what it raises when a property is broken."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from consensus.vocabulary import (
    Broadcast,
    Commit,
    Effects,
    Image,
    Install,
    NodeId,
    Record,
    Rejected,
    Reply,
    Send,
    Trace,
)


class Violation(AssertionError):  # noqa: N818 (the field's word)
    """A property is broken: two facts that cannot both hold, each saying how it came to be."""

    def __init__(self, property_: str, fact_a: str, fact_b: str) -> None:
        super().__init__(f"{property_}: {fact_a}; but {fact_b}")
        self.property = property_
        self.fact_a = fact_a
        self.fact_b = fact_b

    def __reduce__(self) -> tuple[type[Violation], tuple[str, str, str]]:
        return type(self), (self.property, self.fact_a, self.fact_b)


class Property(NamedTuple):
    """What an oracle watches, for the page that lists them all: its ``name`` is that of the violations of it."""

    name: str
    says: str
    source: str
    """Where it comes from: paper and section, or the page that specifies it."""
    cost: str
    """What a look at one event costs."""


Classes = frozenset[type]
"""Classes themselves, not what is derived from them (only ever looked up)."""


class Observer:
    """Base of every oracle: each method is called at the event itself and does nothing unless overridden.

    A driver need not call what a subclass leaves alone (see :func:`hooks`), nor tell it of messages that it does not
    name (see :class:`ByClass`): whoever overrides ``on_receive`` or ``on_leave`` names what the new one needs. ``node``
    may be the clients' actor. Calls come in order of ``now``. Whatever is passed belongs to the run: look, don't touch.
    An oracle holds data only, so that a run can be forked together with what its oracles know.
    """

    properties: ClassVar[tuple[Property, ...]] = ()
    """What this oracle watches; a violation that it raises names one of these."""

    hears: Classes | None = None
    """Classes of the messages at whose arrival :meth:`on_receive` does anything; None: of all."""

    weighs: Classes | None = None
    """Classes of the messages, or of the effects that they are in, at whose leaving :meth:`on_leave` does anything;
    None: of all."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:
        """A machine is about to start (incarnation 1) or restart from what its disk holds."""

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        """A machine is about to be handed a message."""

    def on_timer(self, now: int, node: NodeId, incarnation: int, name: str) -> None:
        """A machine's timer is about to fire."""

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:
        """A machine answered an input with these effects; none is carried out yet."""

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        """A machine decided a block. ``Commit``, ``Trace`` and the disk's records come in the machine's order."""

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:
        """A machine took a snapshot's state in place of its own (in the machine's order with ``Commit``)."""

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        """A machine told something about itself."""

    def on_rejected(self, now: int, node: NodeId, incarnation: int, rejected: Rejected) -> None:
        """A machine refused a message that no honest sender could have sent."""

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:
        """A machine asked for these records to be made durable; they are not yet."""

    def on_durable(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...], durable: Image) -> None:
        """These records of one ``Persist`` became durable; ``durable`` includes them already.

        ``durable`` is always the same object for one node: it may be kept, to look at what the disk holds later.
        """

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        """An outward effect leaves the node, whose disk holds ``durable`` at this instant."""

    def on_lost(self, now: int, node: NodeId, sender: NodeId, message: Any) -> None:
        """A message to ``node`` is lost on its way, cut off, or finds nobody up; told of when that is settled."""

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:
        """A machine is gone, with all it had not made durable."""


def hooks(observers: tuple[Observer, ...], name: str) -> list[Any]:
    """The bound methods ``name`` of those observers that override it."""
    base = getattr(Observer, name)
    return [getattr(observer, name) for observer in observers if getattr(type(observer), name) is not base]


class ByClass(dict[type, tuple[Any, ...]]):
    """Class of a message -> the hooks ``name`` of those observers that want to be told of it, in their order.

    ``wanted`` is the attribute that names an observer's classes; ``always``: this one is wanted along with them, too.
    """

    def __init__(self, observers: tuple[Observer, ...], name: str, wanted: str, always: type | None = None) -> None:
        super().__init__()
        self._hooks = [(getattr(hook.__self__, wanted), hook) for hook in hooks(observers, name)]
        self._always = always

    def __missing__(self, kind: type) -> tuple[Any, ...]:
        found = self[kind] = tuple(
            hook
            for wanted, hook in self._hooks
            if wanted is None or kind in wanted or (self._always is not None and self._always in wanted)
        )
        return found


def told(now: int, node: NodeId, incarnation: int) -> str:
    """How a fact names its origin: who, in which life, when."""
    return f"node {node}.{incarnation} at {now} ns"
