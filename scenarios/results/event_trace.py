"""``events.jsonl.gz``: everything that happened in a virtual run, one event a line, in order of time.

Told are messages as they are sent, received and lost, timers, writes made durable, decisions, what machines tell of
themselves, starts, crashes and faults. A message is named by its kind and by the few whole numbers that place it
(height, view, term); its body is not repeated. The number of its flight joins what was received to what was sent.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import msgspec

from consensus.chain import Block
from consensus.vocabulary import Rejected, Trace
from network.virtual.evidence import Sent
from scenarios.runner.actors import actor_names

_PLACES = ("view", "term", "height", "round", "start", "previous_index", "name")
_STEPS = ("acknowledged", "answered")
_AHEAD = frozenset({"send", "lost", "cut"})  # told when they are decided, which may be before they happen
_encode = msgspec.json.Encoder().encode


class EventTrace:
    """A :data:`network.virtual.evidence.TraceHook` that writes to a file; close it when the run is over.

    ``names`` are the nodes' in their order. What a busy node decides to send leaves it later, or is lost then: such a
    line is held back until its time has come.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        # No time and no name in the header: the same run gives the same file.
        self._raw = path.open("wb")
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0, compresslevel=5)
        self._names = actor_names(names)
        self._held: list[tuple[int, int, bytes]] = []
        self._told = 0

    def __call__(self, now: int, kind: str, actor: int, other: int | None, what: Any, flight: int | None) -> None:  # noqa: PLR0913, PLR0917 - as the world tells it
        line: dict[str, Any] = {"at_ns": now, "event": kind, "at": self._names[actor]}
        if other is not None:
            line["from"] = self._names[other]
        if flight is not None:
            line["flight"] = flight
        if isinstance(what, Sent):
            line |= {"to": [self._names[receiver] for receiver in what.to], "bytes": what.size} | _named(what.message)
        elif isinstance(what, Rejected):
            line |= {"from": self._names[what.sender], "what": what.reason}
        else:
            line |= _told(what) if isinstance(what, Trace) else _named(what)
        self._take(now, line)

    def fault(self, now: int, told: str, until_ns: int | None) -> None:
        """A fault of the scenario begins or ends. ``until_ns``: when what began is over by itself, if that is known."""
        line: dict[str, Any] = {"at_ns": now, "event": "fault", "what": told}
        self._take(now, line if until_ns is None else line | {"until_ns": until_ns})

    def close(self) -> None:
        """Finish the file."""
        self._write_until(None)
        self._file.close()
        self._raw.close()

    def _take(self, now: int, line: dict[str, Any]) -> None:
        if line["event"] not in _AHEAD:
            self._write_until(now)
        self._told += 1
        heappush(self._held, (now, self._told, _encode(line) + b"\n"))

    def _write_until(self, now: int | None) -> None:
        """Write the lines of before ``now``: nothing that is told from now on comes before them."""
        held = self._held
        while held and (now is None or held[0][0] < now):
            self._file.write(heappop(held)[2])


def _told(trace: Trace) -> dict[str, Any]:
    """What a machine tells of itself: its kind, and the plain values of its detail."""
    if trace.kind in _STEPS:
        done = trace.detail[0]
        return {"what": trace.kind, "client": done.step.client, "step": done.step.id, "code": done.code}
    plain = [value for value in trace.detail if isinstance(value, int | str)]
    return {"what": trace.kind, "detail": plain} if plain else {"what": trace.kind}


def _named(what: Any) -> dict[str, Any]:
    if isinstance(what, int | str):
        return {"what": what}
    if not isinstance(what, msgspec.Struct):
        return {}
    block = getattr(what, "block", None)
    held = {"height": block.height} if isinstance(block, Block) else {}
    found = {name: getattr(what, name) for name in _PLACES if isinstance(getattr(what, name, None), int | str)}
    return {"what": type(what).__name__, **held, **found}
