"""Means and intervals as people read them, and lines whose columns are aligned."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.language.problems import visible
from scenarios.results.bootstrap import SCALE, Estimate
from scenarios.results.flat import RATE
from scenarios.results.metrics import RATE_SCALE, SECOND_NS

_UNITS = (
    ("days", 86_400 * SECOND_NS),
    ("h", 3_600 * SECOND_NS),
    ("min", 60 * SECOND_NS),
    ("s", SECOND_NS),
    ("ms", 1_000_000),
    ("us", 1_000),
)


def amount(thousandths: int | None, unit: str) -> str:
    """A mean of thousandths of ``unit`` as people read it: times in seconds, rates by the second."""
    if thousandths is None:
        return ""
    if unit == "ns":
        return _time(thousandths // SCALE)
    if unit == RATE:
        return f"{thousandths / SCALE / RATE_SCALE:,.2f}/s"
    return f"{thousandths / SCALE:,.1f}".removesuffix(".0")


def interval(estimate: Estimate, unit: str) -> str:
    """As in "1.2 s [1.1 s, 1.4 s]"; without brackets where there is no interval."""
    mean = amount(estimate.mean, unit)
    if estimate.low is None or estimate.low == estimate.high:
        return mean
    return f"{mean} [{amount(estimate.low, unit)}, {amount(estimate.high, unit)}]"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose columns begin below one another, the first row being the head; each cell is one line of text."""
    rows = [[visible(cell).replace("\n", "·") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _time(nanoseconds: int) -> str:
    """In the unit that leaves a few digits before the point."""
    if nanoseconds == 0:
        return "0 s"
    name, size = next((one for one in _UNITS if abs(nanoseconds) >= one[1]), _UNITS[-1])
    return f"{nanoseconds / size:.1f} {name}" if size < SECOND_NS else f"{nanoseconds / size:.2f} {name}"
