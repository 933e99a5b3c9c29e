"""A trace for https://ui.perfetto.dev, in the JSON of Chrome's trace events.

Nodes are processes. Their track "events" holds what they hear, send and do, with arrows from each departure to its
arrivals; "disk" the writes made durable; "standing" their duty and round, as they were seen (every 100 ms in virtual
mode). Clients' operations and faults are processes of their own. Time is run time.

In virtual mode handling a message takes no time unless the scenario has costs, and arrows need something to begin and
end at: so events are drawn up to 1 µs wide, never into the next one, and those of one instant side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, pairwise
from typing import Any

import msgspec

from scenarios.results.exports.measures import OPERATIONS
from scenarios.results.exports.scope import Scope
from scenarios.results.exports.shiviz import text_of
from scenarios.results.exports.source import RunFiles
from scenarios.results.exports.trace import Happened, Joiner, events, trace_absent
from scenarios.results.exports.traffic import FAULTS, STANDINGS

Entry = dict[str, Any]

_WIDTH_NS = 1000
_PS, _US = 1_000, 1_000_000  # picoseconds in a nanosecond and in a microsecond: the format counts in the latter
_EVENTS, _DISK, _STANDING = 1, 2, 3
_TRACKS = {_EVENTS: "events", _DISK: "disk", _STANDING: "standing"}

_encode = msgspec.json.Encoder().encode


def perfetto_lines(files: RunFiles, scope: Scope) -> Iterator[bytes]:
    """The lines of the file. What the run did not record is left out, and said in ``otherData``."""
    yield b'{"displayTimeUnit":"ns",'
    yield b'"otherData":' + _encode(_facts(files)) + b","
    yield b'"traceEvents":['
    before = b""
    for entry in _entries(files, scope):
        if before:
            yield before + b","
        before = _encode(entry)
    yield before
    yield b"]}"


def missing(files: RunFiles) -> list[str]:
    """What the picture of this run lacks, and why."""
    lacks = {
        "messages, decisions and writes": trace_absent(files),
        "faults": FAULTS.absent(files),
        "standings": STANDINGS.absent(files),
    }
    return [f"no {what}: {why}" for what, why in lacks.items() if why is not None]


def _facts(files: RunFiles) -> Mapping[str, str]:
    manifest = files.manifest
    return {
        "scenario": manifest.scenario,
        "protocol": manifest.protocol,
        "seed": str(manifest.seed),
        "mode": manifest.mode,
        "verdict": manifest.verdict,
        "missing": "; ".join(missing(files)),
    }


def _entries(files: RunFiles, scope: Scope) -> Iterator[Entry]:
    processes = {name: number for number, name in enumerate(scope.actors, start=3)}
    yield from _named(1, "faults")
    yield from _named(2, "operations")
    for name, process in processes.items():
        yield from _named(process, name, _TRACKS)
    yield from _faults(files, scope)
    yield from _operations(files, scope)
    yield from _standings(files, scope, processes)
    if trace_absent(files) is None:
        yield from _traced(files, scope, processes)


def _named(process: int, name: str, tracks: Mapping[int, str] | None = None) -> Iterator[Entry]:
    yield {"ph": "M", "pid": process, "tid": 0, "name": "process_name", "args": {"name": name}}
    yield {"ph": "M", "pid": process, "tid": 0, "name": "process_sort_index", "args": {"sort_index": process}}
    for track, title in (tracks or {}).items():
        yield {"ph": "M", "pid": process, "tid": track, "name": "thread_name", "args": {"name": title}}


# What any run has


def _faults(files: RunFiles, scope: Scope) -> Iterator[Entry]:
    if FAULTS.absent(files) is not None:
        return
    for number, (at_ns, until_ns, line) in enumerate(FAULTS.rows(files)):
        if scope.holds(at_ns):
            yield _base("i", 1, 1, line, at_ns * _PS) | {"s": "g", "cat": "fault"}
            if until_ns is not None and until_ns > at_ns:
                yield from _span(1, "fault", number, line, at_ns, until_ns)


def _operations(files: RunFiles, scope: Scope) -> Iterator[Entry]:
    for number, row in enumerate(OPERATIONS.rows(files)):
        called, returned, _, _, _, key, status, code, height, *_ = row
        if scope.holds(called) and returned is not None:
            facts = {"status": status, "code": str(code), "height": str(height)}
            yield from _span(2, "operation", number, key, called, returned, facts)


def _span(  # noqa: PLR0913, PLR0917 - the parts of a span
    process: int, kind: str, number: int, name: str, from_ns: int, until_ns: int, facts: Mapping[str, str] | None = None
) -> Iterator[Entry]:
    """Something that lasts, and may overlap with others."""
    same = {"pid": process, "tid": 1, "cat": kind, "id": number, "name": name}
    yield {"ph": "b", "ts": from_ns * _PS / _US, **same, "args": dict(facts or {})}
    yield {"ph": "e", "ts": until_ns * _PS / _US, **same}


def _standings(files: RunFiles, scope: Scope, processes: Mapping[str, int]) -> Iterator[Entry]:
    if STANDINGS.absent(files) is not None:
        return
    last: dict[str, tuple[int, str]] = {}
    for at_ns, node, condition, duty, round_ in STANDINGS.rows(files):
        if node in last and node in processes:
            yield from _slice(scope, processes[node], *last[node], at_ns)
        words = [*([] if condition == "up" and duty else [condition]), *([f"{duty} {round_}"] if duty else [])]
        last[node] = (at_ns, ", ".join(words))
    end_ns = _end_ns(files)
    for node, (from_ns, name) in last.items():
        if node in processes:
            yield from _slice(scope, processes[node], from_ns, name, end_ns)


def _end_ns(files: RunFiles) -> int:
    """When the run ended; of real processes, when the last was heard of anything."""
    if files.manifest.virtual_ns is not None:
        return files.manifest.virtual_ns
    answers = (row[1] or 0 for row in OPERATIONS.rows(files))
    return max(chain(answers, (row[0] for row in STANDINGS.rows(files))), default=0)


def _slice(scope: Scope, process: int, from_ns: int, name: str, until_ns: int) -> Iterator[Entry]:
    """A standing, as far as it lies in the window."""
    begin, end = max(from_ns, scope.from_ns), min(until_ns, until_ns if scope.until_ns is None else scope.until_ns)
    if begin < end:
        yield _base("X", process, _STANDING, name, begin * _PS) | {"dur": (end - begin) * _PS / _US}


# What a traced run has


def _traced(files: RunFiles, scope: Scope, processes: Mapping[str, int]) -> Iterator[Entry]:
    joiner = Joiner()
    shown: list[Happened] = []
    sends: dict[int, int] = {}
    arrows: list[tuple[int, int]] = []  # places in ``shown`` of a departure and its arrival
    for event in events(files):
        message = joiner.take(event)
        if not scope.shows(event.at_ns, _lane(event)):
            continue
        if event.event == "send" and event.flight is not None:
            sends[event.flight] = len(shown)
        elif event.event == "receive" and message is not None and message.sent.flight in sends:
            arrows.append((sends[message.sent.flight], len(shown)))
        shown.append(event)
    boxes = _boxes(shown)
    for place, event in enumerate(shown):
        yield from _drawn(event, boxes.get(place, (0, 0)), processes[_lane(event)])
    for number, (departure, arrival) in enumerate(arrows, start=1):
        for phase, place in (("s", departure), ("f", arrival)):
            process, label = processes[shown[place].at], shown[place].label
            yield {
                **_base(phase, process, _EVENTS, label, boxes[place][0]),
                "cat": "message",
                "id": number,
                **_BINDS[phase],
            }


_BINDS: dict[str, Entry] = {"s": {}, "f": {"bp": "e"}}  # an arrow ends at the box that it points into

_INSTANTS = {"durable": _DISK, "commit": _EVENTS}


def _lane(event: Happened) -> str:
    """Whose track shows it: what comes to nothing is the sender's."""
    return str(event.sender) if event.event in {"lost", "cut"} else event.at


def _boxes(shown: list[Happened]) -> dict[int, tuple[int, int]]:
    """(begin, width) in ps by place. What happens to a node at one instant is drawn side by side."""
    lanes: dict[str, dict[int, list[int]]] = {}
    for place, event in enumerate(shown):
        if event.event not in _INSTANTS:
            lanes.setdefault(_lane(event), {}).setdefault(event.at_ns, []).append(place)
    found: dict[int, tuple[int, int]] = {}
    for instants in lanes.values():
        for at_ns, following in pairwise([*instants, max(instants) + _WIDTH_NS]):
            width = min(_WIDTH_NS, following - at_ns) * _PS // len(instants[at_ns])
            found |= {place: (at_ns * _PS + turn * width, width) for turn, place in enumerate(instants[at_ns])}
    return found


def _drawn(event: Happened, box: tuple[int, int], process: int) -> Iterator[Entry]:
    if event.event in _INSTANTS:
        yield _base("i", process, _INSTANTS[event.event], text_of(event), event.at_ns * _PS) | {"s": "t"}
    else:
        begin, width = box
        facts = {"at_ns": event.at_ns} | ({} if event.bytes is None else {"bytes": event.bytes})
        yield _base("X", process, _EVENTS, text_of(event), begin) | {
            "dur": width / _US,
            "cat": event.event,
            "args": facts,
        }
    if event.event == "commit":
        yield _base("C", process, 0, "height", event.at_ns * _PS) | {"args": {"height": event.height}}


def _base(phase: str, process: int, track: int, name: str, at_ps: int) -> Entry:
    return {"ph": phase, "pid": process, "tid": track, "ts": at_ps / _US, "name": name}
