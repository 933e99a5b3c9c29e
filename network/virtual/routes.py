"""What the links are like *now*: the configured ones, with every active fault laid over them.

A source's route is worked out when it first sends after a fault began or ended, so that sending needs one look-up. Only
actors that a fault or a link of their own names can differ from the rest: the others share one hop, and a source whose
hops are all alike (the common case) has a single one for all its targets.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import msgspec
from msgspec.structs import replace

from consensus.vocabulary import NodeId
from network.virtual.distributions import quantiles
from network.virtual.draws import MILLION, WORD_BITS
from network.virtual.faults import (
    Corrupt,
    Cut,
    Delay,
    Disturbance,
    Duplicate,
    LinkFault,
    Loss,
    Reorder,
    Ring,
    Throttle,
)
from network.virtual.links import Link, Links

PS_PER_SECOND = 10**12


class Hop(msgspec.Struct, frozen=True):
    """One directed link as it is now. Tables are those of :mod:`network.virtual.distributions`."""

    latency: array[int]
    beyond: array[int] | None = None
    """Latency of the second leg, from the broker on; None in a mesh."""
    extra_ns: int = 0
    byte_ps: int = 0
    """Picoseconds that a byte keeps the link busy; 0: unlimited bandwidth."""
    reorder_ns: int = 0
    """A message out of order is held back by up to this long."""
    loss_ppm: int = 0
    corrupt_ppm: int = 0
    duplicate_ppm: int = 0
    reorder_ppm: int = 0


class Fate(msgspec.Struct, frozen=True):
    """Something that may befall a message: it does where the word drawn under ``name`` is below the target's limit."""

    name: str
    below: tuple[int, ...]
    most: int


class Route(msgspec.Struct, frozen=True):
    """All links out of one source: one ``hop`` for all targets, or (None) a hop each, None where it is cut off."""

    hop: Hop | None
    hops: tuple[Hop | None, ...]
    fates: tuple[Fate, ...]
    smooth: bool
    """All links are alike, of one leg, and of unlimited bandwidth."""


FATES = ("loss", "corrupt", "duplicate", "reorder")
"""What may befall a message on a link, in the order in which it is drawn: a lost one meets nothing more."""


def route_of(links: Links, source: NodeId, actors: Sequence[NodeId], faults: Sequence[LinkFault]) -> Route:
    """The route of ``source`` under the active ``faults``; hops stand in the order of ``actors``."""
    special = {source, *links.special(source), *chain.from_iterable(map(_named, faults))}
    common = next((actor for actor in actors if actor not in special), source)
    shared = _hop(links, source, common, faults)
    hops = tuple(_hop(links, source, actor, faults) if actor in special else shared for actor in actors)
    alike = shared is not None and all(hop is shared or hop == shared for hop in hops)
    fates = []
    for name in FATES:
        below = tuple(0 if hop is None else (getattr(hop, f"{name}_ppm") << WORD_BITS) // MILLION for hop in hops)
        if any(below):
            fates.append(Fate(name, below, max(below)))
    hop = shared if alike else None
    smooth = hop is not None and hop.beyond is None and not hop.byte_ps
    return Route(hop, hops, tuple(fates), smooth)


def touches(fault: LinkFault, source: NodeId) -> bool:
    """May ``fault`` change a link out of ``source``?"""
    if isinstance(fault, Cut):
        return source in fault.one or (not fault.one_way and _across(fault, source))
    if isinstance(fault, Ring):
        return source in fault.order
    return not fault.sources or source in fault.sources


def _named(fault: LinkFault) -> tuple[NodeId, ...]:
    """The actors that ``fault`` may treat unlike the others, as targets."""
    if isinstance(fault, Cut):
        return fault.one + fault.other
    return fault.order if isinstance(fault, Ring) else fault.targets


def _hop(links: Links, source: NodeId, target: NodeId, faults: Sequence[LinkFault]) -> Hop | None:
    """The link from ``source`` to ``target`` with everything that disturbs it."""
    hop = _undisturbed(links.link(source, target), links.beyond(target))
    for fault in faults:
        if isinstance(fault, Cut | Ring):
            if _severs(fault, source, target):
                return None
        elif (not fault.sources or source in fault.sources) and (not fault.targets or target in fault.targets):
            hop = _disturbed(hop, fault)
    return hop


@lru_cache(maxsize=4096)
def _undisturbed(link: Link, beyond: Link | None) -> Hop:
    kept = MILLION - link.loss_ppm
    duplicate = link.duplicate_ppm
    if beyond is not None:
        kept = kept * (MILLION - beyond.loss_ppm) // MILLION
        duplicate = min(MILLION, duplicate + beyond.duplicate_ppm)
    return Hop(
        latency=quantiles(link.latency),
        beyond=None if beyond is None else quantiles(beyond.latency),
        byte_ps=PS_PER_SECOND // link.bytes_per_s if link.bytes_per_s else 0,
        loss_ppm=MILLION - kept,
        duplicate_ppm=duplicate,
    )


def _disturbed(hop: Hop, fault: Disturbance) -> Hop:
    match fault:
        case Loss():
            return replace(hop, loss_ppm=MILLION - (MILLION - hop.loss_ppm) * (MILLION - fault.ppm) // MILLION)
        case Corrupt():
            return replace(hop, corrupt_ppm=min(MILLION, hop.corrupt_ppm + fault.ppm))
        case Duplicate():
            return replace(hop, duplicate_ppm=min(MILLION, hop.duplicate_ppm + fault.ppm))
        case Reorder():
            ppm = min(MILLION, hop.reorder_ppm + fault.ppm)
            return replace(hop, reorder_ppm=ppm, reorder_ns=max(hop.reorder_ns, fault.by_ns))
        case Delay():
            return replace(hop, extra_ns=hop.extra_ns + fault.extra_ns)
        case Throttle():
            return replace(hop, byte_ps=max(hop.byte_ps, PS_PER_SECOND // fault.bytes_per_s))


def _severs(fault: Cut | Ring, source: NodeId, target: NodeId) -> bool:
    if isinstance(fault, Ring):
        if source not in fault.order or target not in fault.order:
            return False
        apart = (fault.order.index(source) - fault.order.index(target)) % len(fault.order)
        return apart not in (0, 1, len(fault.order) - 1)
    forward = source in fault.one and _across(fault, target)
    backward = target in fault.one and _across(fault, source)
    return forward or (backward and not fault.one_way)


def _across(cut: Cut, actor: NodeId) -> bool:
    return actor in cut.other if cut.other else actor not in cut.one
