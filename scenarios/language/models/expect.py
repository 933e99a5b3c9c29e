"""``expect``: what must hold for the verdict PASS.

Safety is watched at every commit; the rest is judged at the end. A metric's bound carries the unit of what it
measures: a duration, a rate, a share, an amount of money, or a plain number.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from scenarios.language import units
from scenarios.language.comparisons import parse_comparison
from scenarios.language.models.base import Nanoseconds, Part, TimeSpan, Word
from scenarios.language.models.misbehaviour import Detection, Kind
from scenarios.language.quantities import Quantity, parse_quantity

Safety = Literal[
    "agreement",
    "validity",
    "total_order",
    "durability",
    "no_double_payment",
    "conservation",
    "privacy",
    "linearizable",
]


def _quantity(value: Any) -> Quantity:
    try:
        return parse_quantity(value)
    except units.UnitError as error:
        raise PydanticCustomError("unit", "{said}", {"said": str(error)}) from None


Bound = Annotated[
    Quantity,
    BeforeValidator(_quantity),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["2s", "10/s", "95%", "100 CNY", 3]}),
]


class Measured(Part):
    """What is common to all that is asked of measures: over which time, and how bad a breach is."""

    during: TimeSpan | None = None
    """Only what happened in this time of the run."""
    outside: Literal["faults"] | None = None
    """Only what happened while no fault was on: no part of it, from a step's submission to its answer."""
    severity: Literal["fail", "warn"] = "fail"
    """Whether a breach fails the run or is only told."""


class MetricBound(Measured):
    """A measure that must stay within bounds."""

    metric: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
    """A measure of the run with the statistic wanted, as in `commit_latency.p99`."""
    min: Bound | None = None
    """The least it may be."""
    max: Bound | None = None
    """The most it may be."""
    equals: Bound | None = None
    """What it must be exactly."""

    @model_validator(mode="after")
    def _bounded(self) -> MetricBound:
        given = [bound for bound in (self.min, self.max, self.equals) if bound is not None]
        if not given:
            raise ValueError("this expectation can never fail: give `min`, `max` or `equals`")
        if self.min is not None and self.max is not None and self.min.value > self.max.value:
            raise ValueError("`min` is above `max`: this expectation can never hold")
        if len({bound.kind for bound in given}) > 1:
            raise ValueError("`min`, `max` and `equals` must be of one kind")
        return self


def _comparison(text: str) -> str:
    try:
        parse_comparison(text)
    except ValueError as error:
        raise PydanticCustomError("unit", "{said}", {"said": str(error)}) from None
    return text


class Compared(Measured):
    """A comparison of measures that must hold. As a text alone it is short for `{that: ...}`."""

    that: Annotated[str, AfterValidator(_comparison)]
    """As in `claims.paid / claims.approved == 100%`; accounts at the end are `accounts.insurer-1.claims-paid`,
    and `records.policies` is how many records a namespace of the state holds then."""


def _which(value: Any) -> str:
    return "compared" if isinstance(value, str | Compared) or (isinstance(value, dict) and "that" in value) else "bound"


def _short(value: Any) -> Any:
    return {"that": value} if isinstance(value, str) else value


Metric = Annotated[
    Annotated[MetricBound, Tag("bound")]
    | Annotated[Compared, BeforeValidator(_short, json_schema_input_type=Compared | str), Tag("compared")],
    Discriminator(_which),
]
"""A bound, or a comparison."""

Stalls = Annotated[
    tuple[TimeSpan, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "examples": ["21s..35s"]}),
]


class Liveness(Part):
    """That the network gets on."""

    drains: bool = True
    """Every step of the workload is acknowledged before the run's duration ends."""
    stalls_during: Stalls = ()
    """A time, or several, in which no block is decided: that a fault really stops what it should."""
    recovers_within: Nanoseconds | None = None
    """After the last fault ends, a block is decided within this long, unless nothing is left to decide. Nobody submits
    in a story's pauses: be longer than they are."""
    converges_within: Nanoseconds | None = None
    """Every node that is up holds every block within this long: of the last fault's end, or of the first decision."""


HoldingWord = Literal["plain", "purged", "ciphertext", "hash", "nothing"]
"""How a place holds a field: the value; the value once, erased by the end; sealed, for those with a key; its salted
hash; or not at all."""

OTHERS = "others"

Held = dict[HoldingWord, Literal["others"] | tuple[Word, ...]]
"""Holding -> places: nodes by name, `bus`, or `others` for all that are not named. Who is not named holds nothing."""


class Expect(Part):
    """What must hold."""

    safety: tuple[Safety, ...] = ("agreement", "validity", "total_order", "durability", "no_double_payment")
    """Properties watched at every commit of every node; `linearizable`: of what clients heard, reads included."""
    diverges: bool | None = None
    """Where more than f lie: yes, some height does fall apart, as it may; no, none does. Left out, either will do."""
    liveness: Liveness = Liveness()
    """That the network gets on."""
    metrics: tuple[Metric, ...] = ()
    """Measures that must stay within bounds, and comparisons of them."""
    leakage: dict[Word, dict[Annotated[str, Field(min_length=1, max_length=96)], Held]] = Field(default_factory=dict)
    """By a story's step that shares something: fields, with `*` for any part of a name, and who ever held them how."""
    detection: dict[Kind, Detection] = Field(default_factory=dict)
    """By a kind of misbehaviour: what its detection must come to, whether anybody lies or not."""
