"""What a scenario says of the flow "city-plan": every value that no source gives is a declared assumption."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from node.contracts.fields import MILLION
from node.contracts.inclusive import DAY_MS, POOL_MAX, PlanTerms
from node.contracts.reinsurance import MinimumAndDeposit, QuotaShare, StopLoss, Terms
from scenarios.language.models.base import Fen, Nanoseconds, Part, Ppm, Word

POPULATION_MAX = 5_000_000
"""Above the city of the sources, which has more than 3,000,000 insured."""

HOUR_NS = 3_600_000_000_000
DAY_NS = DAY_MS * 1_000_000

Weight = Annotated[int, Field(ge=1, le=MILLION)]
"""An insurer's part of a pool, among all."""

Days = Annotated[Nanoseconds, Field(ge=DAY_NS, multiple_of=DAY_NS)]
"""Whole days of business time."""


class Product(Part):
    """The plan's terms: premiums by age, and what a year's bills pay."""

    adult_premium: Fen
    """A year's premium from `adult_age` on."""
    minor_premium: Fen
    """A year's premium below `adult_age`."""
    adult_age: Annotated[int, Field(ge=0, le=130)]
    """Completed years."""
    deductible: Fen
    """What of a year's eligible bills everyone bears alone."""
    ratio: Ppm
    """The share that is paid of what exceeds the deductible."""
    cap: Fen
    """The most that one member is paid in a year."""

    @property
    def terms(self) -> PlanTerms:
        """As the contract has them."""
        return PlanTerms(**self.model_dump())


class Treaty(Part):
    """What each insurer cedes to the reinsurer: a quota share, and a stop loss on what it leaves."""

    cession: Ppm
    """Quota share: the reinsurer's part of premium and claims."""
    commission: Ppm
    """Quota share: what it pays back of the ceded premium."""
    limit: Ppm
    """Stop loss: how much of the net loss ratio above `attachment` is covered."""
    attachment: Ppm
    """Stop loss: the net loss ratio at which cover begins."""
    placed: Ppm
    """Stop loss: how much of the cover was bought."""
    deposit: Fen
    """Stop loss: its minimum and deposit premium."""
    rate: Ppm
    """Stop loss: its final premium, as a share of the net premium."""
    periods: Annotated[int, Field(ge=1, le=53)]
    """Into how many accounting periods the cover's year is cut."""

    @property
    def terms(self) -> Terms:
        """As the contract has them."""
        return Terms(
            quota_share=QuotaShare(cession=self.cession, commission=self.commission),
            stop_loss=StopLoss(limit=self.limit, attachment=self.attachment, placed=self.placed),
            stop_loss_premium=MinimumAndDeposit(deposit=self.deposit, rate=self.rate),
        )


class CityPlan(Part):
    """A year of an inclusive plan 惠民保 on real spending. Business begins with `enrolment`, then comes `cover`."""

    flow: Literal["city-plan"]
    """This generator."""
    data: Literal["rand-hie"]
    """The spending data: configs/data/README.md."""
    population: Annotated[int, Field(ge=1, le=POPULATION_MAX)]
    """How many are insured, spread evenly over the data's 20,190 person-years: beyond those, several live each."""
    covers: Literal["medical", "inpatient"] = "medical"
    """Which spending is eligible: all medical care, or inpatient care alone."""
    plan: Word
    """The plan's name on the chain."""
    yuan_per_dollar: Annotated[int, Field(ge=1, le=1_000)]
    """What a dollar of the data counts as of eligible bills."""
    product: Product
    """The plan's terms."""
    pool: Annotated[tuple[Weight, ...], Field(max_length=POOL_MAX)] = ()
    """Parts in which all insurers, in their order, carry every member together; without, each carries its own."""
    treaty: Treaty | None = None
    """The reinsurance of each insurer, if there is any."""
    enrolment: Days
    """How long people enrol before cover begins."""
    cover: Days
    """How long cover lasts."""
    run_out: Days
    """How long after cover ends the last period stays open for bills on their way."""
    enrolment_rows: Annotated[int, Field(ge=1, le=1_000)]
    """People in one enrolment."""
    stays: Literal["admissions", "one"] = "admissions"
    """Into how many bills a year's inpatient spending is cut: as many as admissions, or one."""
    discharges_every: Annotated[Nanoseconds, Field(ge=HOUR_NS, le=DAY_NS)] | None = None
    """Hospitals send the bills of discharges together every so often, from midnight on; else each at discharge."""
    outpatient_bills_max: Annotated[int, Field(ge=1, le=50)]
    """A year's outpatient spending is cut into as many bills as there were visits, up to this many."""
    batch_days: Annotated[int, Field(ge=1, le=31)]
    """Hospitals send outpatient bills together every so many days."""
    diagnoses: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$")], ...], Field(min_length=1)
    ]
    """ICD-10 codes that bills are given by draw; only the evidence's digest shows them."""
    reused_invoices: Annotated[int, Field(ge=0, le=1_000)]
    """How many invoices hospitals send a second time: each is refused."""
    capital: Fen
    """Cash that insurers, the reinsurer and the residents' account begin with."""

    @model_validator(mode="after")
    def _run_out_reaches_the_last_batch(self) -> CityPlan:
        if self.run_out <= self.batch_days * DAY_NS:
            raise ValueError("`run_out` must be longer than `batch_days`, or the last bills come too late")
        return self

    @model_validator(mode="after")
    def _discharges_are_sent_at_hours_of_the_day(self) -> CityPlan:
        if self.discharges_every is not None and DAY_NS % self.discharges_every:
            raise ValueError("`discharges_every` must divide a day")
        return self

    @model_validator(mode="after")
    def _every_period_has_a_day(self) -> CityPlan:
        if self.treaty is not None and self.treaty.periods > self.cover // DAY_NS:
            raise ValueError("the cover has fewer days than the treaty has `periods`")
        return self
