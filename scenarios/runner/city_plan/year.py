"""The whole year as one list of steps, and the cash that everyone begins it with."""

from __future__ import annotations

from node.contracts.accounts import Opening
from node.contracts.inclusive import RESIDENTS
from node.membership import KeyRing
from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.accounts import Booked, accounts
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import calendar_of, cast_of
from scenarios.runner.city_plan.enrolments import enrolments, filing
from scenarios.runner.city_plan.population import insured_people, year_of_bills
from scenarios.runner.city_plan.settlements import group, reused, settle_all
from scenarios.runner.drafts import Draft


def build(arguments: CityPlan, scenario: Scenario, keyring: KeyRing, seed: int) -> list[Draft]:
    """Every transaction of the year. Depends on its arguments alone."""
    cast = cast_of(scenario)
    calendar = calendar_of(arguments, scenario.run.clock.start)
    people = insured_people(arguments, cast.insurers)
    terms = arguments.product.terms
    drafts: list[Draft] = list(filing(arguments, cast, calendar))
    booked: dict[str, list[Booked]] = {insurer: [] for insurer in cast.insurers}
    enrolled: dict[str, str] = {}
    for draft, bulk in enrolments(arguments, cast, calendar, people):
        drafts.append(draft)
        enrolled.update((insured.name, draft.id) for insured in bulk)
        premium = sum(terms.premium(insured.row.age) for insured in bulk)
        booked[draft.client].append(Booked(draft, premium_fen=premium))
    bills = list(year_of_bills(arguments, people, cast.hospitals, seed))
    settlements = group(arguments, cast, calendar, bills, seed)
    settled = list(settle_all(arguments, calendar, settlements, enrolled, keyring))
    drafts.extend(one.draft for one in settled)
    drafts.extend(reused(settled, arguments.reused_invoices))
    for one in settled:
        if one.paid_fen:
            booked[one.insurer].append(Booked(one.draft, loss_fen=one.paid_fen))
    for insurer in cast.insurers:
        drafts.extend(accounts(arguments, calendar, insurer, cast.reinsurer, booked[insurer]))
    return drafts


def openings(arguments: CityPlan, scenario: Scenario) -> tuple[Opening, ...]:
    """Opening cash of the insurers, the reinsurer and the residents' account."""
    cast = cast_of(scenario)
    return tuple(Opening(owner, arguments.capital) for owner in (*cast.insurers, cast.reinsurer, RESIDENTS))
