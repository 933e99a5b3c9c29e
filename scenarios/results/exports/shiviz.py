"""A log for ShiViz: events with vector clocks, which it draws as a space-time diagram.

Two lines an event, behind the two that ShiViz wants at a file's beginning: the regular expression that reads an event,
and the one that separates executions, here none. A host's clock counts its own events from 1, without gaps.

Clocks (Fidge 1988, Mattern 1989) come from the whole trace even where a part of it is shown: what is left out counts no
tick, and still hands on what it knew. So of two events shown, one is before the other in the log exactly if it happened
before it in the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from scenarios.results.exports.scope import Scope
from scenarios.results.exports.source import RunFiles
from scenarios.results.exports.trace import Happened, events

HEADER = (r"(?<host>\S+) (?<clock>\{.*\})\n(?<at>\S+) (?<event>.*)", "")
"""The first two lines of the file."""

MANY = 5000
"""ShiViz draws about so many events without trouble."""

Clock = dict[str, int]

_QUIET = frozenset({"timer", "durable", "fault"})
"""Events that are no news to anybody: left out."""


def shiviz_lines(files: RunFiles, scope: Scope) -> Iterator[str]:
    """The lines of the log. ExtractError where the run kept no trace."""
    yield from HEADER
    for event, clock in clocked(events(files), scope):
        yield f"{event.at} {json.dumps(clock)}"
        yield f"{event.at_ns / 1e9:.9f}s {text_of(event)}"


def clocked(trace: Iterator[Happened], scope: Scope) -> Iterator[tuple[Happened, Clock]]:
    """The events in the scope, each with its vector clock: its own host first, then by name, nobody at 0."""
    clocks: dict[str, Clock] = {}
    carried: dict[int, Clock] = {}
    waiting: dict[int, int] = {}
    for event in trace:
        if event.event in _QUIET:
            continue
        clock = clocks.setdefault(event.at, {})
        if event.event == "receive" and event.flight is not None:
            _merge(clock, carried.get(event.flight, {}))
        shown = scope.shows(event.at_ns, event.at) and event.event not in {"lost", "cut", "vanished"}
        if shown:
            clock[event.at] = clock.get(event.at, 0) + 1
        if event.event == "send" and event.flight is not None:
            carried[event.flight], waiting[event.flight] = dict(clock), len(event.to)
        elif event.event in {"receive", "vanished"} and event.flight is not None:
            waiting[event.flight] = waiting.get(event.flight, 1) - 1
            if not waiting[event.flight]:
                carried.pop(event.flight, None)
                del waiting[event.flight]
        if shown:
            others = {host: clock[host] for host in sorted(clock) if host != event.at}
            yield event, {event.at: clock[event.at], **others}


def _merge(clock: Clock, other: Clock) -> None:
    for host, ticks in other.items():
        if ticks > clock.get(host, 0):
            clock[host] = ticks


def text_of(event: Happened) -> str:
    """An event in words, on one line."""
    match event.event:
        case "send":
            receivers = ", ".join(dict.fromkeys(event.to))
            words = f"sends {event.label} to {receivers}"
        case "receive":
            words = f"hears {event.label} from {event.sender}"
        case "commit":
            words = f"decides block {event.height}"
        case "start":
            words = f"starts (life {event.what})"
        case "trace" if event.step is not None:
            words = f"{event.client}: {event.step} {event.what}, {event.code}"
        case "trace":
            words = " ".join(map(str, (event.what, *event.detail)))
        case "lost" | "cut" | "vanished":
            words = f"{event.label} from {event.sender} to {event.at}: {event.event}"
        case "timer":
            words = f"timer {event.what}"
        case "rejected":
            words = f"refuses what {event.sender} said: {event.what}"
        case _:
            words = event.event if event.what is None else f"{event.event} {event.what}"
    return " ".join(words.split())
