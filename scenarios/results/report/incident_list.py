"""Incidents as text: a table for each class, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from scenarios.results.accounts.telling import moment as business_moment
from scenarios.results.incidents import CLASSES, Incident
from scenarios.results.report.words import duration

_NS_PER_MS = 1_000_000

HEAD = ("what", "", "when", "fate", "found by", "after")


def as_markdown(incidents: Sequence[Incident]) -> str:
    """All four classes, those without an incident too; ends in a newline."""
    parts = [f"{summary(incidents)}\n"]
    for risk, about in CLASSES.items():
        rows = [row(one) for one in incidents if one.risk == risk]
        parts.append(f"### {risk} {about}\n")
        parts.append("\n".join(_table(rows)) + "\n" if rows else "Nothing, as far as the run's files tell.\n")
    return "\n".join(parts)


def summary(incidents: Sequence[Incident]) -> str:
    """How many there were, and what became of them."""
    if not incidents:
        return "No incidents."
    fates = Counter(one.fate for one in incidents)
    number = "1 incident" if len(incidents) == 1 else f"{len(incidents)} incidents"
    return f"{number}: " + ", ".join(f"{many} {fate}" for fate, many in fates.items()) + "."


def row(one: Incident) -> tuple[str, ...]:
    """One line of a table, by :data:`HEAD`. A time that no file keeps is told by a dash."""
    business = one.clock == "business"
    in_run = f"{duration(one.at or 0)} in"
    when = "–" if one.at is None else business_moment(one.at) if business else in_run
    after = "–" if one.after is None else duration(one.after * _NS_PER_MS if business else one.after)
    return (one.what, "injected" if one.injected else "observed", when, one.fate, one.found, after)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(HEAD)} |"
    yield "|" + "-|" * len(HEAD)
    for cells in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
