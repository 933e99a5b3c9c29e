"""The scenario's links, node by node: latency, loss and doubling in each direction."""

from __future__ import annotations

from typing import Any

from consensus.vocabulary import NodeId
from network.virtual.distributions import Constant, Distribution, Empirical, Lognormal, Normal, Pareto, Uniform
from network.virtual.links import Link, Links
from scenarios.language.models import network as language
from scenarios.runner.plan import Plan


def links_of(plan: Plan) -> Links:
    """The scenario's links, spelled out by node; a client shares its home's place in the network."""
    network = plan.scenario.network
    members = plan.genesis.members
    between: dict[tuple[NodeId, NodeId], Link] = {}
    for item in network.links:
        left, right = (
            [n for n, member in enumerate(members) if word in (member.name, member.role)] for word in item.between
        )
        link = _link(network.default, item)
        between.update({(a, b): link for a in left for b in right if a != b})
        between.update({(b, a): link for a in left for b in right if a != b})
    return Links(_link(network.default, None), between)


def _link(default: language.Link, item: language.LinkBetween | None) -> Link:
    chosen: Any = item
    return Link(
        latency=distribution_of((chosen and chosen.latency) or default.latency),
        loss_ppm=default.loss if item is None or item.loss is None else item.loss,
        duplicate_ppm=default.duplicate if item is None or item.duplicate is None else item.duplicate,
    )


def distribution_of(latency: language.Latency) -> Distribution:
    """The distribution that a scenario describes."""
    match latency.dist:
        case "constant":
            return Constant(ns=latency.value or 0)
        case "uniform":
            return Uniform(low_ns=latency.min or 0, high_ns=latency.max or 0)
        case "normal":
            return Normal(mean_ns=latency.mean or 0, sd_ns=latency.sd or 0)
        case "lognormal":
            return Lognormal(median_ns=latency.median or 1, p99_ns=latency.p99 or 1)
        case "pareto":
            return Pareto(least_ns=latency.min or 1, p99_ns=latency.p99 or 1)
        case "empirical":
            return Empirical(samples_ns=tuple(sorted(latency.samples or ())))
