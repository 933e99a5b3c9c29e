"""A Mermaid sequence diagram of a part of a run: who said what to whom, as it was heard.

Mermaid draws no slanted arrows, so a message stands where it was received; one that was lost stands where it was sent,
with a cross. Decisions, faults, starts and crashes are notes. The diagram is bounded: messages after the last one that
fits are counted in a note.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.results.exports.scope import Scope
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.trace import Happened, Joiner, Message, events

MESSAGES_MAX = 200
"""More than so many make no picture."""

CHARACTERS_MAX = 50_000
"""Mermaid draws no longer text, unless its ``maxTextSize`` is set higher."""

_NOTES = frozenset({"commit", "start", "crash", "pause", "resume"})


def mermaid_lines(files: RunFiles, scope: Scope, limit: int = MESSAGES_MAX) -> Iterator[str]:
    """The lines of the diagram, of at most ``limit`` messages. ExtractError where there is none to show."""
    drawn = list(_drawn(files, scope))
    shown = [item for item in drawn if isinstance(item, Message)]
    if not shown:
        raise ExtractError("no message between these nodes in this window; choose a longer --window, or more --nodes")
    places = {name: f"p{place}" for place, name in enumerate(scope.actors)}
    yield "sequenceDiagram"
    for name, alias in places.items():
        yield f"  participant {alias} as {escaped(name)}"
    told = 0
    for item in drawn:
        if isinstance(item, Message):
            if told == limit:
                break
            told += 1
        yield f"  {_line(item, places)}"
    if len(shown) > limit:
        first, last = places[scope.actors[0]], places[scope.actors[-1]]
        over = first if first == last else f"{first},{last}"
        yield f"  Note over {over}: and {len(shown) - limit:,} messages more"


def _drawn(files: RunFiles, scope: Scope) -> Iterator[Message | Happened]:
    """What the picture shows, in its order."""
    joiner = Joiner()
    for event in events(files):
        message = joiner.take(event)
        if message is not None and scope.shows(event.at_ns, message.sender, message.receiver):
            yield message
        elif event.event == "fault":
            if scope.holds(event.at_ns):
                yield event
        elif event.event in _NOTES and scope.shows(event.at_ns, event.at) and not _begins(event):
            yield event


def _begins(event: Happened) -> bool:
    """Is it a start that every run begins with?"""
    return event.event == "start" and event.what == 1


def _line(item: Message | Happened, places: dict[str, str]) -> str:
    if isinstance(item, Message):
        arrow = "->>" if item.fate == "received" else "--x"
        fate = "" if item.fate == "received" else f" ({item.fate})"
        return f"{places[item.sender]}{arrow}{places[item.receiver]}: {escaped(item.sent.label + fate)}"
    if item.event == "fault":
        ends = list(dict.fromkeys((next(iter(places.values())), list(places.values())[-1])))
        return f"Note over {','.join(ends)}: {escaped(str(item.what))}"
    words = {"commit": f"decides block {item.height}", "start": f"starts (life {item.what})", "crash": "crashes"}
    return f"Note over {places[item.at]}: {escaped(words.get(item.event, item.event + 's'))}"


def escaped(text: str) -> str:
    """``text`` with nothing in it that Mermaid takes for its own: entities for what ends or opens something."""
    special = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;", '"': "#quot;", "%": "#37;"}
    return "".join(special.get(character, character) for character in " ".join(text.split())) or "#nbsp;"
