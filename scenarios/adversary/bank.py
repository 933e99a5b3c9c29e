"""The kill matrix: which search catches which planted bug, how soon, and by which oracle.

``make bug-bank`` plays every bug of the bank under every strategy over ten seeds and writes ``docs/bug-bank.md``. The
row "none" plays the cores as they are, and must stay silent.

Hours of work, so every search that is over is kept at once, in one file each: what was stopped goes on where it was,
and slices (some bugs at a time, on several machines) put together make the whole page. What is kept speaks of the
program that played it: begin with an empty folder after the program, or a bug, has changed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import msgspec

from scenarios.adversary.bugs import bugs
from scenarios.adversary.search import Plan, Search, check, keep_search, read_search

SEEDS = 10
BUDGET_S = 60.0
APART = 100_000
"""Between the first trials of two seeds."""

STRATEGIES = ("swarm", "loss")


def plan_of(name: str | None, protocol: str, strategy: str) -> Plan:
    """The search that is to catch the bug ``name``."""
    known = bugs()[name] if name is not None else None
    return Plan(
        protocol=protocol,
        network="replicas" if known is not None and known.needs == "replicas" else "cores",
        nodes=known.nodes if known is not None else None,
        liars=known.lying if known is not None else None,
        bug=name,
        strategy=known.strategy if known is not None and strategy == "swarm" else strategy,
    )


def caught(name: str, *, seed: int, budget_s: float = BUDGET_S, strategy: str | None = None) -> Search:
    """Search for the bug ``name``, under the strategy that suits it, until it is caught or the budget is spent."""
    known = bugs()[name]
    plan = plan_of(name, known.protocol, strategy or "swarm")
    return check(plan, seed=seed * APART, runs=APART, budget_s=budget_s)


class Row(msgspec.Struct, kw_only=True):
    """One bug under one strategy, over all seeds."""

    name: str
    strategy: str
    searches: list[Search]

    @property
    def kills(self) -> int:
        return sum(search.broken is not None for search in self.searches)

    def cells(self) -> tuple[str, str, str]:
        """Caught in how many seeds; the median of schedules and of CPU-seconds until then."""
        if not self.kills:
            return f"0/{len(self.searches)}", "-", "-"
        found = [search for search in self.searches if search.broken is not None]
        return (
            f"{self.kills}/{len(self.searches)}",
            f"{median(search.runs for search in found):.0f}",
            f"{median(search.cpu_s for search in found):.1f}",
        )

    @property
    def oracles(self) -> str:
        """By which properties, the most frequent first."""
        names = Counter(search.broken.property for search in self.searches if search.broken is not None)
        return ", ".join(name for name, _ in names.most_common())


def kept(folder: Path, name: str, strategy: str, seed: int, budget_s: float) -> Search:
    """The search for ``name``: read from ``folder`` if it was made before with that budget, or made and kept there."""
    path = folder / f"{name}.{strategy}.{seed}.{budget_s:g}.json"
    protocol = bugs()[name].protocol
    search = read_search(path, plan_of(name, protocol, strategy))
    if search is None:
        search = caught(name, seed=seed, budget_s=budget_s, strategy=strategy)
        keep_search(search, path)
    return search


def matrix(
    names: tuple[str, ...], *, seeds: int, budget_s: float, folder: Path
) -> Iterator[tuple[str, dict[str, Row]]]:
    """Every bug with its rows by strategy. What random loss misses in the first three seeds it is not asked again."""
    for name in names:
        rows = {}
        for strategy in STRATEGIES:
            count = seeds if strategy == STRATEGIES[0] else min(3, seeds)
            searches = [kept(folder, name, strategy, seed, budget_s) for seed in range(count)]
            rows[strategy] = Row(name=name, strategy=strategy, searches=searches)
        yield name, rows


def silence(protocol: str, *, budget_s: float, folder: Path) -> Search:
    """The row "none": trials of the program as it is, more with every call until the budget is spent."""
    path, plan = folder / f"none.{protocol}.json", plan_of(None, protocol, "swarm")
    before = read_search(path, plan)
    left = budget_s - (before.cpu_s if before is not None else 0.0)
    search = check(plan, runs=APART, budget_s=max(0.0, left), resumed=before)
    keep_search(search, path)
    return search


def page(rows: dict[str, dict[str, Row]], silent: dict[str, Search], *, seeds: int, budget_s: float) -> str:
    """The page of the kill matrix, in Markdown."""
    lines = [
        *_HEAD.format(seeds=seeds, budget=budget_s).splitlines(),
        "",
        "| bug | source | caught | schedules | CPU-s | by | under random loss |",
        "|-|-|-|-|-|-|-|",
    ]
    for name, by_strategy in rows.items():
        kills, schedules, seconds = by_strategy["swarm"].cells()
        loss, _, loss_seconds = by_strategy["loss"].cells()
        plain = loss if loss_seconds == "-" else f"{loss}, {loss_seconds} s"
        lines.append(
            f"| `{name}` | {bugs()[name].source} | {kills} | {schedules} | {seconds} | "
            f"{by_strategy['swarm'].oracles} | {plain} |"
        )
    for protocol, search in silent.items():
        verdict = f"**{search.broken.property}**" if search.broken is not None else "nothing"
        lines.append(f"| none ({protocol}) | - | {verdict} | {search.runs} | {search.cpu_s:.1f} | - | - |")
    lines += ["", "## What each bug is", ""]
    lines += [f"- `{name}`: {bugs()[name].summary}" for name in rows]
    return "\n".join(lines) + "\n"


_HEAD = """# The bug bank

Made by `make bug-bank`; never edited by hand. Each bug is one that a real system had, planted in the real core
([`scenarios/adversary/bugs`](../scenarios/adversary/bugs/__init__.py)); `consortium check --bug NAME` searches with it
in place. Here every bug was searched for from {seeds} seeds, {budget:.0f} CPU-seconds each: in how many it was caught,
the median number of schedules and of CPU-seconds until then, and the property that was broken. The last column is what
plain random loss of messages catches (three seeds). "none" is the program as it is."""


def main() -> None:
    """``python -m scenarios.adversary.bank --help``."""
    parser = argparse.ArgumentParser(prog="bank", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="bugs to search for in this slice (all, unless some are named)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="searches for each bug")
    parser.add_argument("--budget", type=float, default=BUDGET_S, help="CPU-seconds for each search")
    parser.add_argument("--kept", type=Path, default=Path("runs/bug-bank"), help="where finished searches are kept")
    parser.add_argument("--page", type=Path, help="write the page there; without it, a slice is only played")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in bugs()]
    if unknown or (asked.page and asked.names):
        parser.error(f"no such bug: {', '.join(unknown)}" if unknown else "the page holds every bug: name none")
    rows = {}
    for name, found in matrix(
        tuple(asked.names) or tuple(bugs()), seeds=asked.seeds, budget_s=asked.budget, folder=asked.kept
    ):
        rows[name] = found
        cells = " ".join(f"{strategy} {' '.join(row.cells())}" for strategy, row in found.items())
        sys.stderr.write(f"{name}: {cells} {found['swarm'].oracles}\n")
    if asked.page:
        silent = {
            protocol: silence(protocol, budget_s=asked.budget * 2, folder=asked.kept) for protocol in ("raft", "pbft")
        }
        asked.page.write_text(page(rows, silent, seeds=asked.seeds, budget_s=asked.budget), encoding="utf-8")


if __name__ == "__main__":
    main()
