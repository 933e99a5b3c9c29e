"""The message diagram for a terminal: one column a node, time downwards."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.adversary.diagram.recording import Diagram, Event

_WIDE, _NARROW, _MANY = 8, 5, 9
"""Columns are this wide, and narrower where there are many nodes."""


def as_text(diagram: Diagram) -> str:
    """``o`` sends, ``>`` or ``<`` hears, ``*`` does, ``x`` never arrived.

    [A] and [B] are what the facts speak of, a and b what that followed from.
    """
    column = _WIDE if diagram.nodes < _MANY else _NARROW
    names = [*(f"n{node}" for node in range(diagram.nodes)), "clients"[: column - 1]]
    lines = [" " * 16 + "".join(f"{name:^{column}}" for name in names).rstrip()]
    for event, skipped in zip(diagram.events, diagram.skipped, strict=True):
        if skipped:
            lines.append(f"{'⋮':>11}     {_lanes(diagram, column, {})}  {left_out(skipped)}")
        lines.append(f"{event.at_ns / 1e6:>11.3f} {_margin(event)} {_row(diagram, column, event)}  {event.label}")
    lines.append(f"{diagram.broken.at_ns / 1e6:>11.3f} !!! {diagram.broken.property}")
    return "\n".join(lines)


def left_out(events: int) -> str:
    """How many events are not shown."""
    return f"{events:,} event{'' if events == 1 else 's'}"


def causes_as_text(diagram: Diagram, mark: str) -> Iterator[str]:
    """How a fact came to be, one event a line, the first one first."""
    for event in diagram.causes(mark):
        who = _name(diagram, event.node)
        hears = "" if event.sender is None else f" hears {_name(diagram, event.sender)}"
        yield f"{event.at_ns / 1e6:.3f} ms  {who}{hears}: {event.label}"


def _name(diagram: Diagram, node: int) -> str:
    return "the clients" if node == diagram.nodes else f"node {node}"


def _margin(event: Event) -> str:
    if event.mark.isupper():
        return f"[{event.mark}]"
    return f" {event.mark or ' '} "


def _lanes(diagram: Diagram, column: int, signs: dict[int, str]) -> str:
    return "".join(f"{signs.get(lane, '│'):^{column}}" for lane in range(diagram.nodes + 1))


def _row(diagram: Diagram, column: int, event: Event) -> str:
    if event.sender is None or event.sender == event.node:
        return _lanes(diagram, column, {event.node: "*"})
    head = "x" if event.lost else ">" if event.sender < event.node else "<"
    row = list(_lanes(diagram, column, {event.sender: "o", event.node: head}))
    low, high = sorted(lane * column + (column - 1) // 2 for lane in (event.sender, event.node))
    for place in range(low + 1, high):
        row[place] = "─" if row[place] == " " else "┼"
    return "".join(row)
