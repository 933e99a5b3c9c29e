"""The rolling hash over everything that happened in a run: equal hashes, equal runs."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from struct import Struct
from typing import Any

import msgspec

_FLUSH_BYTES = 1 << 16
_fields = Struct("<QBHHI").pack
_encode = msgspec.msgpack.Encoder().encode

START, RECEIVE, TIMER, DURABLE, CRASH, PAUSE, RESUME = range(7)
"""Kinds of events that are hashed."""

NAMES = ("start", "receive", "timer", "durable", "crash", "pause", "resume")


def digest(message: Any) -> bytes:
    """SHA-256 of the message's msgpack encoding; TypeError where it has none."""
    return sha256(_encode(message)).digest()


class EventHash:
    """SHA-256 over (time, kind, actor, other, length, body) of every event, in order. Can be copied."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._buffer = bytearray()

    def add(self, now: int, kind: int, actor: int, other: int, body: bytes) -> None:
        buffer = self._buffer
        buffer += _fields(now, kind, actor, other, len(body))
        buffer += body
        if len(buffer) >= _FLUSH_BYTES:
            self._flush()

    def hexdigest(self) -> str:
        self._flush()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        self._hash.update(self._buffer)
        self._buffer.clear()

    def __deepcopy__(self, memo: dict[int, Any]) -> EventHash:
        self._flush()
        copy = EventHash()
        copy._hash = self._hash.copy()
        return copy


TraceHook = Callable[[int, str, int, int | None, Any], None]
"""``trace(now, kind, actor, other, what)``: told of every event, and of messages "lost" or "cut" on the way."""
