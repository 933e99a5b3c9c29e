"""``world``: what is so before the story begins, and what lies in the organisations' own drawers, off the chain.

People, what the bureau and the hospitals hold on them, opening cash, the bureau's list of fields, the regulator's
scope. None of it is on the chain but what a step puts there.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from scenarios.language.models.base import Fen, Nanoseconds, Part, Word

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _moment_ms(value: Any) -> int:
    try:
        moment = dt.datetime.fromisoformat(str(value)).replace(tzinfo=dt.UTC)
    except ValueError:
        raise PydanticCustomError("unit", "write a moment like `2023-04-18 14:05`") from None
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


Moment = Annotated[int, BeforeValidator(_moment_ms, json_schema_input_type=str), Field(ge=0)]
"""A moment of business time, in milliseconds since 1970 (UTC), as in `2023-04-18 14:05`."""

Identity = Annotated[str, Field(pattern=r"^[0-9]{17}[0-9X]$")]
"""An identity number 身份证号 (GB 11643), in quotes."""


class Person(Part):
    """A person. Only the bureau knows name and number; the chain knows a pseudonym keyed by the bureau."""

    wallets: Annotated[tuple[Word, ...], Field(min_length=1, max_length=4)]
    """The wallets that act for this person: their own, or a parent's for a child."""
    identity: Identity
    """The identity number; made up."""
    age: Annotated[int, Field(ge=0, le=120)]
    """Age in years at the time of the story."""
    history: Annotated[int, Field(ge=0, le=20)] = 0
    """How many past illnesses the bureau knows of; never leaves it."""
    fields: dict[Word, str | int]
    """What the bureau holds on this person, by field of its list."""


class Item(Part):
    """One line of a bill."""

    text: str
    """What it was for."""
    kind: Word
    """The class of charge, which products may exclude."""
    amount: Fen
    """How much."""


class Stay(Part):
    """A hospital stay, as the hospital's own records have it."""

    hospital: Word
    """Who holds the records."""
    person: Word
    """Who was there."""
    benefit: Word = "inpatient"
    """The kind of benefit it may be claimed under."""
    admitted: str
    """When it began."""
    discharged: str
    """When it ended."""
    icd9: Annotated[str, Field(pattern=r"^([0-9]{3}|V[0-9]{2}|E[0-9]{3})(\.[0-9]{1,2})?$")]
    """The hospital's own code; transcoded to ICD-10 at its edge."""
    diagnosis: str
    """In words."""
    invoice: Word
    """The e-invoice's number."""
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=99)]
    """The itemised list."""


class CodeMap(Part):
    """A version of the map from ICD-9-CM to ICD-10-CM, as the hospitals' network keeps it: the shipped map and this."""

    local: dict[
        Annotated[str, Field(pattern=r"^([0-9]{3}|V[0-9]{2}|E[0-9]{3})(\.[0-9]{1,2})?$")],
        Annotated[str, Field(pattern=r"^[A-Z][0-9A-Z.]{2,7}$")],
    ] = Field(default_factory=dict)
    """Codes that the shipped map lacks, or that the network maps otherwise."""


class World(Part):
    """What is so before the story begins."""

    people: dict[Word, Person] = Field(default_factory=dict)
    """The people, by a short name of the scenario's own."""
    stays: dict[Word, Stay] = Field(default_factory=dict)
    """Hospital stays, by a short name."""
    code_maps: dict[Word, CodeMap] = Field(default_factory=dict)
    """Versions of the code map that the bureau may publish; a hospital uses the one in force."""
    cash: dict[Word, Fen] = Field(default_factory=dict)
    """What organisations and wallets have at the bank."""
    listed_fields: dict[Word, str] = Field(default_factory=dict)
    """The bureau's list of fields 医保开发字段清单: name and title."""
    regulator_scope: dict[Word, tuple[Word, ...]] = Field(default_factory=dict)
    """Per kind of report, the fields that the regulator may see."""
    query_timeout: Nanoseconds = 0
    """How long a query stays open."""
    risk_cap: Fen = 0
    """The most that one person may be insured for in the whole market."""


class Canary(Part):
    """A value that leak scans look for in every store, log and frame."""

    id: Word
    """Its name."""
    value: Annotated[str, Field(min_length=8, max_length=200)]
    """The value, as it stands in the clear."""
    holders: tuple[Word, ...] = ()
    """Who may hold it in the clear; nobody else, and no frame, may."""


class Stage(Part):
    """How long one link of a process takes: between `low` and `high`, most often `likely` (triangular)."""

    low: Nanoseconds
    """Never less."""
    likely: Nanoseconds
    """Most often this."""
    high: Nanoseconds
    """Never more."""


class Arms(Part):
    """The two clocks of one claim, stage by stage: on the chain, by hand where the chain hands over, and on paper."""

    chain: dict[Word, Stage] = Field(default_factory=dict)
    """Business delays of the chain's arm; steps refer to them by `takes`. Commit latency comes on top, measured."""
    manual: dict[Word, Stage] = Field(default_factory=dict)
    """Business delays of claims that a person takes over; steps refer to them by `takes` as well."""
    paper: dict[Word, Stage] = Field(default_factory=dict)
    """The links of the paper arm, one after the other."""
