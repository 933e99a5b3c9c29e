"""``arms.json``: how long claims took to be paid on each arm: the chain's, the manual path's, and paper's (row 38).

Times are nanoseconds of business time. A quantile stands with the interval that holds that of all claims, of which a
run's are a sample, in 95 of 100 runs: the one between two order statistics, which asks nothing of their distribution
(Conover, Practical Nonparametric Statistics, 3rd ed. 1999, section 3.2, by the normal approximation).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import msgspec

from scenarios.results.metrics import percentile
from scenarios.results.numbers import Int64, Natural

QUANTILES = (5, 50, 95)
_Z_SQUARED = 38_415
"""1.96 squared, in ten thousandths: of the normal distribution, 95 % lie within 1.96 standard deviations."""


class Quantile(msgspec.Struct, frozen=True):
    """A quantile and its interval; an end is None where too few claims lie beyond."""

    percent: int
    ns: Int64
    low_ns: Int64 | None
    high_ns: Int64 | None


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One arm. ``commits_ns``: what of it was commit latency as measured, the median; 0 on paper.

    ``curve_ns`` are the 0th to the 100th percentile. ``noticed`` and ``trips``: the steps that patients had in all, and
    how many of these sent them somewhere, as the chain's events told them; None where nothing counts them.
    """

    name: str
    claims: Natural
    quantiles: tuple[Quantile, ...]
    commits_ns: Natural
    curve_ns: tuple[Int64, ...]
    noticed: Natural | None = None
    trips: Natural | None = None


class Arms(msgspec.Struct, frozen=True, kw_only=True):
    """All arms of a run; ``links`` is how many links 环节 the paper arm has, one after the other."""

    links: Natural
    arms: tuple[Arm, ...]


def arms_json(arms: Arms) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(arms), indent=1) + b"\n"


def quantile(ordered: Sequence[int], percent: int) -> Quantile:
    """The nearest-rank quantile of ascending values, at least one, with its interval."""
    count = len(ordered)
    spread = isqrt(_Z_SQUARED * count * percent * (100 - percent)) + 1  # in ten thousandths of a rank
    low = (count * percent * 100 - spread) // 10_000  # ranks count from 1; none below the first, none above the last
    high = -(-(count * percent * 100 + spread) // 10_000) + 1
    return Quantile(
        percent,
        percentile(ordered, percent),
        ordered[low - 1] if low >= 1 else None,
        ordered[high - 1] if high <= count else None,
    )


def curve(ordered: Sequence[int]) -> tuple[int, ...]:
    """The least of ascending values, and their 1st to 100th percentile."""
    return (ordered[0], *(percentile(ordered, percent) for percent in range(1, 101)))
