"""Distributions of durations as integer inverse tables.

A draw is one table look-up: ``quantiles(distribution)[word >> 16]`` nanoseconds for a 32-bit word. The tables
are computed with :mod:`decimal`, whose ``exp``, ``ln`` and ``sqrt`` are correctly rounded by specification,
never with the C library's floating point: every machine and every Python gets the same integers.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache
from itertools import pairwise

import msgspec

TABLE_BITS = 16
TABLE_SIZE = 1 << TABLE_BITS
TABLE_SHIFT = 32 - TABLE_BITS
"""How far a 32-bit word is shifted right to index a table."""

_HALF = TABLE_SIZE // 2
_STEP = 64
_FAR_TAIL = 1024
_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)
_ROOT_TWO_PI = Decimal("2.506628274631000502415765284811045253")
_Z99 = Decimal("2.326347874040841100885606163346911723")
_TOLERANCE = Decimal("1e-16")


class Constant(msgspec.Struct, frozen=True, tag="constant", forbid_unknown_fields=True):
    """Always ``ns``."""

    ns: int


class Uniform(msgspec.Struct, frozen=True, tag="uniform", forbid_unknown_fields=True):
    """Evenly between ``low_ns`` and ``high_ns``, both included."""

    low_ns: int
    high_ns: int


class Normal(msgspec.Struct, frozen=True, tag="normal", forbid_unknown_fields=True):
    """The normal distribution, cut off at zero."""

    mean_ns: int
    sd_ns: int


class Lognormal(msgspec.Struct, frozen=True, tag="lognormal", forbid_unknown_fields=True):
    """The lognormal distribution through its median and its 99th percentile."""

    median_ns: int
    p99_ns: int


class Pareto(msgspec.Struct, frozen=True, tag="pareto", forbid_unknown_fields=True):
    """The Pareto distribution, a heavy tail, through its least value and its 99th percentile."""

    least_ns: int
    p99_ns: int


class Exponential(msgspec.Struct, frozen=True, tag="exponential", forbid_unknown_fields=True):
    """The exponential distribution, the times between the events of a Poisson process, through its mean."""

    mean_ns: int


class Empirical(msgspec.Struct, frozen=True, tag="empirical", forbid_unknown_fields=True):
    """What was measured: each of the ``samples_ns``, in ascending order, as often as any other."""

    samples_ns: tuple[int, ...]


Distribution = Constant | Uniform | Normal | Lognormal | Pareto | Exponential | Empirical

PARETO_SPREAD_MAX = 1000
"""The most that a Pareto distribution's 99th percentile may be of its least value: its tail would know no bounds."""


@lru_cache(maxsize=64)
def quantiles(distribution: Distribution) -> array[int]:  # noqa: PLR0911 - one shape after the other
    """Entry i is the quantile at ``(i + 1/2) / 65536``, in nanoseconds, ascending and never negative.

    Raises ValueError for parameters that describe no duration.
    """
    match distribution:
        case Constant(ns):
            _require(ns >= 0, distribution)
            return array("q", [ns]) * TABLE_SIZE
        case Uniform(low, high):
            _require(0 <= low <= high, distribution)
            span = high - low + 1
            return array("q", [low + (span * (2 * i + 1) >> TABLE_BITS + 1) for i in range(TABLE_SIZE)])
        case Normal(mean, sd):
            _require(mean >= 0 and sd >= 0, distribution)
            return _from_normal(lambda z: mean + sd * z)
        case Lognormal(median, p99):
            _require(0 < median <= p99, distribution)
            sigma = (Decimal(p99) / median).ln(_CONTEXT) / _Z99
            return _from_normal(lambda z: median * (sigma * z).exp(_CONTEXT))
        case Pareto(least, p99):
            _require(0 < least <= p99 <= least * PARETO_SPREAD_MAX, distribution)
            return _pareto(least, p99)
        case Exponential(mean):
            _require(mean >= 0, distribution)
            return _through(_over_logs(lambda log: mean * log))
        case Empirical(samples):
            _require(bool(samples) and samples[0] >= 0 and list(samples) == sorted(samples), distribution)
            return array("q", [samples[(2 * i + 1) * len(samples) >> TABLE_BITS + 1] for i in range(TABLE_SIZE)])


def _require(holds: bool, distribution: Distribution) -> None:
    if not holds:
        raise ValueError(f"not a distribution of durations: {distribution}")


def _from_normal(value: Callable[[Decimal], Decimal]) -> array[int]:
    """The table of a growing function of a standard normal variable, linear between the knots."""
    with localcontext(_CONTEXT):
        lower = [(i, -z) for i, z in _normal_knots()]
        upper = [(TABLE_SIZE - 1 - i, z) for i, z in reversed(_normal_knots())]
        knots = [(i, max(0, int(value(z).to_integral_value()))) for i, z in lower + upper]
    return _through(knots)


def _pareto(least: int, p99: int) -> array[int]:
    """Least * tail ** (-1/alpha), where alpha makes it ``p99`` at a tail of 1/100."""
    with localcontext(_CONTEXT):
        slope = (Decimal(p99) / least).ln() / Decimal(100).ln()
        return _through(_over_logs(lambda log: least * (slope * log).exp()))


def _over_logs(value: Callable[[Decimal], Decimal]) -> list[tuple[int, int]]:
    """The knots of a growing function of -ln(tail); far out every entry is one."""
    places = [*range(0, TABLE_SIZE - _FAR_TAIL, _STEP), *range(TABLE_SIZE - _FAR_TAIL, TABLE_SIZE)]
    with localcontext(_CONTEXT):
        whole = Decimal(2 * TABLE_SIZE)
        logs = [(i, (whole / (whole - (2 * i + 1))).ln()) for i in places]
        return [(i, int(value(log).to_integral_value())) for i, log in logs]


def _through(knots: list[tuple[int, int]]) -> array[int]:
    """The table through ``knots``, (entry, value) from the first entry to the last, linear between them."""
    table = array("q", [0]) * TABLE_SIZE
    for (left, low), (right, high) in pairwise(knots):
        for i in range(left, right + 1):
            table[i] = low + (high - low) * (i - left) // (right - left)
    return table


@lru_cache(maxsize=1)
def _normal_knots() -> tuple[tuple[int, Decimal], ...]:
    """(i, distance below the mean of the quantile at entry i), outermost first, for the lower half of a table.

    Every entry of the outermost thousandth is a knot, then every 64th: the tail is what latencies are about.
    """
    places = [*range(_STEP), *range(_STEP, _HALF, _STEP), _HALF - 1]
    knots = []
    guess = Decimal(0)
    with localcontext(_CONTEXT):
        for i in reversed(places):
            guess = _distance(Decimal(2 * i + 1) / (2 * TABLE_SIZE), guess)
            knots.append((i, guess))
    return tuple(reversed(knots))


def _distance(tail: Decimal, guess: Decimal) -> Decimal:
    """Z >= 0 with P(Z < -z) == tail, by Newton's method from ``guess`` (runs in the caller's context)."""
    while True:
        density = (-guess * guess / 2).exp() / _ROOT_TWO_PI
        error = Decimal("0.5") - density * _series(guess) - tail
        step = error / density
        guess += step
        if abs(step) < _TOLERANCE:
            return guess


def _series(z: Decimal) -> Decimal:
    """Sum of z^(2k+1) / (1*3*...*(2k+1)): times the density, it is P(0 < Z < z) (Abramowitz & Stegun 26.2.11)."""
    term = total = z
    square = z * z
    odd = 1
    while term > _TOLERANCE:
        odd += 2
        term = term * square / odd
        total += term
    return total
