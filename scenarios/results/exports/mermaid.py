"""A Mermaid sequence diagram of a part of a run: who said what to whom, as it was heard.

Mermaid draws no slanted arrows, so a message stands where it was received; one that was lost stands where it was sent,
with a cross. Decisions, faults, starts and crashes are notes. The diagram is bounded: messages after the last one that
fits are counted in a note.

It is drawn from the event trace, and where the run kept none, from the few exchanges that every run keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from scenarios.results.exchanges import Exchange, Happening, chosen
from scenarios.results.exports.scope import Scope
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.trace import Happened, Joiner, Message, events, trace_absent

MESSAGES_MAX = 200
"""More than so many make no picture."""

CHARACTERS_MAX = 50_000
"""Mermaid draws no longer text, unless its ``maxTextSize`` is set higher."""


class Arrow(msgspec.Struct, frozen=True):
    """A message; ``crossed``: it never came."""

    sender: str
    receiver: str
    text: str
    crossed: bool = False


class Note(msgspec.Struct, frozen=True):
    """Something that happens at ``actor``; at everybody where that is None."""

    actor: str | None
    text: str


def mermaid_lines(files: RunFiles, scope: Scope, limit: int = MESSAGES_MAX) -> Iterator[str]:
    """The lines of the diagram, of at most ``limit`` messages. ExtractError where there is none to show."""
    items = list(_traced(files, scope) if trace_absent(files) is None else _exchanged(files, scope))
    arrows = sum(isinstance(item, Arrow) for item in items)
    if not arrows:
        raise ExtractError("no message between these nodes in this window; choose a longer --window, or more --nodes")
    places = {name: f"p{place}" for place, name in enumerate(scope.actors)}
    yield "sequenceDiagram"
    for name, alias in places.items():
        yield f"  participant {alias} as {escaped(name)}"
    for item in _first(items, limit):
        yield f"  {_line(item, places)}"
    if arrows > limit:
        yield f"  {_line(Note(None, f'and {arrows - limit:,} messages more'), places)}"


def partial(files: RunFiles) -> str | None:
    """Why the diagram can show a few exchanges alone; None where it can show all."""
    reason = trace_absent(files)
    if reason is None or not files.folder.exchanges.is_file():
        return None
    return f"drawn from a few exchanges that the run kept (exchanges.jsonl): {reason}"


def _first(items: Iterable[Arrow | Note], limit: int) -> Iterator[Arrow | Note]:
    """Up to the last message that fits."""
    told = 0
    for item in items:
        told += isinstance(item, Arrow)
        if told > limit:
            return
        yield item


# From the trace


def _traced(files: RunFiles, scope: Scope) -> Iterator[Arrow | Note]:
    joiner = Joiner()
    for event in events(files):
        message = joiner.take(event)
        if message is not None and scope.shows(event.at_ns, message.sender, message.receiver):
            yield _arrow(message)
        elif event.event == "fault":
            if scope.holds(event.at_ns):
                yield Note(None, str(event.what))
        elif event.event in _WORDS and scope.shows(event.at_ns, event.at) and not _begins(event):
            yield Note(event.at, _WORDS[event.event].format(event))


_WORDS = {
    "commit": "decides block {0.height}",
    "start": "starts (life {0.what})",
    "crash": "crashes",
    "pause": "pauses",
    "resume": "resumes",
}


def _arrow(message: Message) -> Arrow:
    crossed = message.fate != "received"
    return Arrow(message.sender, message.receiver, message.sent.label + f" ({message.fate})" * crossed, crossed)


def _begins(event: Happened) -> bool:
    """Is it a start that every run begins with?"""
    return event.event == "start" and event.what == 1


# From the exchanges


def _exchanged(files: RunFiles, scope: Scope) -> Iterator[Arrow | Note]:
    """Of the exchange that explains most; where a window is asked for, of all that were kept in it."""
    if not files.folder.exchanges.is_file():
        raise ExtractError(f"{files.folder.events}: is not there: {trace_absent(files)}")
    kept = chosen(files.json_lines(files.folder.exchanges, Exchange))
    happenings = [happening for exchange in (kept if scope.windowed else kept[:1]) for happening in exchange.happenings]
    for happening in sorted(dict.fromkeys(happenings), key=lambda found: found.at_ns):
        if scope.shows(happening.at_ns, happening.node, happening.sender or happening.node):
            yield _happened(happening)


def _happened(happening: Happening) -> Arrow | Note:
    text = f"{happening.what} {happening.detail}".rstrip()
    if happening.sender is None:
        return Note(happening.node, text)
    return Arrow(happening.sender, happening.node, text + " (lost)" * happening.lost, happening.lost)


# Mermaid's own words


def _line(item: Arrow | Note, places: dict[str, str]) -> str:
    if isinstance(item, Arrow):
        return f"{places[item.sender]}{'--x' if item.crossed else '->>'}{places[item.receiver]}: {escaped(item.text)}"
    over = [places[item.actor]] if item.actor is not None else [next(iter(places.values())), list(places.values())[-1]]
    return f"Note over {','.join(dict.fromkeys(over))}: {escaped(item.text)}"


def escaped(text: str) -> str:
    """``text`` with nothing in it that Mermaid takes for its own: entities for what ends or opens something."""
    special = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;", '"': "#quot;", "%": "#37;"}
    return "".join(special.get(character, character) for character in " ".join(text.split())) or "#nbsp;"
