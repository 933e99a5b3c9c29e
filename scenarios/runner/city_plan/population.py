"""Who is insured, and their year's bills: from the annual amounts of the data to dated bills by hospital.

The data gives what a person spent in a year, inpatient and in all. Everything else is drawn from the run's seed and
declared as an assumption: which hospital, which day, which diagnosis, how many bills. None of it changes what a
year pays in all, since benefits depend on a year's sum alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from network.virtual.draws import Stream
from node.contracts.money import allocate
from scenarios.runner.city_plan.arguments import DAY_NS, CityPlan
from scenarios.runner.spending import PersonYear, load_person_years


class Insured(NamedTuple):
    """One insured person-year. ``name`` is the pseudonym that the chain knows."""

    name: str
    insurer: str
    row: PersonYear


class Bill(NamedTuple):
    """One bill. ``day`` counts from the first day of cover; a bill ``at_discharge`` is settled on its own."""

    day: int
    hospital: str
    insured: Insured
    eligible_fen: int
    diagnosis: str
    at_discharge: bool


def insured_people(arguments: CityPlan, insurers: Sequence[str]) -> tuple[Insured, ...]:
    """The population, evenly spread over the data; a person is with the same insurer in every year."""
    rows = load_person_years()
    count = arguments.population
    chosen = (rows[place * len(rows) // count] for place in range(count))
    return tuple(Insured(f"{row.person}-{row.year}", insurers[row.person % len(insurers)], row) for row in chosen)


def year_of_bills(
    arguments: CityPlan, people: Sequence[Insured], hospitals: Sequence[str], seed: int
) -> Iterator[Bill]:
    """Every bill of the year, person by person."""
    draws = Stream(f"{seed}/city-plan/bills")
    days = arguments.cover // DAY_NS
    for insured in people:
        hospital = hospitals[draws.below(len(hospitals))]
        for eligible, at_discharge in _amounts(arguments, insured.row):
            day = draws.below(days)
            diagnosis = arguments.diagnoses[draws.below(len(arguments.diagnoses))]
            yield Bill(day, hospital, insured, eligible, diagnosis, at_discharge)


def _amounts(arguments: CityPlan, row: PersonYear) -> Iterator[tuple[int, bool]]:
    """(eligible fen, settled at discharge) of each bill; one cent of the data is ``yuan_per_dollar`` fen."""
    inpatient = row.inpatient_cents * arguments.yuan_per_dollar
    outpatient = row.outpatient_cents * arguments.yuan_per_dollar
    stays = max(row.admissions, 1)
    visits = min(max(row.visits, 1), arguments.outpatient_bills_max)
    for amount, bills, at_discharge in ((inpatient, stays, True), (outpatient, visits, False)):
        for part in allocate(amount, (1,) * bills):
            if part:
                yield part, at_discharge
