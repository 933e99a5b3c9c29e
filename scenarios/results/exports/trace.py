"""The events of a traced run, and the messages they make: sends joined to what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from scenarios.results.exports.source import ExtractError, RunFiles

CLIENTS = "clients"
"""The actor that stands for all wallets."""

Fate = Literal["received", "lost", "cut", "vanished", "pending"]


class Happened(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """One line of ``events.jsonl.gz``; see ``docs/guide/results/events.md``. Faults happen at nobody."""

    at_ns: int
    event: str
    at: str = ""
    sender: str | None = None
    to: tuple[str, ...] = ()
    flight: int | None = None
    bytes: int | None = None
    what: str | int | None = None
    height: int | None = None
    view: int | None = None
    term: int | None = None
    round: int | None = None
    detail: tuple[int | str, ...] = ()
    client: str | None = None
    step: str | None = None
    code: str | None = None
    until_ns: int | None = None

    @property
    def label(self) -> str:
        """What it is called in pictures: the kind, and where it belongs."""
        places = (("view", self.view), ("term", self.term), ("height", self.height))
        return " ".join([str(self.what), *(f"{name}={value}" for name, value in places if value is not None)])


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one receiver. ``sent`` is its departure, or for one that never left, that it did not.

    ``received_ns`` is there for the fate "received" alone. "lost": on the way; "cut": there was no way; "vanished": the
    receiver was down; "pending": under way, or waiting at the receiver, when the run ended or the receiver crashed.
    """

    sent: Happened
    sender: str
    receiver: str
    received_ns: int | None
    fate: Fate


def trace_absent(files: RunFiles) -> str | None:
    """Why the run has no trace; None where it has one."""
    if files.folder.events.is_file():
        return None
    if files.manifest.mode != "virtual":
        return "nobody sees every event of real processes"
    return "the run kept no trace; run it again with --trace"


def events(files: RunFiles) -> Iterator[Happened]:
    """Every event of the trace, in order. ExtractError where there is none, or where it is damaged."""
    reason = trace_absent(files)
    if reason is not None:
        raise ExtractError(f"{files.folder.events}: is not there: {reason}")
    return files.json_lines(files.folder.events, Happened)


class Joiner:
    """Joins arrivals to departures, event by event."""

    def __init__(self) -> None:
        self._aloft: dict[int, tuple[Happened, list[str]]] = {}  # by flight: the send, and who has not heard yet

    def take(self, event: Happened) -> Message | None:
        """The message whose fate ``event`` decides, if it decides one."""
        if event.event == "send" and event.flight is not None:
            self._aloft[event.flight] = (event, list(event.to))
            return None
        if event.event in {"lost", "cut"}:
            return _message(event, event, None)
        if event.event not in {"receive", "vanished"}:
            return None
        sent, waiting = self._aloft.get(-1 if event.flight is None else event.flight, (None, []))
        if sent is None or event.at not in waiting:
            raise ExtractError(f"the trace tells at {event.at_ns} ns of a message that nobody sent: {event.label}")
        waiting.remove(event.at)
        if not waiting and event.flight is not None:
            del self._aloft[event.flight]
        return _message(sent, event, event.at_ns if event.event == "receive" else None)

    def pending(self) -> Iterator[Message]:
        """What never came to anything, in order of departure."""
        for sent, waiting in self._aloft.values():
            for receiver in waiting:
                yield Message(sent=sent, sender=sent.at, receiver=receiver, received_ns=None, fate="pending")


def messages(files: RunFiles) -> Iterator[Message]:
    """Every message of the run, in the order in which fates were decided; what was still pending comes last."""
    joiner = Joiner()
    for event in events(files):
        message = joiner.take(event)
        if message is not None:
            yield message
    yield from joiner.pending()


def _message(sent: Happened, end: Happened, received_ns: int | None) -> Message:
    fate: Any = "received" if end.event == "receive" else end.event
    return Message(sent=sent, sender=str(end.sender), receiver=end.at, received_ns=received_ns, fate=fate)
