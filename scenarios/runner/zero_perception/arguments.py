"""What a scenario says of the flow "zero-perception": every value that no source gives is a declared assumption."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.language.models.base import Fen, Nanoseconds, Part, Ppm, Word

FLOW = "zero-perception"
MILLION = 1_000_000
CLAIMS_MAX = 1_805
"""As many person-years of the data had a stay in hospital that cost something."""

Icd9 = Annotated[str, Field(pattern=r"^[0-9EV][0-9]{2}(\.[0-9]{1,2})?$")]


class Item(Part):
    """A line that every bill has."""

    kind: Word
    """The class of charge, which the product may exclude."""
    share: Ppm
    """Its part of the bill."""


class Diagnosis(Part):
    """What stays may be for; sealed, and never on the chain."""

    icd9: Icd9
    """The hospital's code."""
    text: Annotated[str, Field(min_length=1, max_length=120)]
    """In words."""


class ZeroPerception(Part):
    """Claims that pay themselves after a discharge, each an inpatient stay of real people, at every insurer in turn."""

    flow: Literal["zero-perception"]
    """This generator."""
    data: Literal["rand-hie"]
    """The spending data: configs/data/README.md."""
    claims: Annotated[int, Field(ge=1, le=CLAIMS_MAX)]
    """How many stays there are, spread evenly over those of the data; each is one person's."""
    product: Word
    """What everybody is insured by; it must be among the scenario's `products`."""
    riders: tuple[Word, ...] = ()
    """Its riders that everybody has; one of them, or the product itself, answers `inpatient`."""
    yuan_per_dollar: Annotated[int, Field(ge=1, le=1_000)]
    """What a dollar of the data counts as of a bill."""
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=20)]
    """The lines of every bill, by class of charge: their parts make a whole."""
    diagnoses: Annotated[tuple[Diagnosis, ...], Field(min_length=1)]
    """What the stays are for, by draw."""
    onboarding: Nanoseconds
    """How long insurers and policies take to come onto the platform; then people are discharged."""
    discharges: Nanoseconds
    """Over how long people are discharged, by even draw."""
    revoked: Annotated[int, Field(ge=0)] = 0
    """How many take their voucher back before the papers are pulled: a person takes over, and they fetch papers."""
    reused: Annotated[int, Field(ge=0)] = 0
    """How many invoices hospitals report a second time: each is refused."""
    reused_after: Nanoseconds = 3 * 86_400 * 10**9
    """How long after the discharge."""
    voucher: Annotated[str, Field(pattern=r"^[0-9]+ (min|h|days?)$")] = "7 days"
    """For how long a patient authorises a claim."""
    capital: Fen
    """Cash that each insurer begins with."""

    @model_validator(mode="after")
    def _items_make_a_whole(self) -> ZeroPerception:
        total = sum(item.share for item in self.items)
        if total != MILLION:
            raise ValueError(f"the shares of `items` make {total / 10_000:g} % and not 100 %")
        return self

    @model_validator(mode="after")
    def _some_claims_go_through(self) -> ZeroPerception:
        if self.revoked + self.reused > self.claims:
            raise ValueError("`revoked` and `reused` together are more than `claims`: none is both")
        return self
