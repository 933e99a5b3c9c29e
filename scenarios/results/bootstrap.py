"""Intervals by the bootstrap 自助法: how far a mean over seeds may be from what more seeds would show.

The percentile bootstrap (Efron and Tibshirani 1993, chapter 13): means of :data:`RESAMPLES` samples that are drawn
with replacement from the values, and the range that holds the middle of them. For few values that range is too narrow,
so its ends are moved out as Student's t would move them (the expanded percentile interval of Hesterberg 2015).
Everything is counted in integers and every draw follows from a constant, so that the same values give the same
interval on every machine. Fewer than :data:`COUNT_MIN` values have none: no mean of resamples lies beyond the values
themselves, and of three values the true mean lies beyond all in one case of four, of four in one of eight.

All measures of one cell are resampled by the same draws, as they come from the same runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from math import floor, sqrt
from operator import itemgetter
from random import Random
from statistics import NormalDist

import msgspec

RESAMPLES = 2_000
CONFIDENCE_PERCENT = 95
COUNT_MIN = 5
SCALE = 1_000
"""Means are told to a thousandth of the measure's unit."""

_SEED = "consortium/bootstrap"


class Estimate(msgspec.Struct, frozen=True):
    """A mean and its interval in thousandths (:data:`SCALE`) of the measure's unit; too few values have no interval."""

    count: int
    mean: int
    low: int | None
    high: int | None

    @property
    def differs(self) -> bool:
        """Does the interval lie on one side of nought? Asked of differences."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def estimate(values: Sequence[int]) -> Estimate | None:
    """The mean of ``values`` and its interval; None where there are none."""
    count = len(values)
    if not count:
        return None
    mean = scaled_mean(sum(values), count)
    if count < COUNT_MIN:
        return Estimate(count, mean, None, None)
    if min(values) == max(values):
        return Estimate(count, mean, mean, mean)
    sums = sorted(sum(drawn(values)) for drawn in _draws(count))
    tail = tail_of(count)
    return Estimate(count, mean, scaled_mean(sums[tail], count), scaled_mean(sums[-tail - 1], count))


def estimate_difference(first: Sequence[int], second: Sequence[int]) -> Estimate | None:
    """The mean of ``second`` less that of ``first``, of runs that have nothing to do with each other.

    None where either is empty; without an interval where either is too few. ``count`` is the smaller of both.
    Runs in pairs are compared more sharply by :func:`estimate` of their differences.
    """
    if not first or not second:
        return None
    n, m = len(first), len(second)
    mean = scaled_mean(sum(second) * n - sum(first) * m, n * m)
    if min(n, m) < COUNT_MIN:
        return Estimate(min(n, m), mean, None, None)
    pairs = zip(_draws(n), _draws(m, "second"), strict=True)
    sums = sorted(sum(of_second(second)) * n - sum(of_first(first)) * m for of_first, of_second in pairs)
    tail = tail_of(min(n, m))
    return Estimate(min(n, m), mean, scaled_mean(sums[tail], n * m), scaled_mean(sums[-tail - 1], n * m))


@lru_cache(maxsize=1_024)
def tail_of(count: int) -> int:
    """How many of the resamples of ``count`` values lie beyond each end: 50 for many values, 17 for ten."""
    normal, freedom = NormalDist(), count - 1
    z = normal.inv_cdf(0.5 + CONFIDENCE_PERCENT / 200)
    student = (  # Student's t at z's probability: Abramowitz and Stegun 26.7.5
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
    return floor(RESAMPLES * normal.cdf(-student * sqrt(count / freedom)))


def scaled_mean(total: int, count: int) -> int:
    """``total / count`` in thousandths, half to even."""
    quotient, rest = divmod(total * SCALE, count)
    twice = 2 * rest
    return quotient + (twice > count or (twice == count and quotient % 2 == 1))


def thousandths(value: int | None) -> str:
    """1500 -> "1.500"; nothing for None."""
    if value is None:
        return ""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), SCALE)
    return f"{sign}{whole}.{rest:03}"


@lru_cache(maxsize=64)
def _draws(count: int, name: str = "first") -> tuple[itemgetter[Sequence[int]], ...]:
    """For each resample of ``count`` values, what takes it from them; ``count`` is 2 at least."""
    random = Random(f"{_SEED}/{name}/{count}")  # noqa: S311 -- seeded on purpose
    places = iter(lambda: int(random.random() * count), -1)
    return tuple(itemgetter(*islice(places, count)) for _ in range(RESAMPLES))
