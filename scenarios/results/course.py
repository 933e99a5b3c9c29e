"""``course.jsonl``: the course of a run, one line each time that something changed, in order of run time.

Faults as they were done, and where each node stood: whether it was up, what its duty was, in which round (Raft's term,
PBFT's view). In virtual mode nodes are looked at every 100 ms; with processes, whenever they say something new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from scenarios.results.numbers import Natural

_encode = msgspec.json.Encoder(order="deterministic").encode


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag="fault", tag_field="what"):
    """A fault began, or ended by itself. ``until_ns``: when it is over by itself; None: to the end, or at once.

    ``kind``: the scenario's word for it, as in ``crash``; empty where one ended, and in runs of older versions.
    """

    at_ns: Natural
    line: str
    until_ns: Natural | None = None
    kind: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True, tag="standing", tag_field="what"):
    """Where ``node`` stands from ``at_ns`` on. ``condition``: "up", "down", "slow", "cut off" or "starting"."""

    at_ns: Natural
    node: str
    condition: str
    duty: str
    round: Natural


Entry = Fault | Standing


class Course:
    """Notes a node's standing where it differs from the one before."""

    def __init__(self) -> None:
        self.standings: list[Standing] = []
        self._last: dict[str, tuple[str, str, int]] = {}

    def stands(self, at_ns: int, node: str, condition: str, duty: str, round_: int) -> None:
        """``node`` was seen so at ``at_ns``."""
        seen = (condition, duty, round_)
        if self._last.get(node) != seen:
            self._last[node] = seen
            self.standings.append(Standing(at_ns=at_ns, node=node, condition=condition, duty=duty, round=round_))


def course_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The file's lines; what happened at one instant keeps its order."""
    for entry in sorted(entries, key=lambda entry: entry.at_ns):
        yield _encode(entry)
