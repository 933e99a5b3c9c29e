"""``events.jsonl.gz``: everything that happened in a virtual run, one event a line, in order.

Told are deliveries, timers, writes made durable, starts, crashes and faults, and messages that were lost on the way. A
message is named by its kind and by the few whole numbers that place it (height, view, term); its body is not repeated.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from consensus.chain import Block

_PLACES = ("view", "term", "height", "round", "start", "previous_index", "name")
_encode = msgspec.json.Encoder().encode


class EventTrace:
    """A :data:`network.virtual.evidence.Trace` that writes to a file; close it when the run is over."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        # No time and no name in the header: the same run gives the same file.
        self._raw = path.open("wb")
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0, compresslevel=5)
        self._names = (*names, "clients")

    def __call__(self, now: int, kind: str, actor: int, other: int | None, what: Any) -> None:
        line: dict[str, Any] = {"at_ns": now, "event": kind, "at": self._names[actor]}
        if other is not None:
            line["from"] = self._names[other]
        line |= _named(what)
        self._file.write(_encode(line) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        self._raw.close()


def _named(what: Any) -> dict[str, Any]:
    if isinstance(what, int | str):
        return {"what": what}
    if not isinstance(what, msgspec.Struct):
        return {}
    block = getattr(what, "block", None)
    held = {"height": block.height} if isinstance(block, Block) else {}
    found = {name: getattr(what, name) for name in _PLACES if isinstance(getattr(what, name, None), int | str)}
    return {"what": type(what).__name__, **held, **found}
