"""The table of a sweep: one line a run, in the plan's order, whatever order they were played in.

Cells of the matrix stand first, under their paths; then seed and outcome; then every measure that any run has. A count
is nought where nothing of the kind happened; any other statistic is then an empty cell.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from io import StringIO

from scenarios.results.flat import is_count
from scenarios.sweeps.planning import Cell, Point, SweepPlan
from scenarios.sweeps.playing import JUDGED, RunRow

Value = str | int | None
ARM, SEED, OUTCOME, WHY = "arm", "seed", "outcome", "why"
_FACTS = ("height", "virtual_ns", "event_sha256")


class Table:
    """``rows``, by point: those that are finished."""

    def __init__(self, plan: SweepPlan, rows: Mapping[str, RunRow]) -> None:
        self.plan = plan
        self.runs: tuple[tuple[Point, RunRow], ...] = tuple(
            (point, row) for point in plan.points if (row := rows.get(point.sha256)) is not None
        )

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def complete(self) -> bool:
        """Is every point played?"""
        return len(self.runs) == len(self.plan.points)

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Every "measure.statistic" that any run has, in order of name."""
        return tuple(sorted({name for _, row in self.runs for name in row.measures}))

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of each measure that has one of its own."""
        return {name: unit for _, row in self.runs for name, unit in row.units.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """The header: settings, arm (where there are arms), seed, outcome and why, facts, measures."""
        arm = (ARM,) if self.plan.arms else ()
        return (*self.plan.paths, *arm, SEED, OUTCOME, WHY, *_FACTS, *self.measures)

    def records(self) -> Iterator[dict[str, Value]]:
        """One mapping a run, by column: ``pandas.DataFrame(table.records())``."""
        for point, row in self.runs:
            record: dict[str, Value] = dict(point.cell.settings)
            if self.plan.arms:
                record[ARM] = point.cell.arm
            record |= {SEED: point.seed, OUTCOME: row.outcome, WHY: row.why}
            record |= {name: getattr(row, name) for name in _FACTS}
            record |= {name: measured(row, name) for name in self.measures}
            yield record

    def csv(self) -> str:
        """``runs.csv``."""
        return csv_text(self.columns, ([record[name] for name in self.columns] for record in self.records()))

    def samples(self, cell: Cell, name: str) -> dict[int, int]:
        """The value of "measure.statistic" by seed, of the runs of ``cell`` that were judged and have one."""
        found = {point.seed: measured(row, name) for point, row in self._by_cell.get(cell, ())}
        return {seed: value for seed, value in found.items() if value is not None}

    def outcomes(self, cell: Cell | None = None) -> dict[str, int]:
        """How many runs (of ``cell``, or all) came to what."""
        rows = [row for _, row in (self.runs if cell is None else self._by_cell.get(cell, ()))]
        found = sorted(row.outcome for row in rows)
        return {outcome: found.count(outcome) for outcome in dict.fromkeys(found)}

    @cached_property
    def _by_cell(self) -> dict[Cell, list[tuple[Point, RunRow]]]:
        cells: dict[Cell, list[tuple[Point, RunRow]]] = {}
        for point, row in self.runs:
            cells.setdefault(point.cell, []).append((point, row))
        return cells


def measured(row: RunRow, name: str) -> int | None:
    """The value of "measure.statistic" in a run; None where there is none."""
    if row.outcome not in JUDGED:
        return None
    value = row.measures.get(name)
    return 0 if value is None and is_count(name) else value


def csv_text(columns: Sequence[str], lines: Iterable[Sequence[Value]]) -> str:
    """Lines of comma-separated values (RFC 4180) that end as Unix lines do; None is an empty cell."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return stream.getvalue()
