"""Means over seeds, differences in pairs, and how sure one can be of them.

Every mean comes with its 95 % interval (:mod:`scenarios.results.bootstrap`). Two arms are compared seed by seed, as
both were run with the same ones: what a seed makes hard or easy is then in both, and drops out of the difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from scenarios.results.bootstrap import Estimate, estimate, scaled_mean, thousandths
from scenarios.results.flat import unit_of
from scenarios.sweeps.planning import Cell
from scenarios.sweeps.table import ARM, Table, Value, csv_text


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One measure in one cell. ``values`` are of ``unit``, by seed."""

    cell: Cell
    measure: str
    unit: str
    values: dict[int, int]
    estimate: Estimate


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """``second`` less ``first``, seed by seed, in one cell: of one measure in two arms, or of two measures in one run.

    The means of both sides are of the same seeds, in thousandths of ``unit``.
    """

    cell: Cell  # the arm is empty where arms are compared
    first: str
    second: str
    measure: str  # empty where two measures are compared
    unit: str
    first_mean: int
    second_mean: int
    estimate: Estimate


def summarised(table: Table, measures: Sequence[str] | None = None) -> Iterator[Line]:
    """Cell by cell in the plan's order, measure by measure in order of name; None: all measures."""
    for cell in table.plan.cells:
        for name in table.measures if measures is None else measures:
            values = table.samples(cell, name)
            told = estimate(list(values.values()))
            if told is not None:
                yield Line(cell=cell, measure=name, unit=unit_of(name, table.units), values=values, estimate=told)


def differences(table: Table, measures: Sequence[str] | None = None) -> Iterator[Difference]:
    """What the sweep's arms differ by, in each measure (None: in all); then the pairs of measures that it asks for."""
    if table.plan.arms:
        first, second = table.plan.arms
        for settings in dict.fromkeys(cell.settings for cell in table.plan.cells):
            for name in table.measures if measures is None else measures:
                sides = [table.samples(Cell(settings, arm), name) for arm in (first, second)]
                yield from _difference(table, Cell(settings, ""), (first, second), name, name, sides)
    for cell in table.plan.cells:
        for pair in table.plan.differences:
            sides = [table.samples(cell, name) for name in pair]
            yield from _difference(table, cell, pair, "", pair[0], sides)


def summary_csv(table: Table) -> str:
    """``summary.csv``."""
    columns = (*_labels(table), "measure", "unit", "runs", "mean", "low", "high", "min", "max")
    return csv_text(columns, (_summary_line(table, line) for line in summarised(table)))


def differences_csv(table: Table) -> str:
    """``differences.csv``."""
    columns = (
        *_labels(table), "measure", "unit", "first", "second", "pairs", "first_mean", "second_mean",
        "difference", "low", "high",
    )  # fmt: skip
    return csv_text(columns, (_difference_line(table, line) for line in differences(table)))


def _difference(  # noqa: PLR0913, PLR0917 -- both kinds of pairs come together here
    table: Table, cell: Cell, names: tuple[str, str], measure: str, of: str, sides: list[dict[int, int]]
) -> Iterator[Difference]:
    seeds = [seed for seed in sides[0] if seed in sides[1]]
    told = estimate([sides[1][seed] - sides[0][seed] for seed in seeds])
    if told is not None:
        means = [scaled_mean(sum(side[seed] for seed in seeds), len(seeds)) for side in sides]
        yield Difference(
            cell=cell,
            first=names[0],
            second=names[1],
            measure=measure,
            unit=unit_of(of, table.units),
            first_mean=means[0],
            second_mean=means[1],
            estimate=told,
        )


def _labels(table: Table) -> tuple[str, ...]:
    return (*table.plan.paths, ARM) if table.plan.arms else table.plan.paths


def _label_values(table: Table, cell: Cell) -> list[Value]:
    values = [value for _, value in cell.settings]
    return [*values, cell.arm] if table.plan.arms else [*values]


def _summary_line(table: Table, line: Line) -> list[Value]:
    told, values = line.estimate, line.values.values()
    interval = [thousandths(told.mean), thousandths(told.low), thousandths(told.high)]
    head = [*_label_values(table, line.cell), line.measure, line.unit, told.count]
    return [*head, *interval, min(values), max(values)]


def _difference_line(table: Table, line: Difference) -> list[Value]:
    told = line.estimate
    means = [line.first_mean, line.second_mean, told.mean, told.low, told.high]
    head = [*_label_values(table, line.cell), line.measure, line.unit, line.first, line.second, told.count]
    return [*head, *map(thousandths, means)]
