"""Severities 损失强度: what one loss costs, by its distribution. Amounts are floats of any one unit.

A severity is known by its limited expected value, E[min(X, x)]: everything that layers need follows from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, ndtr  # type: ignore[import-untyped]

Floats = NDArray[np.float64]


class Severity(Protocol):
    """A distribution of one loss."""

    def limited(self, bounds: Floats) -> Floats:
        """E[min(X, x)] for each x of ``bounds``; 0 for what is not positive."""

    def draw(self, random: np.random.Generator, count: int) -> Floats:
        """``count`` losses."""


@dataclass(frozen=True)
class Gamma:
    """The gamma distribution with ``shape`` and ``scale``; its mean is their product."""

    shape: float
    scale: float

    def limited(self, bounds: Floats) -> Floats:
        x = np.maximum(bounds, 0.0) / self.scale
        above = 1.0 - gammainc(self.shape, x)
        return np.asarray(self.scale * (self.shape * gammainc(self.shape + 1.0, x) + x * above))

    def draw(self, random: np.random.Generator, count: int) -> Floats:
        return random.gamma(self.shape, self.scale, count)


@dataclass(frozen=True)
class Pareto:
    """The single-parameter Pareto distribution: above ``threshold``, P(X > x) = (threshold / x) ** shape."""

    threshold: float
    shape: float

    def limited(self, bounds: Floats) -> Floats:
        x = np.maximum(bounds, 0.0)
        ratio = np.maximum(x, self.threshold) / self.threshold
        if self.shape == 1.0:
            above = self.threshold * np.log(ratio)
        else:
            above = self.threshold * (ratio ** (1.0 - self.shape) - 1.0) / (1.0 - self.shape)
        return np.where(x < self.threshold, x, self.threshold + above)

    def draw(self, random: np.random.Generator, count: int) -> Floats:
        return self.threshold * np.asarray(1.0 - random.random(count)) ** (-1.0 / self.shape)


@dataclass(frozen=True)
class Lognormal:
    """The lognormal distribution through its ``median`` and the standard deviation ``sigma`` of its logarithm."""

    median: float
    sigma: float

    def limited(self, bounds: Floats) -> Floats:
        x = np.maximum(bounds, 0.0)
        with np.errstate(divide="ignore"):
            z = (np.log(x) - math.log(self.median)) / self.sigma
        mean = self.median * math.exp(self.sigma**2 / 2.0)
        return np.asarray(mean * _normal(z - self.sigma) + x * (1.0 - _normal(z)))

    def draw(self, random: np.random.Generator, count: int) -> Floats:
        return random.lognormal(math.log(self.median), self.sigma, count)


def _normal(z: Floats) -> Floats:
    return np.asarray(ndtr(z), dtype=np.float64)


_KINDS: Mapping[str, Callable[[float, float], Severity]] = {"gamma": Gamma, "pareto": Pareto, "lognormal": Lognormal}


def parse_severity(text: str) -> Severity:
    """The severity that a text such as "gamma 2 15" names. ValueError where it is none."""
    name, *numbers = text.split() or [""]
    try:
        first, second = (float(number) for number in numbers)
        kind = _KINDS[name]
    except (ValueError, KeyError):
        known = ", ".join(_KINDS)
        raise ValueError(f"`{text}` is no severity; write one of {known} and two numbers, like `gamma 2 15`") from None
    if not (0 < first < math.inf and 0 < second < math.inf):
        raise ValueError(f"`{text}`: both numbers must be positive")
    return kind(first, second)
