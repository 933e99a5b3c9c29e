"""From a distribution as a scenario gives it to the table of quantiles that it is drawn from."""

from __future__ import annotations

from network.virtual.distributions import Constant, Distribution, Empirical, Lognormal, Normal, Pareto, Uniform
from scenarios.language.models.distribution import Amount
from scenarios.language.models.network import Latency


def distribution_of(shape: Latency | Amount) -> Distribution:
    """The distribution that a scenario describes; of amounts, a fen stands for a nanosecond."""
    match shape.dist:
        case "constant":
            return Constant(ns=shape.value or 0)
        case "uniform":
            return Uniform(low_ns=shape.min or 0, high_ns=shape.max or 0)
        case "normal":
            return Normal(mean_ns=shape.mean or 0, sd_ns=shape.sd or 0)
        case "lognormal":
            return Lognormal(median_ns=shape.median or 1, p99_ns=shape.p99 or 1)
        case "pareto":
            return Pareto(least_ns=shape.min or 1, p99_ns=shape.p99 or 1)
        case "empirical":
            return Empirical(samples_ns=tuple(sorted(getattr(shape, "samples", None) or ())))
