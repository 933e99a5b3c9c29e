"""The message diagram as an SVG picture that needs nothing else: one lane a node, time downwards.

A message is an arrow from the event that it followed from, where that is shown; else it comes in from its sender's lane
at the height where it arrives.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from xml.sax.saxutils import escape

from scenarios.adversary.diagram.recording import Diagram, Event
from scenarios.adversary.diagram.text import left_out

_LANE, _LINE, _LEFT, _TOP, _GAP, _LABEL = 84, 24, 150, 48, 16, 380
_CHARACTER = 7.3
"""How wide a character of the text is, at least."""


def as_svg(diagram: Diagram) -> str:
    """The picture, with styles for light and dark."""
    width = max(_LEFT + _LANE * (diagram.nodes + 1) + _LABEL, 900)
    rows = _rows(diagram)
    foot = rows[-1] + _LINE if rows else _TOP
    facts = list(_facts(diagram, int((width - 60) / _CHARACTER)))
    height = foot + 24 + 20 * len(facts) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(diagram.broken.property)}</title>",
        _STYLE,
        *(_tip(mark) for mark in ("", "A", "B")),
        f'<rect class="paper" width="{width}" height="{height}"/>',
        *_lanes(diagram, foot),
        *(part for place in range(len(rows)) for part in _band(diagram, rows, place, width)),
        *(part for place in range(len(rows)) for part in _way(diagram, rows, place)),
        *(part for place in range(len(rows)) for part in _event(diagram, rows, place)),
        *(
            f'<text class="{kind}" x="{x}" y="{foot + 24 + 20 * place}">{escape(line)}</text>'
            for place, (kind, x, line) in enumerate(facts)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


_STYLE = """<style>
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}.paper{fill:#fff}.lane{stroke:#c4ccd4}
.quiet{fill:#6a737d;font-size:10px}.way{stroke:#0b62a8;fill:none}.tip{fill:#0b62a8}.dot{fill:#0b62a8}
.lost{stroke:#b35900;stroke-dasharray:4 3;fill:none}.gone{stroke:#b35900;stroke-width:2;fill:none}
.A,.a{fill:#c4122f}.B,.b{fill:#7a2fb5}text.A,text.B{font-weight:bold}.wayA{stroke:#c4122f;stroke-width:1.6;fill:none}
.wayB{stroke:#7a2fb5;stroke-width:1.6;fill:none}.bandA{fill:#c4122f;opacity:.12}.bandB{fill:#7a2fb5;opacity:.12}
.name{font-weight:bold}.broken{fill:#c4122f;font-weight:bold}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.lane{stroke:#3b434b}.quiet{fill:#8b949e}
.way{stroke:#58a6ff}.tip,.dot{fill:#58a6ff}.A,.a,.broken{fill:#ff7b86}.B,.b{fill:#c69bff}.wayA{stroke:#ff7b86}
.wayB{stroke:#c69bff}.bandA{fill:#ff7b86}.bandB{fill:#c69bff}.lost,.gone{stroke:#f0a050}}
</style>"""


def _tip(mark: str) -> str:
    """The head of an arrow; it ends just before the receiver's dot."""
    return (
        f'<marker id="tip{mark}" viewBox="0 0 10 8" refX="14" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" '
        f'markerHeight="8" orient="auto"><path class="{mark.lower() or "tip"}" d="M0,0 L10,4 L0,8 z"/></marker>'
    )


def _rows(diagram: Diagram) -> list[int]:
    """How far down each event stands; a gap where others were left out."""
    rows, y = [], _TOP
    for skipped in diagram.skipped:
        y += _LINE + (_GAP if skipped else 0)
        rows.append(y)
    return rows


def _x(lane: int) -> int:
    return _LEFT + _LANE * lane + _LANE // 2


def _lanes(diagram: Diagram, foot: int) -> Iterator[str]:
    for lane in range(diagram.nodes + 1):
        name = "clients" if lane == diagram.nodes else f"node {lane}"
        yield f'<text class="name" x="{_x(lane)}" y="28" text-anchor="middle">{name}</text>'
        yield f'<line class="lane" x1="{_x(lane)}" x2="{_x(lane)}" y1="{_TOP - 10}" y2="{foot - 6}"/>'


def _band(diagram: Diagram, rows: list[int], place: int, width: int) -> Iterator[str]:
    """What lies behind the lanes: the fact's band, the time, and how many events are left out."""
    event, y = diagram.events[place], rows[place]
    if event.mark.isupper():
        yield f'<rect class="band{event.mark}" x="0" y="{y - _LINE // 2}" width="{width}" height="{_LINE}"/>'
    if event.mark:
        yield f'<text class="{event.mark}" x="12" y="{y + 4}">{event.mark}</text>'
    if diagram.skipped[place]:
        yield f'<text class="quiet" x="36" y="{y - _LINE // 2 - 4}">⋮ {left_out(diagram.skipped[place])}</text>'
    yield f'<text x="36" y="{y + 4}">{event.at_ns / 1e6:.3f} ms</text>'


def _way(diagram: Diagram, rows: list[int], place: int) -> Iterator[str]:
    """A message's arrow."""
    event = diagram.events[place]
    if event.sender is None or event.sender == event.node:
        return
    y = rows[place]
    start, target = _x(event.sender), _x(event.node)
    cause = diagram.events[event.cause] if event.cause is not None else None
    began = rows[event.cause] if cause is not None and cause.node == event.sender else y  # type: ignore[index]
    style = "lost" if event.lost else f"way{event.mark.upper()}"
    tip = "" if event.lost else f' marker-end="url(#tip{event.mark.upper()})"'
    yield f'<line class="{style}" x1="{start}" y1="{began}" x2="{target}" y2="{y}"{tip}/>'
    if event.lost:
        yield f'<path class="gone" d="M{target - 5},{y - 5} l10,10 m0,-10 l-10,10"/>'


def _event(diagram: Diagram, rows: list[int], place: int) -> Iterator[str]:
    event, y = diagram.events[place], rows[place]
    if not event.lost:
        yield f'<circle class="{event.mark.lower() or "dot"}" cx="{_x(event.node)}" cy="{y}" r="3.5"/>'
    yield f'<text x="{_x(diagram.nodes) + _LANE // 2 + 8}" y="{y + 4}">{escape(_told(diagram, event))}</text>'


def _told(diagram: Diagram, event: Event) -> str:
    names = [*map(str, range(diagram.nodes)), "clients"]
    way = "" if event.sender is None else f"{names[event.sender]} → "
    return f"{way}{names[event.node]}: {event.label}"


def _facts(diagram: Diagram, columns: int) -> Iterator[tuple[str, int, str]]:
    """What stands below: (style, x, line)."""
    broken = diagram.broken
    yield "broken", 12, f"{broken.at_ns / 1e6:.3f} ms: `{broken.property}` is broken"
    for mark, fact in (("A", broken.fact_a), ("B", broken.fact_b)):
        first, *more = textwrap.wrap(fact, columns) or [""]
        yield mark, 12, f"{mark}: {first}"
        for line in more:
            yield mark, 12 + round(3 * _CHARACTER), line
    yield "quiet", 12, "A, B: what the facts speak of; a, b: what that followed from"
