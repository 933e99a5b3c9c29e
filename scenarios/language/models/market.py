"""The flows of a market under load: money sent, cover bought, claims paid, their excess recovered.

Parties are named by role (everybody of it) or by name. Times are run time. People who are insured are drawn anew for
every case from a population of any size; none of them is a client of their own, the organisations' wallets act.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from scenarios.language.models.arrivals import ArrivalsOrRate
from scenarios.language.models.base import Fen, Part, Ppm, TimeSpan, Word
from scenarios.language.models.distribution import AmountOrMoney
from scenarios.language.units import parse_money

POPULATION_MAX = 10_000_000_000


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Who = Annotated[
    tuple[Word, ...],
    BeforeValidator(_several, json_schema_input_type=Word | tuple[Word, ...]),
    Field(min_length=1, max_length=256),
]
"""One role or name, or several."""

Money = Annotated[Fen, Field(ge=0)]
SomeMoney = Annotated[Fen, Field(ge=1)]
Population = Annotated[int, Field(ge=1, le=POPULATION_MAX)]

_CAPITAL = parse_money("1_000_000_000 CNY")


class Arriving(Part):
    """What begins again and again."""

    arrivals: ArrivalsOrRate
    """When its cases begin."""
    for_: Annotated[TimeSpan | None, Field(alias="for")] = None
    """From when to when, in run time; `replay` and `closed` begin with it, and end by themselves without it."""
    capital: Money = _CAPITAL
    """What each organisation that takes part has at the bank; of several flows, the most that any gives it."""

    @model_validator(mode="after")
    def _ends(self) -> Arriving:
        if self.for_ is None and not self.arrivals.is_bounded:
            raise ValueError("say for how long, like `for: 5s..50s`")
        return self


class Payments(Arriving):
    """Parties send each other money: the plainest load there is. Each sends in turn; to whom is drawn."""

    flow: Literal["payments"]
    """This flow."""
    by: Who
    """Who sends: roles or names of members or of clients."""
    to: Who | None = None
    """Who is sent to; the senders, where this is left out."""
    amount: AmountOrMoney
    """How much, drawn for each payment."""


class Underwriting(Arriving):
    """Insurers quote a cover and bind it 报价-承保, in turns."""

    flow: Literal["underwriting"]
    """This flow."""
    by: Who = ("insurer",)
    """Which insurers."""
    people: Population = 1
    """How many people a cover is for."""
    premium: AmountOrMoney
    """The premium of a cover, drawn for each."""
    deductible: Money = 0
    """What of each claim is not paid 免赔额."""
    limit: SomeMoney
    """The most that a claim pays 保额."""


class Claims(Arriving):
    """Hospitals file claims, insurers assess them, approve or deny, and pay what they approve 报案-理算-赔付.

    A claim is made under one of the covers that the flow `underwriting` has bound by then; or, with a `population`,
    under a cover of each insurer for its part of it, which is bound at the beginning.
    """

    flow: Literal["claims"]
    """This flow."""
    by: Who = ("hospital",)
    """Which hospitals, in turns."""
    against: Who = ("insurer",)
    """Which insurers."""
    amount: AmountOrMoney
    """How much is claimed, drawn for each claim; a recorded arrival may give its own."""
    population: Population | None = None
    """How many people are covered from the beginning; who claims is drawn from them."""
    deductible: Money = 0
    """With `population`: what of each claim is not paid."""
    limit: SomeMoney | None = None
    """With `population`: the most that a claim pays."""
    resubmitted: Ppm = 0
    """The share of claims that the hospital files a second time, with the same bill: each is refused."""

    @model_validator(mode="after")
    def _terms_of_the_population(self) -> Claims:
        if self.population is None and (self.limit is not None or self.deductible):
            raise ValueError(
                "`deductible` and `limit` go with `population`; a flow `underwriting` has terms of its own"
            )
        if self.population is not None and self.limit is None:
            raise ValueError("with `population`, say the most that a claim pays: `limit`")
        return self


class Reinsurance(Part):
    """Excess of loss for every claim 险位超赔: what a paid claim is above the retention is recovered."""

    flow: Literal["reinsurance"]
    """This flow."""
    by: Who = ("insurer",)
    """The cedents."""
    to: Who = ("reinsurer",)
    """The reinsurers; cedents have them in turns."""
    retention: Money
    """What the cedent bears of each claim 自留额."""
    limit: SomeMoney
    """The most that is recovered for a claim, above the retention."""
    capital: Money = _CAPITAL
    """What each reinsurer has at the bank."""


MarketFlow = Payments | Underwriting | Claims | Reinsurance
MARKET_FLOWS: dict[str, type[Part]] = {
    "payments": Payments,
    "underwriting": Underwriting,
    "claims": Claims,
    "reinsurance": Reinsurance,
}
