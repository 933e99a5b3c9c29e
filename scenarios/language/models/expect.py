"""``expect``: what must hold for the verdict PASS.

Safety is watched at every commit; the rest is judged at the end. A metric's bound carries the unit of what it
measures: a duration, a rate, a share, an amount of money, or a plain number.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from scenarios.language import units
from scenarios.language.models.base import Nanoseconds, Part, Word

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


class Quantity(NamedTuple):
    """``value`` in the smallest unit of its ``kind``: ns, events per 10**6 s, ppm, fen, or a plain count."""

    value: int
    kind: Literal["duration", "rate", "share", "money", "count"]


def parse_quantity(value: Any) -> Quantity:
    """The quantity in "2s", "10/s", "95%", "100 CNY" or 3; UnitError where it is none of these."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Quantity(value, "count")
    if not isinstance(value, str) or isinstance(value, Decimal):
        raise units.UnitError(f"`{value}` is no quantity; write it like `2s`, `10/s`, `95%`, `100 CNY` or `3`")
    if re.fullmatch(r"\d[\d_]*", value):
        return Quantity(int(value), "count")
    if "/" in value:
        rate = units.parse_rate(value)
        return Quantity(rate.events * 10**15 // rate.per_ns, "rate")
    if re.search(r"(%|‰|ppm)\s*$", value):
        return Quantity(units.parse_share(value), "share")
    if re.search(r"(CNY|fen|元)\s*$", value):
        return Quantity(units.parse_money(value), "money")
    return Quantity(units.parse_duration(value), "duration")


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


class MetricBound(Part):
    """A measure that must stay within bounds."""

    metric: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
    """A measure of the run with the statistic wanted, as in `commit_latency.p99`."""
    min: Bound | None = None
    """The least it may be."""
    max: Bound | None = None
    """The most it may be."""
    equals: Bound | None = None
    """What it must be exactly."""
    severity: Literal["fail", "warn"] = "fail"
    """Whether a breach fails the run or is only told."""

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


class Liveness(Part):
    """That the network gets on."""

    drains: bool = True
    """Every step of the workload is acknowledged before the run's duration ends."""
    recovers_within: Nanoseconds | None = None
    """After the last fault ends, a block is decided within this long, unless nothing is left to decide."""
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
    liveness: Liveness = Liveness()
    """That the network gets on."""
    metrics: tuple[MetricBound, ...] = ()
    """Measures that must stay within bounds."""
    leakage: dict[Word, dict[Annotated[str, Field(min_length=1, max_length=96)], Held]] = Field(default_factory=dict)
    """By a story's step that shares something: fields, with `*` for any part of a name, and who ever held them how."""
