"""Which part of a run a picture shows: a window of run time, and some of the nodes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from scenarios.language.problems import did_you_mean
from scenarios.language.units import UnitError, parse_span
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.trace import CLIENTS


class Scope(msgspec.Struct, frozen=True):
    """Run time from ``from_ns`` to before ``until_ns`` (None: the end); ``actors`` are nodes and the clients' actor."""

    actors: tuple[str, ...]
    from_ns: int = 0
    until_ns: int | None = None

    @property
    def windowed(self) -> bool:
        """Is it less than the whole time?"""
        return self.until_ns is not None

    def holds(self, at_ns: int) -> bool:
        """Does it lie in the window?"""
        return self.from_ns <= at_ns and (self.until_ns is None or at_ns < self.until_ns)

    def shows(self, at_ns: int, *actors: str) -> bool:
        """Does it lie in the window, at actors that are shown?"""
        return self.holds(at_ns) and all(actor in self.actors for actor in actors)


def scope_of(files: RunFiles, window: str | None = None, nodes: Sequence[str] | None = None) -> Scope:
    """The scope that a user asked for, as "10s..12s" and names; all of the run where not said.

    ExtractError where there is no such node, or the window is none.
    """
    everyone = (*files.nodes, CLIENTS)
    for name in nodes or ():
        if name not in everyone:
            near = did_you_mean(name, everyone)
            raise ExtractError(f"there is no node {name!r}{near}; there are: {', '.join(everyone)}")
    actors = tuple(name for name in everyone if nodes is None or name in nodes)
    if window is None:
        return Scope(actors)
    try:
        span = parse_span(window)
    except UnitError as error:
        raise ExtractError(f"--window: {error}") from None
    return Scope(actors, span.start_ns, span.end_ns)
