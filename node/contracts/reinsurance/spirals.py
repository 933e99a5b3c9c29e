"""Any net of retrocession covers, chains and spirals 转分保螺旋 alike: who bears what, as the least fixed point. Pure.

A company's gross loss is its direct loss and what it assumed; each of its covers cedes a share of its gross, or of the
part of it in a layer, rounded down, so that what does not divide stays with the company. What is ceded can only grow
as losses do; so, begun with nothing ceded and repeated, the covers come to the smallest amounts that satisfy them all,
whatever order they are taken in. Where a company's covers never cede more than the whole of any yuan, no net loss is
negative; and what all bear in the end is the direct loss, because every cover only moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from node.contracts.fields import MILLION, Name, Ppm
from node.contracts.reinsurance.layers import Layer


class Retrocover(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``cedent`` cedes ``share`` of its gross loss, or of the part of it in ``layer``, to ``taker``."""

    cedent: Name
    taker: Name
    share: Ppm
    layer: Layer | None = None

    def ceded(self, gross: int) -> int:
        """What goes over of a gross loss, in fen, rounded down: it never falls as the loss grows."""
        return (gross if self.layer is None else self.layer.recovery(gross)) * self.share // MILLION


class Borne(NamedTuple):
    """``gross`` and ``net`` by company in ascending order, ``ceded`` by cover; the last round changed nothing."""

    gross: dict[str, int]
    net: dict[str, int]
    ceded: tuple[int, ...]
    rounds: int


def bear(direct: Mapping[str, int], covers: Sequence[Retrocover], rounds_max: int) -> Borne | None:
    """Who bears the ``direct`` losses (fen, not negative) under the covers; None if it still moves after the rounds."""
    names = {*direct, *(name for cover in covers for name in (cover.cedent, cover.taker))}
    gross = {name: direct.get(name, 0) for name in sorted(names)}
    ceded = [0] * len(covers)
    for rounds in range(1, rounds_max + 1):
        moved = False
        for place, cover in enumerate(covers):
            more = cover.ceded(gross[cover.cedent]) - ceded[place]
            if more:
                ceded[place] += more
                gross[cover.taker] += more
                moved = True
        if not moved:
            net = dict(gross)
            for cover, amount in zip(covers, ceded, strict=True):
                net[cover.cedent] -= amount
            return Borne(gross=gross, net=net, ceded=tuple(ceded), rounds=rounds)
    return None


def most_ceded(covers: Sequence[Retrocover]) -> int:
    """The largest share, in millionths, of any one fen of a loss that these covers of one cedent cede together."""
    edges = sorted({0, *(cover.layer.attachment for cover in covers if cover.layer is not None)})
    return max(sum(cover.share for cover in covers if _reaches(cover, edge)) for edge in edges)


def _reaches(cover: Retrocover, fen: int) -> bool:
    layer = cover.layer
    return layer is None or layer.attachment <= fen < layer.attachment + layer.limit
