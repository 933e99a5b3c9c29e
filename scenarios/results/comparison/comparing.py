"""Two sides held together: what was set otherwise, and what came of it, with intervals where there are several seeds.

Where both sides have the same seeds they are compared seed by seed, which is the sharper question; else as runs that
have nothing to do with each other (:mod:`scenarios.results.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from scenarios.results.bootstrap import Estimate, estimate, estimate_difference, scaled_mean
from scenarios.results.comparison.reading import Cell, Side
from scenarios.results.flat import is_count, unit_of

PPM = 1_000_000

_Runs = Mapping[int, Mapping[str, int]]
"""By seed, measures."""


class Change(msgspec.Struct, frozen=True):
    """What two sides have otherwise; None: one does not have it."""

    name: str
    first: str | None
    second: str | None


class MeasureLine(msgspec.Struct, frozen=True, kw_only=True):
    """One measure in one cell. Means and the difference (second less first) are in thousandths of ``unit``."""

    cell: Cell
    measure: str
    unit: str
    first_count: int
    second_count: int
    first_mean: int | None
    second_mean: int | None
    paired: bool
    difference: Estimate | None

    @property
    def relative_ppm(self) -> int | None:
        """The difference as a share of the first mean."""
        if self.difference is None or not self.first_mean:
            return None
        return self.difference.mean * PPM // self.first_mean


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """``missing``: cells that one side alone has, with its label."""

    first: str
    second: str
    facts: tuple[Change, ...]
    settings: tuple[Change, ...]
    missing: tuple[tuple[Cell, str], ...]
    measures: tuple[MeasureLine, ...]


def compare(first: Side, second: Side) -> Comparison:
    """Everything in which they differ, and every measure of every cell that both have."""
    cells = [cell for cell in first.cells if cell in second.cells]
    only = [(cell, one.label) for one, other in ((first, second), (second, first)) for cell in one.cells
            if cell not in other.cells]  # fmt: skip
    units = {**second.units, **first.units}
    return Comparison(
        first=first.label,
        second=second.label,
        facts=tuple(_changes(first.facts, second.facts)),
        settings=tuple(_changes(first.settings, second.settings)),
        missing=tuple(only),
        measures=tuple(line for cell in cells for line in _lines(cell, first.cells[cell], second.cells[cell], units)),
    )


def _changes(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*first, *second)):
        if first.get(name) != second.get(name):
            yield Change(name, first.get(name), second.get(name))


def _lines(
    cell: Cell,
    first: Mapping[int, Mapping[str, int]],
    second: Mapping[int, Mapping[str, int]],
    units: Mapping[str, str],
) -> Iterator[MeasureLine]:
    names = sorted({name for side in (first, second) for measures in side.values() for name in measures})
    for name in names:
        one, other = _values(first, name), _values(second, name)
        paired = len(one) > 1 and set(one) == set(other)
        if paired:
            difference = estimate([other[seed] - one[seed] for seed in one])
        else:
            difference = estimate_difference(list(one.values()), list(other.values()))
        yield MeasureLine(
            cell=cell,
            measure=name,
            unit=unit_of(name, units),
            first_count=len(one),
            second_count=len(other),
            first_mean=_mean(one),
            second_mean=_mean(other),
            paired=paired,
            difference=difference,
        )


def _values(side: _Runs, name: str) -> dict[int, int]:
    """By seed; what was never counted was counted nought times."""
    found = {seed: measures.get(name, _nought(name, measures)) for seed, measures in side.items()}
    return {seed: value for seed, value in found.items() if value is not None}


def _nought(name: str, measures: Mapping[str, int]) -> int | None:
    """What a measure is that a run does not tell: of something counted, a rate that nobody took is not known."""
    counted = f"{name.rpartition('.')[0]}.count" in measures
    return 0 if is_count(name) and not counted else None


def _mean(values: Mapping[int, int]) -> int | None:
    return scaled_mean(sum(values.values()), len(values)) if values else None
