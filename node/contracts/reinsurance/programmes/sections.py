"""Sections of a programme and their inuring order 互惠顺序, as data.

Every section has a priority. Those of one priority are a stage and see the same subject losses; what they leave is
what the next stage sees. A tower is one stage: its layers see the same loss, never the net of the layer below.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from node.contracts.context import Context
from node.contracts.fields import UNIT, Label, Name
from node.contracts.reinsurance.layers import in_layer
from node.contracts.reinsurance.programmes.covers import (
    AnyCover,
    Basis,
    Excess,
    QuotaShareCover,
    StopLossCover,
    SurplusCover,
)
from node.contracts.reinsurance.rates import WHOLE

SECTIONS_MAX = 12
TAKERS_MAX = 16

Priority = Annotated[int, Meta(ge=1, le=SECTIONS_MAX)]
Share = Annotated[int, Meta(ge=1, le=WHOLE, extra={UNIT: "ppm"})]
Takers = Annotated[tuple[tuple[Name, Share], ...], Meta(min_length=1, max_length=TAKERS_MAX)]


class Section(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``cover`` at a place of the inuring order. ``takers``: reinsurer and its share; what is not placed stays."""

    name: Label
    priority: Priority
    cover: AnyCover
    takers: Takers

    @property
    def weights(self) -> tuple[int, ...]:
        """The takers' shares, in millionths."""
        return tuple(share for _, share in self.takers)

    @property
    def placed(self) -> int:
        """The share that found takers, in millionths."""
        return sum(self.weights)


class Stage(NamedTuple):
    """Sections of one priority, and what all of them count as one loss."""

    sections: tuple[Section, ...]
    basis: Basis


def stages(sections: Sequence[Section]) -> tuple[Stage, ...]:
    """Sections by priority, in the order in which they were written within one.

    ValueError: a stage counts two kinds of losses, or a finer one than the stage before it.
    """
    found: list[Stage] = []
    basis = Basis.RISK
    ordered = sorted(sections, key=lambda section: section.priority)
    for priority, members in groupby(ordered, key=lambda section: section.priority):
        stage = tuple(members)
        kinds = sorted({section.cover.basis for section in stage if section.cover.basis is not None})
        if len(kinds) > 1 or (kinds and kinds[0] < basis):
            raise ValueError(
                f"priority {priority} counts {', '.join(kind.name.lower() for kind in kinds)} after others"
            )
        basis = kinds[0] if kinds else basis
        found.append(Stage(stage, basis))
    return tuple(found)


def require_in_order(ctx: Context, sections: Sequence[Section]) -> None:
    """Refuse sections that are no programme: named twice, placed too far, without a clear order, or overlapping."""
    names = [section.name for section in sections]
    ctx.require(len(set(names)) == len(names), "section_named_twice", ", ".join(names))
    for section in sections:
        takers = [name for name, _ in section.takers]
        ctx.require(len(set(takers)) == len(takers), "taker_named_twice", section.name)
        ctx.require(section.placed <= WHOLE, "overplaced", section.name)
    try:
        ordered, unclear = stages(sections), ""
    except ValueError as error:
        ordered, unclear = (), str(error)
    ctx.require(not unclear, "inuring_order_unclear", unclear)
    for stage in ordered:
        together = ", ".join(section.name for section in stage.sections)
        ctx.require(most_ceded(stage) <= WHOLE, "covers_overlap", together)


def most_ceded(stage: Stage) -> int:
    """The largest share of any one loss that a stage's sections could take together, in millionths, rounded up.

    More than ``WHOLE`` would recover more than was lost.
    """
    covers = [(section.cover, section.placed) for section in stage.sections]
    quota_shares = sum(
        -(-cover.cession * placed // WHOLE) for cover, placed in covers if isinstance(cover, QuotaShareCover)
    )
    surpluses = [(cover, placed) for cover, placed in covers if isinstance(cover, SurplusCover)]
    ratios = [(cover.attachment, cover.limit, placed) for cover, placed in covers if isinstance(cover, StopLossCover)]
    layers = [
        (cover.layer.attachment, cover.layer.limit, placed) for cover, placed in covers if isinstance(cover, Excess)
    ]
    return quota_shares + _most_of_a_risk(surpluses) + _most_at_once(ratios) + _most_at_once(layers)


def _most_of_a_risk(surpluses: Sequence[tuple[SurplusCover, int]]) -> int:
    """What surpluses take together of the risk of which they take most: a share rises or falls between their ends."""
    bands = [
        ((cover.above + 1) * cover.retention, cover.lines * cover.retention, placed) for cover, placed in surpluses
    ]
    ends = sorted({end for start, width, _ in bands for end in (start, start + width) if end})
    shares = (-(-sum(in_layer(size, start, width) * placed for start, width, placed in bands) // size) for size in ends)
    return max(shares, default=0)


def _most_at_once(layers: Sequence[tuple[int, int, int]]) -> int:
    """The largest sum of what is placed of layers (attachment, limit, placed) that overlap."""
    return max(
        (
            sum(placed for start, width, placed in layers if start <= at < start + width)
            for at in sorted({start for start, _, _ in layers})
        ),
        default=0,
    )
