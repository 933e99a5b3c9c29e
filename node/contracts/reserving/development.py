"""Loss development 赔款进展: triangles of whole fen, and the chain-ladder 链梯法 in exact arithmetic.

A triangle's row is an origin period (when losses occurred), its column a development period (how many periods later
something became known). Cells are increments: what was added in that period. After ``v`` periods, cell (i, j) is known
where i + j < v.

Chain-ladder (Mack 1993, "Distribution-free calculation of the standard error of chain ladder reserve estimates", ASTIN
Bulletin 23, formulae 1 and 2): cumulative C(i, j); factor f(j) = sum of C(i, j + 1) over sum of C(i, j), both over the
rows that know column j + 1; the ultimate is the newest C(i, j) times all later factors. Factors stay fractions, so any
two machines find the same fen. There is no factor beyond the oldest row's last column: no tail is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

Cells = tuple[tuple[int, ...], ...]
"""Increments in fen, by origin and development; all rows have the same length."""


def empty(origins: int, developments: int) -> Cells:
    """A triangle of nothing."""
    return ((0,) * developments,) * origins


def added(cells: Cells, origin: int, development: int, fen: int) -> Cells:
    """``cells`` with ``fen`` more in one of them."""
    row = cells[origin]
    row = (*row[:development], row[development] + fen, *row[development + 1 :])
    return (*cells[:origin], row, *cells[origin + 1 :])


def known(cells: Cells, valuation: int) -> Cells:
    """What is known after ``valuation`` periods: one row for each origin period that has begun, cut at the diagonal."""
    return tuple(row[: valuation - origin] for origin, row in enumerate(cells[:valuation]))


def cumulative(rows: Sequence[Sequence[int]]) -> Cells:
    """Each row's running sums."""
    return tuple(tuple(accumulate(row)) for row in rows)


def factors(rows: Sequence[Sequence[int]]) -> tuple[Fraction, ...]:
    """Development factors of cumulative ``rows``, from each column to the next; 1 where there is nothing to go by."""
    longest = max((len(row) for row in rows), default=0)
    found = []
    for column in range(longest - 1):
        known_after = [row for row in rows if len(row) > column + 1]
        before = sum(row[column] for row in known_after)
        after = sum(row[column + 1] for row in known_after)
        found.append(Fraction(after, before) if before else Fraction(1))
    return tuple(found)


def ultimates(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """What each row of cumulative ``rows`` will come to by chain-ladder, to the nearest fen."""
    steps = factors(rows)
    to_come = [Fraction(1)]
    for factor in reversed(steps):
        to_come.append(to_come[-1] * factor)
    longest = len(steps) + 1
    return tuple(round(row[-1] * to_come[longest - len(row)]) if row else 0 for row in rows)


def ibnr(cells: Cells, valuation: int) -> int:
    """Incurred but not reported 已发生未报案 after ``valuation`` periods, by chain-ladder; may be below nothing."""
    rows = cumulative(known(cells, valuation))
    return sum(ultimates(rows)) - sum(row[-1] for row in rows if row)


def emerged(cells: Cells, valuation: int, until: int) -> int:
    """What of the periods that had begun by ``valuation`` was reported after it, until period ``until``."""
    early = sum(map(sum, known(cells, valuation)))
    return sum(map(sum, known(cells, until)[:valuation])) - early
