"""The whole year as one list of steps, and the cash that everyone begins it with."""

from __future__ import annotations

from collections.abc import Sequence

from node.contracts.accounts import Opening
from node.contracts.inclusive import RESIDENTS
from node.contracts.money import allocate
from node.membership import KeyRing
from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.accounts import Booked, accounts
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import Cast, calendar_of, cast_of
from scenarios.runner.city_plan.enrolments import Bulk, enrolments, filing
from scenarios.runner.city_plan.population import Bulks, Population, year_of_bills
from scenarios.runner.city_plan.settlements import Settled, group, reused, settle_all
from scenarios.runner.drafts import Draft


def build(arguments: CityPlan, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:
    """Every transaction of the year. Depends on its arguments alone."""
    cast = cast_of(arguments, scenario)
    calendar = calendar_of(arguments, scenario.run.clock.start)
    population = Population(arguments.population, cast.insurers)
    bulks = Bulks(population, arguments.enrolment_rows)
    enrolled = list(enrolments(arguments, cast, calendar, bulks))
    settlements = group(arguments, cast, calendar, year_of_bills(arguments, population, cast.hospitals, seed))
    settled = list(settle_all(arguments, calendar, settlements, bulks, keyring))
    drafts = [*filing(arguments, cast, calendar), *(bulk.draft for bulk in enrolled), *(one.draft for one in settled)]
    drafts.extend(reused(settled, arguments.reused_invoices))
    if arguments.treaty is not None:
        booked = _booked(arguments, cast, enrolled, settled)
        for insurer in cast.insurers:
            drafts.extend(accounts(arguments, arguments.treaty, calendar, insurer, cast.reinsurer, booked[insurer]))
    return drafts


def _booked(
    arguments: CityPlan, cast: Cast, enrolled: Sequence[Bulk], settled: Sequence[Settled]
) -> dict[str, list[Booked]]:
    """What every transaction brings under each insurer's treaty."""
    booked: dict[str, list[Booked]] = {insurer: [] for insurer in cast.insurers}
    for bulk in enrolled:
        for insurer, part in _parts(arguments, cast, bulk.insurer, bulk.premium_fen):
            booked[insurer].append(Booked(bulk.draft, premium_fen=part))
    for one in settled:
        for insurer, part in _parts(arguments, cast, one.insurer, one.paid_fen):
            booked[insurer].append(Booked(one.draft, loss_fen=part))
    return booked


def _parts(arguments: CityPlan, cast: Cast, insurer: str, amount: int) -> list[tuple[str, int]]:
    """Who carries ``amount``, and how much of it; those who carry nothing left out."""
    if not arguments.pool:
        return [(insurer, amount)] if amount else []
    parts = zip(cast.insurers, allocate(amount, arguments.pool), strict=True)
    return [(name, part) for name, part in parts if part]


def openings(arguments: CityPlan, scenario: Scenario) -> tuple[Opening, ...]:
    """Opening cash of the insurers, the reinsurer and the residents' account."""
    cast = cast_of(arguments, scenario)
    reinsurer = (cast.reinsurer,) if cast.reinsurer else ()
    return tuple(Opening(owner, arguments.capital) for owner in (*cast.insurers, *reinsurer, RESIDENTS))
