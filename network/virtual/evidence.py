"""The rolling hash over everything that happened in a run: equal hashes, equal runs."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from itertools import repeat
from struct import Struct
from typing import Any

import msgspec

from network.virtual.queue import ENTRY_BYTES

_FLUSH_BYTES = 1 << 16
_fields = Struct("<QBHQI").pack
_bytes_of: Callable[[int, int, str], bytes] = int.to_bytes  # type: ignore[assignment] # its names are optional
_encode = msgspec.msgpack.Encoder().encode

START, SENT, TIMER, DURABLE, CRASH, PAUSE, RESUME = range(7)
"""Kinds of events that are hashed by :meth:`EventHash.add`; arrivals are hashed by their entries."""

NAMES = ("start", "sent", "timer", "durable", "crash", "pause", "resume")


def digest(message: Any) -> bytes:
    """SHA-256 of the message's msgpack encoding; TypeError where it has none."""
    return sha256(_encode(message)).digest()


class EventHash:
    """SHA-256 over every event, in order. Can be copied.

    An arrival is its entry in the queue, which holds when, at whom, and the number of a flight; what flew, and who sent
    it, is hashed once a flight, under that number. Every other event is (time, kind, actor, other, length, body).
    """

    def __init__(self) -> None:
        self._hash = sha256()
        self._buffer = bytearray()
        self.arrivals: list[int] = []
        """Entries of arrivals that are not hashed yet: whoever delivers a message appends here."""

    def add(self, now: int, kind: int, actor: int, other: int, body: bytes) -> None:
        """``other`` is a flight's number where something was sent."""
        if self.arrivals:
            self._take_arrivals()
        buffer = self._buffer
        buffer += _fields(now, kind, actor, other, len(body))
        buffer += body
        if len(buffer) >= _FLUSH_BYTES:
            self._flush()

    def sent(self, now: int, actor: int, number: int, message: Any) -> None:
        """``message`` takes off under ``number``."""
        self.add(now, SENT, actor, number, digest(message))

    def hexdigest(self) -> str:
        self._flush()
        return self._hash.hexdigest()

    def _take_arrivals(self) -> None:
        self._buffer += b"".join(map(_bytes_of, self.arrivals, repeat(ENTRY_BYTES), repeat("little")))
        self.arrivals.clear()

    def _flush(self) -> None:
        self._take_arrivals()
        self._hash.update(self._buffer)
        self._buffer.clear()

    def __deepcopy__(self, memo: dict[int, Any]) -> EventHash:
        self._flush()
        copy = EventHash()
        copy._hash = self._hash.copy()
        return copy


TraceHook = Callable[[int, str, int, int | None, Any, int | None], None]
"""``trace(now, kind, actor, other, what, flight)``: told of every event, and of messages on their way.

A message that takes off is told once as "send", with the number of its ``flight`` and :class:`Sent` for ``what``;
what arrives is a "receive" from that flight, or "vanished" where nobody was up to receive it. "lost" and "cut" never
took off: they are told of the receiver, at the time of sending. A "send" is told when it is decided; where a node is
busy it leaves later, at the time that is told.
"""


class Sent(msgspec.Struct, frozen=True):
    """``message``, of ``size`` bytes, is on its way to these actors; twice to one that it reaches twice."""

    message: Any
    size: int
    to: tuple[int, ...]
