"""What a running node tells whoever started it: JSON lines on standard output, told only when something changed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, TextIO

import msgspec

from consensus.chain import Block
from consensus.protocols import Status
from node.recollection import Happening

REASONS_MAX = 200
"""Different reasons of rejections told apart in a node's life; peers write parts of them, so their number is theirs."""

_encode = msgspec.json.Encoder().encode


class Telemetry:
    """Writes ``{"node": name, "event": ..., "at": monotonic ns, ...}``."""

    def __init__(self, name: str, out: TextIO) -> None:
        self._name = name
        self._out = out
        self._last: dict[str, Any] = {}
        self._rejections: Counter[str] = Counter()
        self._reasons: set[str] = set()
        self._commits: list[tuple[int, int]] = []
        self._messages: Counter[str] = Counter()

    def event(self, event: str, **fields: Any) -> None:
        """One line. A reader that is gone is no reason to fail: the end of our standard input stops us."""
        line = {"node": self._name, "event": event, "at": time.monotonic_ns(), **fields}
        try:
            self._out.write(_encode(line).decode() + "\n")
            self._out.flush()
        except (BrokenPipeError, ValueError):
            pass

    def committed(self, height: int) -> None:
        """Gathered and told with the next status, so that a fast chain does not flood the pipe."""
        self._commits.append((height, time.monotonic_ns()))

    def message(self, way: str, kind: str) -> None:
        """A message of that kind was ``way`` ("sent" or "heard"). Counted, and told with the next status."""
        self._messages[f"{way}.{kind}"] += 1

    def rejected(self, sender: str, reason: str) -> None:
        """Gathered and told with the next status, like commits."""
        key = f"{sender}: {reason[:160]}"
        if len(self._reasons) < REASONS_MAX:
            self._reasons.add(key)
        self._rejections[key if key in self._reasons else "others"] += 1

    def status(  # noqa: PLR0913 - what is told
        self,
        *,
        first: bool,
        last: bool = False,
        status: Status,
        mempool: int,
        head: Block,
        root: bytes,
        whole: bool,
        counters: dict[str, int],
        happenings: Sequence[Happening] = (),
    ) -> None:
        """Tell the node's position if it, or anything else shown, changed since the last time; and ``last``, always.

        ``whole``: does it hold every block, or is it still fetching what a snapshot made it skip? ``happenings``: what
        it recalls (:mod:`node.recollection`).
        """
        fields = {
            "pid": os.getpid(),
            "duty": status.role,
            "round": status.round,
            "leader": status.leader,
            "changing": status.changing,
            "height": status.height,
            "mempool": mempool,
            "head": head.hash.hex(),
            "closed": not head.transactions and whole,
            "whole": whole,
            "root": root.hex(),
        }
        if fields == self._last and not (self._commits or self._rejections or happenings or first or last):
            return
        self._last = fields
        commits, self._commits = self._commits, []
        rejections, self._rejections = dict(self._rejections), Counter()
        messages, self._messages = dict(self._messages), Counter()
        gathered = {"commits": commits, "rejections": rejections, "messages": messages, "happenings": happenings}
        self.event("ready" if first else "status", **fields, **gathered, counters=counters)
