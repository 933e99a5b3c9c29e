"""What the year must come to, worked out from the data alone: fractions and yearly sums, none of the contracts' code.

Dates, bills, batches, periods and the seed play no part: a year's benefits depend on the year's sums, and the accounts
of the periods add up to the share of the year. How a pool shares each fen does depend on the transactions, so of its
parts only bounds are known from here, and no reinsurance of a pool is worked out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.arguments import CityPlan, Treaty
from scenarios.runner.spending import PersonYear, load_person_years

MILLION = 1_000_000


def expected_outcomes(arguments: CityPlan, scenario: Scenario) -> dict[str, int]:
    """The figures that :func:`~scenarios.runner.city_plan.outcomes.outcomes` reads, in fen or counts."""
    roles = [(member.role, member.name) for member in scenario.member_names]
    insurers = [name for role, name in roles if role == "insurer"]
    whole = lived_years(arguments)
    found = _year(arguments, whole)
    if arguments.covers == "inpatient":  # what makes a bill of other care is drawn
        stays = {row: 1 if arguments.stays == "one" else max(row.admissions, 1) for row in whole if row.inpatient_cents}
        found["claims"] = sum(number * whole[row] for row, number in stays.items())
    if arguments.treaty is None or arguments.pool:
        return found
    for place in range(len(insurers)):
        own = {row: count for row, count in whole.items() if row.person % len(insurers) == place}
        one = _year(arguments, own)
        for name, amount in _reinsured(arguments.treaty, one["premium"], one["paid"]).items():
            found[name] = found.get(name, 0) + amount
    return found


def lived_years(arguments: CityPlan) -> dict[PersonYear, int]:
    """Each person-year of the data that somebody lives, and how many do."""
    rows = load_person_years()
    lived = Counter(index * len(rows) // arguments.population for index in range(arguments.population))
    return {rows[place]: count for place, count in lived.items()}


def expected_share(amount: int, weights: Sequence[int], place: int) -> Fraction:
    """What of ``amount`` the insurer at ``place`` of a pool carries, before any rounding."""
    return Fraction(amount * weights[place], sum(weights))


def _year(arguments: CityPlan, lived: Mapping[PersonYear, int]) -> dict[str, int]:
    """Sums over ``lived``: each person-year, and how many live it."""
    product = arguments.product
    people = sum(lived.values())
    minors = sum(count for row, count in lived.items() if row.age < product.adult_age)
    spent = {row: _eligible(arguments, row) for row in lived}
    benefits = {row: expected_benefit(arguments, row) for row in lived}
    return {
        "people": people,
        "premium": minors * product.minor_premium + (people - minors) * product.adult_premium,
        "eligible": sum(spent[row] * count for row, count in lived.items()),
        "paid": sum(benefits[row] * count for row, count in lived.items()),
        "claimants": sum(count for row, count in lived.items() if benefits[row]),
    }


def _eligible(arguments: CityPlan, row: PersonYear) -> int:
    cents = row.medical_cents if arguments.covers == "medical" else row.inpatient_cents
    return cents * arguments.yuan_per_dollar


def expected_benefit(arguments: CityPlan, row: PersonYear) -> int:
    """What a member who lives ``row`` is paid in the year, in fen."""
    product = arguments.product
    above = Fraction(max(0, _eligible(arguments, row) - product.deductible) * product.ratio, MILLION)
    return min(product.cap, _nearest(above))


def _reinsured(treaty: Treaty, premium: int, paid: int) -> dict[str, int]:
    ceded_premium = _nearest(Fraction(premium * treaty.cession, MILLION))
    ceded_loss = _nearest(Fraction(paid * treaty.cession, MILLION))
    net_premium, net_loss = premium - ceded_premium, paid - ceded_loss
    attachment = _nearest(Fraction(net_premium * treaty.attachment, MILLION))
    limit = _nearest(Fraction(net_premium * treaty.limit, MILLION))
    covered = max(0, min(net_loss, attachment + limit) - attachment)
    rated = _nearest(Fraction(net_premium * treaty.rate, MILLION))
    return {
        "ceded_premium": ceded_premium,
        "commission": _nearest(Fraction(ceded_premium * treaty.commission, MILLION)),
        "ceded_loss": ceded_loss,
        "stop_loss_premium": max(treaty.deposit, rated),
        "stop_loss_recovery": _nearest(Fraction(covered * treaty.placed, MILLION)),
    }


def _nearest(amount: Fraction) -> int:
    """To the nearest fen, halves up; nothing here is negative."""
    return floor(amount + Fraction(1, 2))
