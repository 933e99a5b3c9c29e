"""A sweep's results for people: a line a cell, with means and their intervals; the differences that are sure."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.language.problems import visible
from scenarios.results.amounts import aligned, amount, interval
from scenarios.runner.words import counted
from scenarios.sweeps.planning import Cell
from scenarios.sweeps.summary import Difference, differences, summarised
from scenarios.sweeps.table import Table

SHOWN = ("commit_latency.mean", "commit_latency.p99", "throughput.rate")
"""Of each cell; all the others are in ``summary.csv``."""
DIFFERENCES_SHOWN_MAX = 20


def told(table: Table) -> str:
    """The text, ending in a newline."""
    lines = [*_cells(table), *_odd(table), *_differences(table)]
    return visible("\n".join(lines)) + "\n"


def _cells(table: Table) -> list[str]:
    found: dict[Cell, dict[str, str]] = {}
    for line in summarised(table, SHOWN):
        found.setdefault(line.cell, {})[line.measure] = interval(line.estimate, line.unit)
    arm = ["arm"] if table.plan.arms else []
    rows = [[*table.plan.paths, *arm, "runs", "pass", *SHOWN]]
    for cell in table.plan.cells:
        outcomes = table.outcomes(cell)
        labels = [*(value for _, value in cell.settings), *([cell.arm] if arm else [])]
        counts = [str(sum(outcomes.values())), str(outcomes.get("pass", 0))]
        rows.append([*labels, *counts, *(found.get(cell, {}).get(name, "") for name in SHOWN)])
    return aligned(rows)


def _odd(table: Table) -> Iterator[str]:
    """The first run of every outcome but a pass, with its reason."""
    told_of: set[str] = set()
    for point, row in table.runs:
        if row.outcome not in {"pass", *told_of}:
            told_of.add(row.outcome)
            runs = counted(table.outcomes()[row.outcome], "run")
            yield f"{row.outcome}: {runs}, as {point.cell}, seed {point.seed}: {row.why}"


def _differences(table: Table) -> Iterator[str]:
    wanted = list(differences(table, SHOWN))
    if not wanted:
        return
    yield ""
    rows = [["cell", "measure", "pairs", "first", "second", "difference"]]
    rows += [_difference(line) for line in wanted[:DIFFERENCES_SHOWN_MAX]]
    yield from aligned(rows)
    if len(wanted) > DIFFERENCES_SHOWN_MAX:
        yield f"... and {len(wanted) - DIFFERENCES_SHOWN_MAX} more in differences.csv"


def _difference(line: Difference) -> list[str]:
    means = [amount(mean, line.unit) for mean in (line.first_mean, line.second_mean)]
    sides = [f"{name} {mean}" for name, mean in zip((line.first, line.second), means, strict=True)]
    return [str(line.cell), line.measure, str(line.estimate.count), *sides, interval(line.estimate, line.unit)]
