"""``products``: what insurers sell, as a file of its own or in the scenario itself (rows 43, 44).

A shipped product is named; a file of one's own is named by its path from the scenario's folder (``./mine.yaml``), and
what stands in it becomes part of the scenario, so that a run needs no file any more.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from scenarios.language.models.base import Count, Fen, Nanoseconds, Part, Ppm, Word

OLDEST = 130

Age = Annotated[int, Field(ge=0, le=OLDEST)]
"""Completed years."""
AgeText = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]?|1[0-2][0-9]|130)$")]
Disease = Annotated[str, Field(pattern=r"^[A-Z][0-9A-Z.]{2,7}$")]
Line = Annotated[str, Field(min_length=1, max_length=256)]


class Scoring(Part):
    """How applicants are scored and decided on (rows 4, 6); the score strictly falls with age and with history."""

    version: Word
    """Names the rule on the chain; other numbers are another version."""
    base: Count
    """The score at 18 without past illness."""
    age_step: Annotated[int, Field(ge=1, le=10_000)]
    """Points lost with every year of age."""
    history_step: Annotated[int, Field(ge=1, le=10_000)]
    """Points lost with every past illness."""
    accept_from: Count
    """From this score on: accepted as applied for."""
    load_from: Count
    """From this score on: accepted for more premium; below: a counter-offer."""
    counter_from: Count
    """A counter-offer that was agreed to is accepted from this score on."""
    loading: Ppm
    """How much more premium."""
    counter_sum: Ppm
    """Of the sums insured and premiums, in the counter-offer."""


class Pricing(Part):
    """Where a table of premiums comes from: `consortium products price` works it out and writes it beside."""

    table: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$")]
    """A mortality or morbidity table: `CL1` to `CL6` (China 2010-2013), or a number of the Society of Actuaries."""
    interest: Ppm = 0
    """A year's technical interest rate 预定利率."""
    loading: Ppm = 0
    """What is charged on top of the net premium, as a share of it 附加费率."""
    ages: tuple[Age, Age]
    """From which age to which."""
    source: Line | None = None
    """What the table is; written by the program."""


class Benefit(Part):
    """What is paid for, and for how much. A premium is one for all, or one for each age."""

    name: Word
    """The kind of claim that it answers."""
    premium: Annotated[Fen, Field(ge=0)] | None = None
    """A year's premium, whatever the age."""
    premiums: dict[AgeText, Annotated[Fen, Field(ge=0)]] = Field(default_factory=dict, max_length=OLDEST + 1)
    """A year's premium from each of these ages on, ascending."""
    pricing: Pricing | None = None
    """How `premiums` were worked out."""
    sum_insured: Annotated[Fen, Field(ge=0)]
    """The most that is paid in all 保额."""
    deductible: Annotated[Fen, Field(ge=0)] = 0
    """What of each bill the insured bears alone 免赔额."""
    ratio: Ppm = 1_000_000
    """The share that is paid of what exceeds it 赔付比例."""
    excluded: Annotated[tuple[Word, ...], Field(max_length=32)] = ()
    """Classes of charges that are not paid for."""

    @model_validator(mode="after")
    def _one_way_to_a_premium(self) -> Benefit:
        ways = (self.premium is not None) + bool(self.premiums or self.pricing)
        if ways != 1:
            raise ValueError("give a `premium`, or `premiums` by age, and not both")
        ages = [int(age) for age in self.premiums]
        if ages != sorted(set(ages)):
            raise ValueError("`premiums` must be in ascending order of age")
        return self


class Ages(Part):
    """At which ages the cover may be applied for 投保年龄."""

    low: Age
    """No younger."""
    high: Age
    """No older."""

    @model_validator(mode="after")
    def _in_order(self) -> Ages:
        if self.low > self.high:
            raise ValueError("`low` is above `high`")
        return self


class Terms(Part):
    """How its policies are kept up; what is left out is as usual (:class:`node.contracts.policy.TermsArgs`)."""

    grace: Nanoseconds | None = None
    """How late a premium may be 宽限期."""
    reinstate_within: Nanoseconds | None = None
    """How long who lapsed may come back 复效."""
    cooling_off: Nanoseconds | None = None
    """How long a cancellation costs nothing 犹豫期."""
    instalments: Annotated[int, Field(ge=1, le=12)] | None = None
    """In how many parts the year's premium is paid."""
    short_rates: Annotated[tuple[Ppm, ...], Field(max_length=12)] | None = None
    """What of the premium a later cancellation keeps, in each of as many equal parts of the year; pro rata without."""
    key_terms: Line | None = None
    """The text that must be disclosed and confirmed before a policy is bound 重要条款."""

    @model_validator(mode="after")
    def _waiting_is_never_cheaper(self) -> Terms:
        rates = self.short_rates or ()
        if tuple(sorted(rates)) != rates:
            raise ValueError("`short_rates` must not fall")
        return self


class ProductFile(Part):
    """One product. Without `scoring` nobody is scored, and whoever is of the right age is taken."""

    version: Literal[1]
    """The version of this form."""
    name: Word
    """Its name on the chain."""
    title: Line
    """Its name for people."""
    diseases: Annotated[tuple[Disease, ...], Field(max_length=64)] = ()
    """The ICD-10 codes that it is about, where it is about some."""
    ages: Ages = Ages(low=0, high=OLDEST)
    """At which ages it may be applied for; who is scored is 18 to 65."""
    scoring: Scoring | None = None
    """How applicants are scored; left out: not at all."""
    needs_filing: bool = False
    """Whether it must be filed with the bureau before anyone is taken; only where nobody is scored."""
    main: Benefit
    """The main benefit."""
    riders: Annotated[tuple[Benefit, ...], Field(max_length=8)] = ()
    """Benefits that may be added 附加险."""
    terms: Terms | None = None
    """How its policies are kept up, where that is not as usual."""

    @model_validator(mode="after")
    def _terms_agree(self) -> ProductFile:
        scoring = self.scoring
        if scoring is not None and not scoring.counter_from <= scoring.load_from <= scoring.accept_from:
            raise ValueError("`scoring`: counter_from, load_from and accept_from must not fall")
        if scoring is not None and "ages" in self.model_fields_set:
            raise ValueError("who is scored is 18 to 65; `scoring` or `ages`, not both")
        if scoring is not None and self.needs_filing:
            raise ValueError("`needs_filing` is for products without `scoring`")
        names = [benefit.name for benefit in (self.main, *self.riders)]
        for benefit in (self.main, *self.riders):
            if names.count(benefit.name) > 1:
                raise ValueError(f"two benefits are called `{benefit.name}`")
            if benefit.premiums and scoring is not None:
                raise ValueError(f"`{benefit.name}`: who is scored pays one premium; `scoring` or `premiums`, not both")
            if benefit.premiums and int(next(iter(benefit.premiums))) > self.ages.low:
                raise ValueError(f"`{benefit.name}`: no premium at {self.ages.low}, where `ages` begin")
        return self


def unpriced_benefits(product: ProductFile) -> list[str]:
    """Names of benefits whose `pricing` was not worked out yet."""
    return [benefit.name for benefit in (product.main, *product.riders) if benefit.pricing and not benefit.premiums]


def _which(value: Any) -> str:
    return "product" if isinstance(value, dict | ProductFile) else "name"


ProductOrName = Annotated[Annotated[Word, Tag("name")] | Annotated[ProductFile, Tag("product")], Discriminator(_which)]
"""A shipped product by its name, or the product itself."""
