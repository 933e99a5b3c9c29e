"""The year's sums as the state holds them at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import floor
from typing import Any

from node.contracts.accounts import Posting, account
from node.contracts.inclusive import Claim, Member
from node.contracts.reinsurance.terms import PeriodAccount, YearAccount
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import Cast, cast_of
from scenarios.runner.city_plan.model import expected_outcomes, expected_share


def outcomes(arguments: CityPlan, tree: StateTree) -> dict[str, int]:
    """People, premium, eligible, paid, claimants, claims, what was ceded and recovered: in fen or counts."""
    people = premium = eligible = paid = claimants = 0
    for _, member in tree.items(Member.namespace, f"{arguments.plan}/"):
        people += 1
        premium += member.premium_fen
        eligible += member.eligible_fen
        paid += member.paid_fen
        claimants += member.paid_fen > 0
    found = {"people": people, "premium": premium, "eligible": eligible, "paid": paid, "claimants": claimants}
    if arguments.covers == "inpatient":
        found["claims"] = sum(claim.plan == arguments.plan for _, claim in tree.items(Claim.namespace))
    return found if arguments.treaty is None or arguments.pool else found | _reinsured(tree)


def _reinsured(tree: StateTree) -> dict[str, int]:
    periods: list[PeriodAccount] = _confirmed(tree, PeriodAccount.namespace)
    years: list[YearAccount] = _confirmed(tree, YearAccount.namespace)
    return {
        "ceded_premium": sum(period.cession.premium for period in periods),
        "commission": sum(period.cession.commission for period in periods),
        "ceded_loss": sum(period.cession.loss for period in periods),
        "stop_loss_premium": sum(year.premium_fen for year in years),
        "stop_loss_recovery": sum(year.recovery_fen for year in years),
    }


def differences(arguments: CityPlan, scenario: Scenario, tree: StateTree) -> tuple[str, ...]:
    """Where state, journal and model disagree, one line each; empty when the year is right to the fen."""
    expected, found = expected_outcomes(arguments, scenario), outcomes(arguments, tree)
    lines = [f"{name}: {found[name]} instead of {expected[name]}" for name in expected if found[name] != expected[name]]
    booked = _booked(arguments, cast_of(arguments, scenario), tree, expected)
    lines += [f"{name}: {fen} in the journal" for name, fen in booked.items() if fen != expected[name]]
    return (*lines, *_shared_wrongly(arguments, scenario, tree, expected))


def _booked(arguments: CityPlan, cast: Cast, tree: StateTree, expected: Mapping[str, int]) -> dict[str, int]:
    """What the accounts say of the same figures."""
    found = {
        "premium": -_sum(tree, cast.insurers, "premium-income"),
        "paid": _sum(tree, cast.insurers, "claims-paid"),
    }
    if arguments.treaty is not None and not arguments.pool:
        found |= {
            "ceded_premium": _sum(tree, cast.insurers, "premium-ceded") - expected["stop_loss_premium"],
            "commission": _sum(tree, (cast.reinsurer,), "commission-paid"),
            "ceded_loss": _sum(tree, (cast.reinsurer,), "recoveries-paid") - expected["stop_loss_recovery"],
        }
    return found


def _shared_wrongly(
    arguments: CityPlan, scenario: Scenario, tree: StateTree, expected: Mapping[str, int]
) -> Iterator[str]:
    """Insurers of a pool who carry another part than theirs, by more than a fen for each transaction that was split."""
    insurers = cast_of(arguments, scenario).insurers if arguments.pool else ()
    split = sum(1 for _ in tree.items(Posting.namespace, "inclusive/")) if arguments.pool else 0
    for place, insurer in enumerate(insurers):
        for name, kind, sign in (("premium", "premium-income", -1), ("paid", "claims-paid", 1)):
            carried = sign * _sum(tree, (insurer,), kind)
            exact = expected_share(expected[name], arguments.pool, place)
            if abs(carried - exact) > split:
                yield f"{name}: {insurer} carries {carried} instead of {floor(exact)}"


def _confirmed(tree: StateTree, namespace: str) -> list[Any]:
    return [record for _, record in tree.items(namespace) if record.state == "confirmed"]


def _sum(tree: StateTree, owners: tuple[str, ...], kind: str) -> int:
    records = (tree.get("accounts", account(owner, kind)) for owner in owners)
    return sum(record.balance_fen for record in records if record is not None)
