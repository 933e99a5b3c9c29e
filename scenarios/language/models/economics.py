"""``economics``: what a network costs its members a year and what it saves them, by how many have joined."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.language.models.base import Fen, Part, Ppm

MEMBERS_MAX = 200

Weight = Annotated[int, Field(ge=1, le=1_000_000)]


class Leaving(Part):
    """A member that leaves in mid-year, or becomes insolvent."""

    place: Annotated[int, Field(ge=1, le=MEMBERS_MAX)] = 1
    """Its place among `sizes`, from 1."""
    after: Ppm
    """How much of the year it was a member."""
    unpaid: Ppm = 0
    """How much of its part of the year's common costs it leaves unpaid; the others carry that too."""


class Economics(Part):
    """A market of organisations that exchange business items two by two, on paper or where both have joined.

    Who joins pays for a node, for its part of what is common, and for joining; it saves on the items that it exchanges
    with others who have joined. Amounts are those of one year unless they say otherwise.
    """

    sizes: Annotated[tuple[Weight, ...], Field(min_length=2, max_length=MEMBERS_MAX)]
    """The market's organisations in the order in which they join, each by its weight in the market's traffic."""
    items: Annotated[int, Field(ge=1, le=10**12)]
    """Business items in the whole market, each between two: cessions, statements, claims."""
    paper: Fen
    """What one item costs each of its two sides on paper."""
    chain: Fen
    """What people still do for an item, on each side, where both have joined."""
    transactions: Annotated[int, Field(ge=1, le=1_000)]
    """How many transactions an item is on the chain; what one takes on disks is measured in the run."""
    node: Fen
    """What each member's own node costs: machine, staff, audit."""
    platform: Fen
    """What all members carry together: development, operation, governance."""
    carried: Literal["equally", "by_traffic"] = "equally"
    """How they carry it."""
    joining: Fen
    """What joining costs once: links to the systems that there are."""
    over: Annotated[int, Field(ge=1, le=50)]
    """Over how many years joining is written off, and ledgers are kept."""
    storage: Fen
    """What a gigabyte (10^9 bytes) on a node's disks costs, with copies."""
    leaving: Leaving | None = None
    """Who leaves in mid-year, if anybody does."""

    @model_validator(mode="after")
    def _there(self) -> Economics:
        if self.leaving is not None and self.leaving.place > len(self.sizes):
            raise ValueError(
                f"`leaving.place` is {self.leaving.place}, and `sizes` has {len(self.sizes)} organisations"
            )
        return self
