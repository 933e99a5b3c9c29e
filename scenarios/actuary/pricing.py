"""The price of a layer with reinstatements 复效: by simulation with its error, and numerically.

A layer of limit L with n paid reinstatements at 100 % pays min(S, (n + 1) L) of a year's layer losses S, and earns, on
top of its premium P, P min(S, n L) / L. The technical premium is where both are even:

    P = E[min(S, (n + 1) L)] / (1 + rate E[min(S, n L)] / L)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.actuary.aggregate import Layer, Risk, compound

Z95 = 1.959963984540054
YEARS_AT_ONCE = 200_000

POINTS = 1 << 16
"""Of the lattice."""


@dataclass(frozen=True)
class Estimated:
    """A value, its standard error, and the ends of its 95 % interval; a value without error has 0."""

    value: float
    standard_error: float = 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return self.value - Z95 * self.standard_error, self.value + Z95 * self.standard_error


@dataclass(frozen=True)
class Cover:
    """A layer with ``reinstatements`` paid at ``rate`` of the premium, pro rata to the amount."""

    layer: Layer
    reinstatements: int = 0
    rate: float = 1.0


@dataclass(frozen=True)
class Price:
    """What a cover pays in the mean, and the premium at which it is even."""

    recovery: Estimated
    premium: Estimated


def simulated(risk: Risk, cover: Cover, years: int, seed: int) -> Price:
    """The price from ``years`` simulated years, a Poisson number of losses in each. The same seed, the same price.

    The premium is a ratio of two means of the same years; its error follows by the delta method. ValueError for fewer
    than two years.
    """
    if years < 2:
        raise ValueError("a standard error takes two years at least")
    random = np.random.Generator(np.random.PCG64(seed))
    sums = np.zeros(2)
    squares = np.zeros((2, 2))
    for first in range(0, years, YEARS_AT_ONCE):
        some = min(YEARS_AT_ONCE, years - first)
        numbers = random.poisson(risk.losses, some)
        each = cover.layer.of(risk.severity.draw(random, int(numbers.sum())))
        totals = np.bincount(np.repeat(np.arange(some), numbers), weights=each, minlength=some)
        limit, count = cover.layer.limit, cover.reinstatements
        paid = np.minimum(totals, (count + 1) * limit)
        reinstated = 1.0 + cover.rate * np.minimum(totals, count * limit) / limit
        both = np.stack((paid, reinstated))
        sums += both.sum(axis=1)
        squares += both @ both.T
    means = sums / years
    covariance = (squares / years - np.outer(means, means)) / (years - 1)
    premium = means[0] / means[1]
    slope = np.array([1.0, -premium]) / means[1]
    return Price(
        recovery=Estimated(float(means[0]), float(np.sqrt(covariance[0, 0]))),
        premium=Estimated(float(premium), float(np.sqrt(slope @ covariance @ slope))),
    )


def exact(risk: Risk, cover: Cover, step: float | None = None) -> Price:
    """The price from the distribution of the year's total, on a lattice: no error but the lattice's.

    ``step`` is its fineness; without one, a 1024th of the limit, or what makes the lattice long enough for all losses.
    """
    total = compound([risk], cover.layer, step=step or _step_for(risk, cover.layer), size=POINTS)
    limit, count = cover.layer.limit, cover.reinstatements
    recovery = total.expected(lambda losses: np.minimum(losses, (count + 1) * limit))
    reinstated = total.expected(lambda losses: np.minimum(losses, count * limit)) / limit
    return Price(Estimated(recovery), Estimated(recovery / (1.0 + cover.rate * reinstated)))


def _step_for(risk: Risk, layer: Layer) -> float:
    """So that the lattice holds as many full losses of the layer as a year will hardly ever have."""
    most = risk.losses + 8.0 * np.sqrt(risk.losses) + 8.0
    return float(max(layer.limit / 1024, most * layer.limit / POINTS))
