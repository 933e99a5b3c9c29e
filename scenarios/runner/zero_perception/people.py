"""Who is insured where, and whose stay it is: real inpatient spending, all else drawn from the run's seed.

The data gives what a person's stays of a year cost, and the age. Hospital, moment of discharge and diagnosis are
drawn; names, numbers and birthdays are made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from network.virtual.draws import Stream
from node.contracts.money import allocate
from scenarios.language.models.world import Item, Person, Stay
from scenarios.language.schema import Scenario
from scenarios.runner.spending import PersonYear, load_person_years
from scenarios.runner.zero_perception.arguments import ZeroPerception
from scenarios.runner.zero_perception.cast import Cast

MILLISECOND_NS = 1_000_000
DAY_MS = 86_400_000
REGION = "330203"
"""A district of Ningbo, by which the made-up identity numbers begin."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
"""GB 11643-1999, ISO 7064 MOD 11-2: the character for each remainder of the weighted sum."""


class Insured(NamedTuple):
    """One person, one policy, one stay. ``place`` counts from 0."""

    place: int
    wallet: str
    insurer: str
    person: Person
    stay: Stay
    discharged_ms: int

    @property
    def name(self) -> str:
        """By which steps name person and stay."""
        return f"p{self.place + 1:04}"


def stays_of_data() -> tuple[PersonYear, ...]:
    """The person-years in which somebody was in hospital."""
    return tuple(row for row in load_person_years() if row.admissions and row.inpatient_cents)


def insured_people(arguments: ZeroPerception, scenario: Scenario, cast: Cast, seed: int) -> tuple[Insured, ...]:
    """Everybody, spread evenly over the data; insurers and wallets in turns."""
    rows, start_ms = stays_of_data(), scenario.run.clock.start
    draws = Stream(f"{seed}/zero-perception/stays")
    first_ms = start_ms + arguments.onboarding // MILLISECOND_NS
    found = []
    for place in range(arguments.claims):
        row = rows[place * len(rows) // arguments.claims]
        discharged_ms = first_ms + draws.below(max(1, arguments.discharges // MILLISECOND_NS))
        wallet = cast.patients[place % len(cast.patients)]
        found.append(
            Insured(
                place=place,
                wallet=wallet,
                insurer=cast.insurers[place % len(cast.insurers)],
                person=_person(place, wallet, row, start_ms),
                stay=_stay(arguments, place, row, cast.hospitals, discharged_ms, draws),
                discharged_ms=discharged_ms,
            )
        )
    return tuple(found)


def bill(arguments: ZeroPerception, row: PersonYear) -> tuple[tuple[str, int], ...]:
    """(class of charge, fen) of each line; one cent of the data is ``yuan_per_dollar`` fen."""
    total = row.inpatient_cents * arguments.yuan_per_dollar
    parts = allocate(total, [item.share for item in arguments.items])
    return tuple((item.kind, part) for item, part in zip(arguments.items, parts, strict=True) if part)


def _stay(  # noqa: PLR0913, PLR0917 - what a stay is made of
    arguments: ZeroPerception, place: int, row: PersonYear, hospitals: Sequence[str], discharged_ms: int, draws: Stream
) -> Stay:
    hospital = hospitals[draws.below(len(hospitals))]
    diagnosis = arguments.diagnoses[draws.below(len(arguments.diagnoses))]
    nights = 1 + draws.below(10)
    return Stay.model_construct(
        hospital=hospital,
        person=f"p{place + 1:04}",
        benefit="inpatient",
        admitted=_date(discharged_ms - nights * DAY_MS),
        discharged=_date(discharged_ms),
        icd9=diagnosis.icd9,
        diagnosis=diagnosis.text,
        invoice=f"inv-{place + 1:06}",
        items=tuple(Item.model_construct(text=kind, kind=kind, amount=amount) for kind, amount in bill(arguments, row)),
    )


def _person(place: int, wallet: str, row: PersonYear, start_ms: int) -> Person:
    born = moment(start_ms) - dt.timedelta(days=row.age * 366 + 1 + place % 300)
    digits = f"{REGION}{born:%Y%m%d}{place % 1_000:03}"
    return Person.model_construct(
        wallets=(wallet,), identity=digits + check_character(digits), age=row.age, history=0, fields={}
    )


def check_character(digits: str) -> str:
    """The last character of an identity number 身份证号, of its first 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return _CHECK[total % 11]


def moment(time_ms: int) -> dt.datetime:
    """The moment of business time ``time_ms``."""
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=time_ms)


def _date(time_ms: int) -> str:
    return f"{moment(time_ms):%Y-%m-%d}"
