"""The page of the kill matrix, in Markdown; what :mod:`scenarios.adversary.bank` found, put into words."""

from __future__ import annotations

from collections import Counter
from statistics import median

import msgspec

from scenarios.adversary.bugs import bugs
from scenarios.adversary.search import Search


class Row(msgspec.Struct):
    """One bug under one strategy: the search of each seed."""

    searches: dict[int, Search] = msgspec.field(default_factory=dict)

    @property
    def found(self) -> list[Search]:
        return [search for search in self.searches.values() if search.broken is not None]

    @property
    def kills(self) -> int:
        return len(self.found)

    def cells(self) -> tuple[str, str, str]:
        """Caught from how many seeds; schedules and CPU-seconds until then, the median and the most."""
        caught = f"{self.kills}/{len(self.searches)}"
        if not self.kills:
            return caught, "-", "-"
        runs, seconds = [search.runs for search in self.found], [search.cpu_s for search in self.found]
        return caught, f"{median(runs):.0f} ({max(runs)})", f"{median(seconds):.1f} ({max(seconds):.1f})"

    @property
    def oracles(self) -> str:
        """By which properties, the most frequent first, and how often each."""
        names = Counter(search.broken.property for search in self.found if search.broken is not None)
        return ", ".join(f"{name} {count}" for name, count in names.most_common()) or "-"


def page(  # noqa: PLR0913 - keyword-only
    rows: dict[str, dict[str, Row]],
    silent: dict[str, Search],
    soaked: list[Search],
    *,
    seeds: int,
    budget_s: float,
    program: str,
) -> str:
    """The whole page. ``soaked`` are long searches of the program as it is; ``program`` names the one that played."""
    whole = sum(by_column["suited"].kills == seeds for by_column in rows.values())
    searches = [s for by_column in rows.values() for row in by_column.values() for s in row.searches.values()]
    told = {"seeds": seeds, "budget": budget_s, "program": program, "bugs": len(rows), "whole": whole}
    cpu_s = sum(search.cpu_s for search in (*searches, *silent.values()))
    lines = [*_HEAD.format(**told, cpu=cpu_s).splitlines(), ""]
    lines += ["## The kill matrix", "", f"| {' | '.join(_COLUMNS)} |", "|-" * len(_COLUMNS) + "|"]
    for name, by_column in rows.items():
        suited, loss = by_column["suited"], by_column["loss"]
        cells = (f"`{name}`", bugs()[name].strategy, *suited.cells(), suited.oracles, *loss.cells(), loss.oracles)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", '## The row "none"', "", "| protocol | found | schedules | CPU-s |", "|-|-|-|-|"]
    for protocol, search in (*silent.items(), *((f"{s.plan.protocol}, soak", s) for s in soaked)):
        verdict = f"**{search.broken.property}**" if search.broken is not None else "nothing"
        lines.append(f"| {protocol} | {verdict} | {search.runs:,} | {search.cpu_s:,.1f} |")
    lines += ["", "## What each bug is, and who had it", ""]
    lines += [described(name) for name in rows]
    return "\n".join(lines) + "\n"


def described(name: str) -> str:
    """What the bug ``name`` is, who had it, and what a search for it does not draw."""
    bug = bugs()[name]
    given = [f"{bug.nodes} nodes"] * (bug.nodes is not None)
    given += ["whole replicas"] * (bug.needs == "replicas") + ["a liar at least"] * (bug.needs == "liars")
    given += [f"lies `{lie}`" for lie in bug.lies] + [f"`{name}` {value}" for name, value in bug.fixed.items()]
    return f"- `{name}`: {bug.summary} *({bug.source})*" + (f" Given: {', '.join(given)}." if given else "")


_COLUMNS = (
    "bug",
    "strategy",
    "caught",
    "schedules",
    "CPU-s",
    "by",
    "loss: caught",
    "schedules",
    "CPU-s",
    "by",
)

_HEAD = """# The bug bank

Made by `make bug-bank`; never edited by hand. Each bug is one that a real system had, planted in the real core
([`scenarios/adversary/bugs`](../scenarios/adversary/bugs/__init__.py)); `consortium check --bug NAME` searches with it
in place.

**{whole} of {bugs} bugs were caught from every one of {seeds} seeds**, within {budget:.0f} CPU-seconds each. The
columns tell from how many seeds a bug was caught, by the median (the most) of schedules and of CPU-seconds until then,
and which property was broken, how often. Schedules are the same on every machine; CPU-seconds are this one's. The
*strategy* is the one that suits the bug: `swarm` is what `consortium check` draws, a mixture; the others
([`plans.py`](../scenarios/adversary/plans.py)) make one kind of trouble each. Whatever else a search was given, and did
not draw, stands with the bug below.

The columns on the right are what plain random loss of messages catches (5 % of all), from the first three seeds, with
ten times the CPU that the other strategy took, at most 10 CPU-seconds a seed. "none" is the program as it is.
Every trial that caught a bug was played once more without it, and broke nothing.

All this took {cpu:,.0f} CPU-seconds. The program that played is {program}."""
