"""What the year must come to, worked out from the data alone: fractions and yearly sums, none of the contracts' code.

Dates, bills, batches, periods and the seed play no part: a year's benefits depend on the year's sums, and the accounts
of the periods add up to the share of the year.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.spending import load_person_years

MILLION = 1_000_000


def expected_outcomes(arguments: CityPlan, scenario: Scenario) -> dict[str, int]:
    """The figures that :func:`~scenarios.runner.city_plan.outcomes.outcomes` reads, in fen or counts."""
    roles = [(member.role, member.name) for member in scenario.member_names]
    insurers = [name for role, name in roles if role == "insurer"]
    found = {"people": 0, "premium": 0, "eligible": 0, "paid": 0, "claimants": 0}
    found |= {"ceded_premium": 0, "commission": 0, "ceded_loss": 0, "stop_loss_premium": 0, "stop_loss_recovery": 0}
    for place in range(len(insurers)):
        for name, amount in _one_insurer(arguments, place, len(insurers)).items():
            found[name] += amount
    return found


def _one_insurer(arguments: CityPlan, place: int, insurers: int) -> dict[str, int]:
    rows = load_person_years()
    chosen = [rows[index * len(rows) // arguments.population] for index in range(arguments.population)]
    own = [row for row in chosen if row.person % insurers == place]
    product = arguments.product
    minors = sum(1 for row in own if row.age < product.adult_age)
    premium = minors * product.minor_premium + (len(own) - minors) * product.adult_premium
    spent = [row.medical_cents * arguments.yuan_per_dollar for row in own]
    benefits = [_benefit(arguments, amount) for amount in spent]
    return {
        "people": len(own),
        "premium": premium,
        "eligible": sum(spent),
        "paid": sum(benefits),
        "claimants": sum(1 for benefit in benefits if benefit),
        **_reinsured(arguments, premium, benefits),
    }


def _benefit(arguments: CityPlan, spent: int) -> int:
    product = arguments.product
    above = Fraction(max(0, spent - product.deductible) * product.ratio, MILLION)
    return min(product.cap, _nearest(above))


def _reinsured(arguments: CityPlan, premium: int, benefits: Sequence[int]) -> dict[str, int]:
    treaty = arguments.treaty
    ceded_premium = _nearest(Fraction(premium * treaty.cession, MILLION))
    ceded_loss = _nearest(Fraction(sum(benefits) * treaty.cession, MILLION))
    net_premium, net_loss = premium - ceded_premium, sum(benefits) - ceded_loss
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
