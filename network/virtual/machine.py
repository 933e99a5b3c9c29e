"""What the virtual world runs: anything with these three methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from consensus.vocabulary import Effects, Image, NodeId


class Machine(Protocol):
    """A pure state machine: a replica, a bare core, or the conductor of the clients."""

    def start(self, now: int) -> Effects:
        """Begin, or begin again from the image that the factory was given."""
        ...

    def receive(self, now: int, sender: NodeId, message: Any) -> Effects:
        """A message from another actor; it is shared with other receivers and must not be changed."""
        ...

    def timer(self, now: int, name: str) -> Effects:
        """A timer set by this incarnation came due."""
        ...


Factory = Callable[[NodeId, Image, int], Machine]
"""``factory(actor, image, incarnation)``: builds an actor's machine at its start and at each restart.

``image`` is the machine's own copy of what its disk holds; incarnations count from 1.
"""
