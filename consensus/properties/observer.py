"""What an omniscient observer of a run is told, and what it raises when a property is broken."""

from __future__ import annotations

from typing import Any

from consensus.vocabulary import Broadcast, Effects, Image, NodeId, Record, Reply, Send


class Violation(AssertionError):  # noqa: N818 (the field's word)
    """A property is broken: two facts that cannot both hold, each with how it came to be."""

    def __init__(self, property_: str, fact_a: str, fact_b: str) -> None:
        super().__init__(f"{property_}: {fact_a}; but {fact_b}")
        self.property = property_
        self.fact_a = fact_a
        self.fact_b = fact_b


class Observer:
    """Base of every oracle: each method is called at the event itself and does nothing unless overridden.

    A driver need not call what a subclass leaves alone (see :func:`hooks`). ``node`` may be the clients'
    actor. Calls come in order of ``now``. Whatever is passed belongs to the run: look, don't touch.
    """

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:
        """A machine is about to start (incarnation 1) or restart from what its disk holds."""

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        """A machine is about to be handed a message."""

    def on_timer(self, now: int, node: NodeId, incarnation: int, name: str) -> None:
        """A machine's timer is about to fire."""

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:
        """A machine answered an input with these effects; none is carried out yet."""

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        """An outward effect leaves the node, whose disk holds ``durable`` at this instant."""

    def on_durable(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...], durable: Image) -> None:
        """These records of one ``Persist`` became durable; ``durable`` includes them already."""

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:
        """A machine is gone, with all it had not made durable."""


def hooks(observers: tuple[Observer, ...], name: str) -> list[Any]:
    """The bound methods ``name`` of those observers that override it."""
    base = getattr(Observer, name)
    return [getattr(observer, name) for observer in observers if getattr(type(observer), name) is not base]
