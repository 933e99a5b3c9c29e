"""The scenario's links, node by node: latency, loss, doubling and bandwidth in each direction."""

from __future__ import annotations

from typing import Any

from consensus.vocabulary import NodeId
from network.virtual.links import Link, Links, Star
from scenarios.language.models import network as language
from scenarios.runner.distributions import distribution_of
from scenarios.runner.plan import Plan

Ends = tuple[list[NodeId], list[NodeId], language.LinkBetween | language.Apart]
"""The nodes at both ends of links, and what these are like."""


def links_of(plan: Plan) -> Links:
    """The scenario's links, spelled out by node; a client has the default one."""
    network = plan.scenario.network
    if network.shape == "star":
        return _star(plan, network)
    default = network.default
    if network.profile is not None:
        default = default.model_copy(update={"latency": network.profile.within})
    between: dict[tuple[NodeId, NodeId], Link] = {}
    ends: list[Ends] = [*_apart(plan, network), *_named(plan, network)]
    for left, right, item in ends:
        link = _link(default, item)
        between.update({(a, b): link for a in left for b in right if a != b})
        between.update({(b, a): link for a in left for b in right if a != b})
    return Links(_link(default, None), between)


def _star(plan: Plan, network: language.Network) -> Star:
    spokes: dict[NodeId, Link] = {}
    for left, right, item in _named(plan, network):
        spokes.update(dict.fromkeys([*left, *right], _link(network.default, item)))
    return Star(_link(network.default, None), spokes)


def _named(plan: Plan, network: language.Network) -> list[Ends]:
    """Links of their own, each with the nodes at its two ends (none at the bus)."""
    return [(_nodes(plan, item.between[0]), _nodes(plan, item.between[1]), item) for item in network.links]


def _apart(plan: Plan, network: language.Network) -> list[Ends]:
    """Pairs of the profile's regions, each with the nodes in both."""
    lie = {region: [node for name in names for node in _nodes(plan, name)] for region, names in network.regions.items()}
    apart = network.profile.between if network.profile is not None else ()
    return [(lie.get(item.regions[0], []), lie.get(item.regions[1], []), item) for item in apart]


def _nodes(plan: Plan, word: str) -> list[NodeId]:
    """Those of that name or role."""
    return [n for n, member in enumerate(plan.genesis.members) if word in (member.name, member.role)]


def _link(default: language.Link, item: language.LinkBetween | language.Apart | None) -> Link:
    def own(name: str) -> Any:
        value = getattr(item, name, None)
        return getattr(default, name) if value is None else value

    return Link(
        latency=distribution_of(own("latency")),
        loss_ppm=own("loss"),
        duplicate_ppm=own("duplicate"),
        bytes_per_s=own("bandwidth") or 0,
    )
