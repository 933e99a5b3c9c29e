"""The bus: how frames get from one process to the others.

A bus is an asynchronous context manager over one connection. It promises little on purpose: a payload published
while connected usually reaches every subscriber once, in order per publisher. Loss, doubles and reordering are
possible (a broker restarts, a queue fills), are counted where they can be seen, and are the protocols' to mend.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import msgspec

OnMessage = Callable[[str, bytes], None]
"""Called with topic and payload for each delivery, directly from the receiving end: it must not block."""

OnState = Callable[[bool], None]
"""Called with True at each (re)connection, once subscribed, and with False when the connection is lost."""

PAYLOAD_BYTES_MAX = 4 * 1024 * 1024
"""What a bus carries in one message; brokers are configured to take this and the topic."""


class BusError(Exception):
    """The bus cannot be used; the message is for the user and says what to do."""


class BusCounters(msgspec.Struct):
    """What passed, and what was lost on the way, since the bus was made."""

    published: int = 0  # acknowledged by the broker
    published_bytes: int = 0
    delivered: int = 0  # handed to on_message
    delivered_bytes: int = 0
    dropped_full: int = 0  # publish() found the buffer full
    dropped_closed: int = 0  # not acknowledged by the broker when the bus was closed
    resent: int = 0  # in flight when a connection was lost, sent again over the next: doubles are possible
    refused_large: int = 0  # payloads over the limit, in either direction
    connections: int = 0  # successful connections; the first one is no reconnection
    our_errors: int = 0  # a callback raised, or a topic was no topic: reported to the loop's exception handler


class Bus(Protocol):
    """One process's end of the bus."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection with its subscriptions in force."""
        ...

    @property
    def counters(self) -> BusCounters: ...

    async def __aenter__(self) -> Self:
        """Connect and subscribe; BusError when no broker answers in time."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is still buffered, within a second, and disconnect."""
        ...

    def publish(self, topic: str, payload: bytes) -> bool:
        """Queue ``payload`` for sending; never blocks. False when it was dropped (buffer full, too large)."""
        ...

    async def flush(self, seconds: float) -> bool:
        """Wait until everything published so far was acknowledged, ``seconds`` at most; False when it was not."""
        ...
