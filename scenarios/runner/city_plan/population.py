"""Who is insured, and their year's bills: from the annual amounts of the data to dated bills by hospital.

The data gives what a person spent in a year, inpatient and in all. Everything else is drawn from the run's seed and
declared as an assumption: which hospital, which day, which diagnosis, how many bills. None of it changes what a
year pays in all, since benefits depend on a year's sum alone.

A population may be of millions, so nobody in it is an object until asked for: a member is a number.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from network.virtual.draws import Stream
from node.contracts.inclusive import DAY_MS
from node.contracts.money import allocate
from scenarios.runner.city_plan.arguments import DAY_NS, CityPlan
from scenarios.runner.spending import PersonYear, load_person_years

HOUR_MS = 3_600_000


class Insured(NamedTuple):
    """One insured person-year, member ``number`` of the population. ``name`` is the pseudonym that the chain knows."""

    number: int
    name: str
    insurer: str
    row: PersonYear


class Bill(NamedTuple):
    """One bill. ``day`` counts from the first day of cover, ``ready_ms`` from its midnight.

    A bill ``at_discharge`` is ready when its patient goes home.
    """

    day: int
    ready_ms: int
    hospital: str
    insured: Insured
    eligible_fen: int
    diagnosis: str
    at_discharge: bool


class Population:
    """``count`` members, spread evenly over the data and so in its order; a person is with one insurer in all years."""

    def __init__(self, count: int, insurers: Sequence[str]) -> None:
        self._rows = load_person_years()
        self._insurers = insurers
        self.count = count

    def __getitem__(self, index: int) -> Insured:
        place = index * len(self._rows) // self.count
        row = self._rows[place]
        copy = index - self._first(place)  # several may live the year of one
        name = f"{row.person}-{row.year}-{copy}" if copy else f"{row.person}-{row.year}"
        return Insured(index, name, self._insurers[row.person % len(self._insurers)], row)

    def by_row(self) -> Iterator[tuple[PersonYear, range]]:
        """Every row of the data, with the members that live it."""
        for place, row in enumerate(self._rows):
            yield row, range(self._first(place), self._first(place + 1))

    def of_insurer(self) -> dict[str, array[int]]:
        """The members of each insurer, ascending."""
        found = {insurer: array("I") for insurer in self._insurers}
        for row, members in self.by_row():
            found[self._insurers[row.person % len(self._insurers)]].extend(members)
        return found

    def _first(self, place: int) -> int:
        return -(-place * self.count // len(self._rows))


class Bulks:
    """Who is enrolled with whom: each insurer's members in their order, ``size`` at a time."""

    def __init__(self, population: Population, size: int) -> None:
        self._size = size
        self.population = population
        self._members = population.of_insurer()

    def of(self, insurer: str) -> list[array[int]]:
        """The bulks of ``insurer``."""
        own = self._members[insurer]
        return [own[place : place + self._size] for place in range(0, len(own), self._size)]

    def draft_of(self, insured: Insured) -> str:
        """The id of the draft that enrols ``insured``."""
        return bulk_id(insured.insurer, bisect_left(self._members[insured.insurer], insured.number) // self._size)


def bulk_id(insurer: str, index: int) -> str:
    """The id of the draft that enrols bulk ``index`` of ``insurer``."""
    return f"enrol/{insurer}/{index}"


def year_of_bills(arguments: CityPlan, population: Population, hospitals: Sequence[str], seed: int) -> Iterator[Bill]:
    """Every bill of the year, member by member."""
    draws, discharges = Stream(f"{seed}/city-plan/bills"), Stream(f"{seed}/city-plan/discharge")
    days = arguments.cover // DAY_NS
    for row, members in population.by_row():
        amounts = tuple(_amounts(arguments, row))
        for index in members if amounts else ():
            insured = population[index]
            hospital = hospitals[draws.below(len(hospitals))]
            for eligible, at_discharge in amounts:
                day = draws.below(days)
                diagnosis = arguments.diagnoses[draws.below(len(arguments.diagnoses))]
                hour = 8 * HOUR_MS + discharges.below(12 * HOUR_MS) if at_discharge else 0
                yield Bill(day, day * DAY_MS + hour, hospital, insured, eligible, diagnosis, at_discharge)


def _amounts(arguments: CityPlan, row: PersonYear) -> Iterator[tuple[int, bool]]:
    """(eligible fen, settled at discharge) of each bill; one cent of the data is ``yuan_per_dollar`` fen."""
    inpatient = row.inpatient_cents * arguments.yuan_per_dollar
    outpatient = row.outpatient_cents * arguments.yuan_per_dollar if arguments.covers == "medical" else 0
    stays = max(row.admissions, 1) if arguments.stays == "admissions" else 1
    visits = min(max(row.visits, 1), arguments.outpatient_bills_max)
    for amount, bills, at_discharge in ((inpatient, stays, True), (outpatient, visits, False)):
        for part in allocate(amount, (1,) * bills) if amount else ():
            if part:
                yield part, at_discharge
