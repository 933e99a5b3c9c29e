"""The chain-ladder's standard error 标准误, in whole numbers, so that replicas can hold an actuary to it.

Mack 1993, section 3: the mean squared error of each row's reserve, and of their sum with the covariances that rows have
by sharing factors. The last column's variance is his choice, the least of s(n-3)^4 / s(n-4)^2, s(n-4)^2 and s(n-3)^2.
What is no whole number is kept as multiples of 2^-128, and only the root is rounded, down to the fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from node.contracts.reserving.development import factors

ONE = 1 << 128
"""The fixed point's unit."""


def standard_error(rows: Sequence[Sequence[int]]) -> int:
    """The standard error of the sum of all rows' reserves, in fen; cumulative ``rows`` as for chain-ladder."""
    steps = factors(rows)
    after = [[row for row in rows if len(row) > column + 1] for column in range(len(steps))]
    weights = [sum(row[column] for row in known) for column, known in enumerate(after)]
    relative = [
        variance * step.denominator**2 // step.numerator**2 if step.numerator > 0 and weight > 0 else 0
        for variance, step, weight in zip(_variances(rows, steps), steps, weights, strict=True)
    ]
    projected = [_projected(row, steps) for row in rows]
    total = later = 0
    for row, path in zip(reversed(rows), reversed(projected), strict=True):
        if not row:
            continue
        ultimate = path[-1]
        for column, amount in enumerate(path[:-1], start=len(row) - 1):
            if not relative[column]:
                continue
            own = (ONE * ONE // amount + ONE // weights[column]) if amount > 0 else 0
            shared = 2 * ONE // weights[column]
            total += relative[column] * ultimate * (own * ultimate + shared * later)
        later += ultimate
    return isqrt(max(total, 0) // ONE**4)


def _projected(row: Sequence[int], steps: Sequence[Fraction]) -> list[int]:
    """A row's newest amount and what it will come to in each later column, in multiples of 2^-128."""
    path = [row[-1] * ONE] if row else []
    for step in steps[len(row) - 1 :] if row else ():
        path.append(path[-1] * step.numerator // step.denominator)
    return path


def _variances(rows: Sequence[Sequence[int]], steps: Sequence[Fraction]) -> list[int]:
    """Mack's s(k)^2 of each column, in multiples of 2^-128 fen."""
    found: list[int] = []
    for column, step in enumerate(steps):
        pairs = [(row[column], row[column + 1]) for row in rows if len(row) > column + 1 and row[column] > 0]
        up, down = step.numerator, step.denominator
        if len(pairs) > 1:
            squares = sum(ONE * (after * down - up * before) ** 2 // before for before, after in pairs)
            found.append(squares // (down * down * (len(pairs) - 1)))
        elif len(found) > 1:
            last, before_last = found[-1], found[-2]
            found.append(min(last * last // before_last if before_last else 0, last, before_last))
        else:
            found.append(0)
    return found
