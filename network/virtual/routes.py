"""What the links are like *now*: the configured ones, with every active fault laid over them.

Routes are worked out afresh whenever a fault begins or ends, so that sending needs one look-up. A source whose
links are all alike and undisturbed (the common case) has one table for all its targets.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import msgspec

from consensus.vocabulary import NodeId
from network.virtual.distributions import quantiles
from network.virtual.draws import MILLION
from network.virtual.faults import Cut, Delay, Duplicate, Lasting, Loss
from network.virtual.links import Links


class Hop(msgspec.Struct, frozen=True):
    """One directed link as it is now. ``latency`` is a table of :mod:`network.virtual.distributions`."""

    latency: array[int]
    extra_ns: int = 0
    loss_ppm: int = 0
    duplicate_ppm: int = 0

    @property
    def plain(self) -> bool:
        return not (self.extra_ns or self.loss_ppm or self.duplicate_ppm)


class Route(msgspec.Struct, frozen=True):
    """All links out of one source: a ``table`` for all targets, or a hop each (None: cut off)."""

    table: array[int] | None
    hops: tuple[Hop | None, ...] = ()


def routes(links: Links, actors: Sequence[NodeId], active: Iterable[Lasting]) -> list[Route]:
    """The route of every actor, in order of ``actors``; hops stand in the same order."""
    disturbing = [fault for fault in active if isinstance(fault, Cut | Loss | Duplicate | Delay)]
    if not links.between and not disturbing and not (links.default.loss_ppm or links.default.duplicate_ppm):
        return [Route(quantiles(links.default.latency))] * len(actors)
    return [_route(links, source, actors, disturbing) for source in actors]


def _route(
    links: Links, source: NodeId, actors: Sequence[NodeId], disturbing: Sequence[Cut | Loss | Duplicate | Delay]
) -> Route:
    hops = tuple(_hop(links, source, target, disturbing) for target in actors)
    first = hops[0]
    if first is not None and first.plain and all(hop == first for hop in hops[1:]):
        return Route(first.latency)
    return Route(None, hops)


def _hop(
    links: Links, source: NodeId, target: NodeId, disturbing: Sequence[Cut | Loss | Duplicate | Delay]
) -> Hop | None:
    link = links.link(source, target)
    extra_ns, kept, duplicate_ppm = 0, MILLION - link.loss_ppm, link.duplicate_ppm
    for fault in disturbing:
        if isinstance(fault, Cut):
            if _severs(fault, source, target):
                return None
        elif not _covers(fault, source, target):
            continue
        elif isinstance(fault, Loss):
            kept = kept * (MILLION - fault.ppm) // MILLION
        elif isinstance(fault, Duplicate):
            duplicate_ppm = min(MILLION, duplicate_ppm + fault.ppm)
        else:
            extra_ns += fault.extra_ns
    return Hop(quantiles(link.latency), extra_ns, MILLION - kept, duplicate_ppm)


def _covers(fault: Loss | Duplicate | Delay, source: NodeId, target: NodeId) -> bool:
    return (not fault.sources or source in fault.sources) and (not fault.targets or target in fault.targets)


def _severs(cut: Cut, source: NodeId, target: NodeId) -> bool:
    forward = source in cut.one and _across(cut, target)
    backward = target in cut.one and _across(cut, source)
    return forward or (backward and not cut.one_way)


def _across(cut: Cut, actor: NodeId) -> bool:
    return actor in cut.other if cut.other else actor not in cut.one
