"""Every bill of the year that paid something, with what it took from discharge to payment (row 38).

A discharge that waits for its hospital's batch is of the arm "batch". The bills are drawn anew, as they were when the
year was built: nobody holds them while it runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import calendar_of, cast_of
from scenarios.runner.city_plan.population import Population, year_of_bills
from scenarios.runner.city_plan.settlements import Benefits, group, settlement_id
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.paid_claims import BATCH, CHAIN, PaidClaim

MILLISECOND_NS = 1_000_000


def paid_claims(
    arguments: CityPlan, scenario: Scenario, seed: int, acknowledged: Sequence[Acknowledged]
) -> Iterator[PaidClaim]:
    """One for each bill that is paid, in order of payment's business time."""
    cast = cast_of(arguments, scenario)
    calendar = calendar_of(arguments, scenario.run.clock.start)
    population = Population(arguments.population, cast.insurers)
    settlements = group(arguments, cast, calendar, year_of_bills(arguments, population, cast.hospitals, seed))
    benefits = Benefits(arguments.product.terms)
    done = {item.step.id: item for item in acknowledged if item.code == "ok"}
    for index, settlement in enumerate(settlements):
        identifier = settlement_id(index)
        item = done.get(identifier)
        for place, bill in enumerate(settlement.bills):
            if not benefits.of(bill) or item is None:
                continue
            waited_ms = settlement.time_ms - calendar.day_ms(0) - bill.ready_ms
            yield PaidClaim(
                case=f"{identifier}/{place}",
                arm=CHAIN if bill.at_discharge and arguments.discharges_every is None else BATCH,
                business_ns=waited_ms * MILLISECOND_NS,
                commits_ns=item.returned_ns - item.called_ns,
                paid_ns=item.returned_ns,
            )
