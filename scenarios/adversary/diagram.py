"""The message diagram of a failure: its last exchanges, with what the two facts speak of marked.

One column a node, time downwards. :func:`record` plays a trial again and keeps the last events, and those at the very
instants that the facts name however long ago; :func:`as_text` draws them for a terminal, :func:`as_svg` as a picture.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from consensus.vocabulary import Commit, Trace
from scenarios.adversary.play import Broken, play
from scenarios.adversary.trial import Trial

LAST = 24
"""How many of the last events are shown."""

_FACT = re.compile(r"node (\d+)(?:\.\d+)? at (\d+) ns")
_TOLD = ("raft.role", "pbft.view_change", "pbft.new_view", "pbft.suspicion")


class Event(msgspec.Struct, frozen=True):
    """Something that happened at ``node``; a message came from ``sender``. ``mark`` is "A" or "B": see the facts."""

    at_ns: int
    node: int
    sender: int | None
    label: str
    mark: str = ""


class Diagram(msgspec.Struct, frozen=True):
    """``skipped[i]``: how many events were left out before ``events[i]``."""

    nodes: int
    clients: int
    events: tuple[Event, ...]
    skipped: tuple[int, ...]
    broken: Broken


class _Recorder:
    """A trace hook that keeps the last events, and those that the facts name."""

    def __init__(self, named: dict[tuple[int, int], str]) -> None:
        self._named = named
        self._number = 0
        self._last: deque[tuple[int, Event]] = deque(maxlen=LAST)
        self._marked: list[tuple[int, Event]] = []

    def __call__(self, now: int, kind: str, actor: int, other: int | None, what: Any) -> None:
        label = _label(kind, what)
        if label is None:
            return
        self._number += 1
        mark = self._named.get((actor, now), "")
        event = Event(now, actor, other, label, mark)
        (self._marked if mark else self._last).append((self._number, event))

    def events(self) -> tuple[tuple[Event, ...], tuple[int, ...]]:
        kept = sorted([*self._marked[-LAST:], *self._last], key=lambda pair: pair[0])
        before = [0, *(number for number, _ in kept)]
        skipped = tuple(number - previous - 1 for (number, _), previous in zip(kept, before, strict=False))
        return tuple(event for _, event in kept), skipped


def record(trial: Trial, broken: Broken) -> Diagram:
    """Play ``trial`` again, up to the violation."""
    named = {
        (int(node), int(at)): mark
        for mark, fact in (("B", broken.fact_b), ("A", broken.fact_a))
        for node, at in _FACT.findall(fact)
    }
    recorder = _Recorder(named)
    play(trial, trace=recorder)
    events, skipped = recorder.events()
    return Diagram(trial.case.nodes, trial.case.nodes, events, skipped, broken)


def _label(kind: str, what: Any) -> str | None:
    """What an event is called in the diagram; None for what it does not show."""
    if kind in ("receive", "lost", "cut"):
        words = [type(what).__name__]
        for name in ("term", "view", "height", "previous_index", "match_index", "granted"):
            value = getattr(what, name, None)
            if isinstance(value, int):
                words.append(f"{name.split('_')[0]}={value}")
        fate = "" if kind == "receive" else f" ({kind})"
        return " ".join(words[:4]) + fate
    if isinstance(what, Commit):
        return f"decides {what.height} = {what.block.hash.hex()[:8]}"
    if isinstance(what, Trace):
        return " ".join(map(str, (what.kind, *what.detail))) if what.kind in _TOLD else None
    return {"timer": f"timer {what}", "start": f"starts (life {what})", "crash": "crashes"}.get(kind)


# -- Text ----------------------------------------------------------------------------------------------------------

_COLUMN = 8


def as_text(diagram: Diagram) -> str:
    """The diagram in plain characters: ``o`` sends, ``>`` or ``<`` receives, ``*`` does, ``x`` is lost."""
    names = [*(f"n{node}" for node in range(diagram.nodes)), "clients"]
    lines = [" " * 16 + "".join(f"{name:^{_COLUMN}}" for name in names)]
    for event, skipped in zip(diagram.events, diagram.skipped, strict=True):
        if skipped:
            lines.append(f"{'⋮':>12}    " + _lanes(diagram, {}) + f"  {skipped:,} events")
        mark = f"[{event.mark}]" if event.mark else "   "
        lines.append(f"{event.at_ns / 1e6:>11.3f} {mark} {_row(diagram, event)}  {event.label}")
    lines.append(f"{diagram.broken.at_ns / 1e6:>11.3f} !!! {diagram.broken.property}")
    lines.append(f"  A  {diagram.broken.fact_a}")
    lines.append(f"  B  {diagram.broken.fact_b}")
    return "\n".join(lines)


def _lanes(diagram: Diagram, signs: dict[int, str]) -> str:
    return "".join(f"{signs.get(lane, '│'):^{_COLUMN}}" for lane in range(diagram.nodes + 1))


def _row(diagram: Diagram, event: Event) -> str:
    if event.sender is None or event.sender == event.node:
        return _lanes(diagram, {event.node: "*"})
    right = event.sender < event.node
    lost = event.label.endswith(("(lost)", "(cut)"))
    head = "x" if lost else ">" if right else "<"
    row = list(_lanes(diagram, {event.sender: "o", event.node: head}))
    low, high = sorted((_center(event.sender), _center(event.node)))
    for place in range(low + 1, high):
        row[place] = "─" if row[place] == " " else "┼" if row[place] == "│" else row[place]
    return "".join(row)


def _center(lane: int) -> int:
    return lane * _COLUMN + (_COLUMN - 1) // 2


# -- SVG -----------------------------------------------------------------------------------------------------------

_LANE, _LINE, _LEFT, _TOP = 90, 22, 120, 40


def as_svg(diagram: Diagram) -> str:
    """The diagram as a picture that needs nothing else: its own styles, light and dark."""
    lanes = diagram.nodes + 1
    height = _TOP + _LINE * (len(diagram.events) + 5)
    width = max(_LEFT + _LANE * lanes + 420, 900)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" font-size="12">',
        f"<title>{escape(diagram.broken.property)}</title>",
        _STYLE,
        f'<rect class="paper" width="{width}" height="{height}"/>',
        *_svg_lanes(diagram, height),
        *(part for place, event in enumerate(diagram.events) for part in _svg_event(diagram, place, event)),
        *_svg_facts(diagram),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


_STYLE = """<style>
text{font-family:ui-monospace,monospace;fill:#1b1f24}.paper{fill:#fff}.lane{stroke:#c4ccd4}.way{stroke:#0b62a8}
.lost{stroke:#b35900;stroke-dasharray:4 3}.dot{fill:#0b62a8}.mark{fill:#c4122f;font-weight:bold}.hit{fill:#c4122f22}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.lane{stroke:#3b434b}.way{stroke:#58a6ff}
.dot{fill:#58a6ff}.mark{fill:#ff7b86}}
</style>"""


def _x(lane: int) -> int:
    return _LEFT + _LANE * lane + _LANE // 2


def _svg_lanes(diagram: Diagram, height: int) -> Iterator[str]:
    for lane in range(diagram.nodes + 1):
        name = "clients" if lane == diagram.nodes else f"node {lane}"
        yield f'<text x="{_x(lane)}" y="24" text-anchor="middle">{name}</text>'
        yield f'<line class="lane" x1="{_x(lane)}" x2="{_x(lane)}" y1="{_TOP - 8}" y2="{height - 4 * _LINE}"/>'


def _svg_event(diagram: Diagram, place: int, event: Event) -> Iterator[str]:
    y = _TOP + _LINE * place + 8
    if event.mark:
        yield f'<rect class="hit" x="0" y="{y - 14}" width="100%" height="{_LINE - 2}"/>'
        yield f'<text class="mark" x="8" y="{y + 4}">{event.mark}</text>'
    if diagram.skipped[place]:
        yield f'<text x="24" y="{y - 8}" font-size="9">⋮ {diagram.skipped[place]:,} events</text>'
    yield f'<text x="24" y="{y + 4}">{event.at_ns / 1e6:.3f} ms</text>'
    if event.sender is not None and event.sender != event.node:
        lost = event.label.endswith(("(lost)", "(cut)"))
        yield (
            f'<line class="{"lost" if lost else "way"}" x1="{_x(event.sender)}" x2="{_x(event.node)}" '
            f'y1="{y}" y2="{y}"/>'
        )
    yield f'<circle class="dot" cx="{_x(event.node)}" cy="{y}" r="4"/>'
    yield f'<text x="{_x(diagram.nodes) + 60}" y="{y + 4}">{escape(event.label)}</text>'


def _svg_facts(diagram: Diagram) -> Iterator[str]:
    y = _TOP + _LINE * (len(diagram.events) + 1)
    broken = diagram.broken
    yield f'<text class="mark" x="8" y="{y}">{broken.at_ns / 1e6:.3f} ms: {escape(broken.property)}</text>'
    yield f'<text x="8" y="{y + _LINE}">A  {escape(broken.fact_a)}</text>'
    yield f'<text x="8" y="{y + 2 * _LINE}">B  {escape(broken.fact_b)}</text>'
