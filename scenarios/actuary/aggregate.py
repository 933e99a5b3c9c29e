"""What a year's losses come to together 累积损失: compound distributions on a lattice, by the fast Fourier transform.

Robertson 1992 ("The computation of aggregate loss distributions", PCAS 79). With phi the transform of one loss'
probabilities, the aggregate's is exp(lambda (phi - 1)) for a Poisson number of losses, and
(1 - c lambda (phi - 1)) ** (-1 / c) if the Poisson mean is mixed by a gamma variable of mean 1 and variance c. A loss
is put on the lattice such that its mean is kept (local moment matching). The lattice must be long enough that next to
nothing lies beyond it, or it comes back at the beginning: :func:`compound` refuses one that is too short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.actuary.severity import Floats, Severity


@dataclass(frozen=True)
class Layer:
    """``limit`` in excess of ``attachment`` of every single loss. ValueError where there is nothing in it."""

    limit: float
    attachment: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 < self.limit < np.inf and 0.0 <= self.attachment < np.inf):
            raise ValueError(f"{self.limit:g} xs {self.attachment:g} is no layer: its limit must be more than nothing")

    def of(self, losses: Floats) -> Floats:
        """What falls into the layer of each of ``losses``."""
        return np.clip(losses - self.attachment, 0.0, self.limit)

    def mean(self, severity: Severity) -> float:
        """The expected part of one loss that falls into the layer."""
        ends = severity.limited(np.array([self.attachment, self.attachment + self.limit]))
        return float(ends[1] - ends[0])


@dataclass(frozen=True)
class Risk:
    """So many losses a year in the mean, ground up, and what each costs."""

    losses: float
    severity: Severity


@dataclass(frozen=True)
class Aggregate:
    """A year's total: ``probabilities`` of 0, 1, 2 ... times ``step``."""

    step: float
    probabilities: Floats

    def expected(self, function: Callable[[Floats], Floats]) -> float:
        """The mean of ``function`` of the total."""
        return float(
            np.dot(function(np.arange(len(self.probabilities), dtype=np.float64) * self.step), self.probabilities)
        )

    @property
    def mean(self) -> float:
        return self.expected(lambda total: total)


TOO_SHORT = 1e-3
"""By what share a mean may be off before a lattice is refused."""


def compound(
    risks: Sequence[Risk], layer: Layer, *, step: float, size: int = 1 << 16, mixing: float = 0.0
) -> Aggregate:
    """The year's total of what all ``risks`` bring into ``layer``, on ``size`` points ``step`` apart.

    ``mixing``: the variance of the gamma variable that all risks' means share; 0 is Poisson. ValueError where the
    lattice is too short for it.
    """
    exponent: NDArray[np.complex128] = np.zeros(size // 2 + 1, dtype=np.complex128)
    for risk in risks:
        exponent = exponent + risk.losses * (np.fft.rfft(_on_lattice(risk.severity, layer, step, size)) - 1.0)
    transform = np.exp(exponent) if mixing == 0.0 else (1.0 - mixing * exponent) ** (-1.0 / mixing)
    probabilities = np.maximum(np.fft.irfft(transform, size), 0.0)
    found = Aggregate(step, probabilities)
    mean = sum(risk.losses * layer.mean(risk.severity) for risk in risks)
    if abs(found.mean - mean) > TOO_SHORT * mean:
        raise ValueError(f"{size} steps of {step} are too few: the mean is {mean:.6g}, and comes to {found.mean:.6g}")
    return found


def _on_lattice(severity: Severity, layer: Layer, step: float, size: int) -> Floats:
    """The probabilities of what one loss brings into the layer, its mean kept."""
    points = int(np.ceil(layer.limit / step))
    if points + 1 > size:
        raise ValueError(f"{size} steps of {step} do not reach the layer's limit of {layer.limit}")
    bounds = layer.attachment + np.minimum(np.arange(-1, points + 2) * step, layer.limit)
    bounds[0] = layer.attachment - step
    means = severity.limited(bounds)
    means[0] = means[1] - step  # below the layer nothing of it is paid: one minus one times the step
    found = np.zeros(size)
    found[: points + 1] = (2.0 * means[1:-1] - means[:-2] - means[2:]) / step
    return np.maximum(found, 0.0)
