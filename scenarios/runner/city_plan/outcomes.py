"""The year's sums as the state holds them at the end of a run."""

from __future__ import annotations

from typing import Any

from node.contracts.accounts import account
from node.contracts.inclusive import Member
from node.contracts.reinsurance.terms import PeriodAccount, YearAccount
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.runner.city_plan.arguments import CityPlan
from scenarios.runner.city_plan.cast import cast_of
from scenarios.runner.city_plan.model import expected_outcomes


def outcomes(arguments: CityPlan, tree: StateTree) -> dict[str, int]:
    """People, premium, eligible, paid, claimants, and what was ceded and recovered: in fen or counts."""
    members: list[Member] = [record for _, record in tree.items(Member.namespace, f"{arguments.plan}/")]
    periods: list[PeriodAccount] = _confirmed(tree, PeriodAccount.namespace)
    years: list[YearAccount] = _confirmed(tree, YearAccount.namespace)
    return {
        "people": len(members),
        "premium": sum(member.premium_fen for member in members),
        "eligible": sum(member.eligible_fen for member in members),
        "paid": sum(member.paid_fen for member in members),
        "claimants": sum(1 for member in members if member.paid_fen),
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
    cast = cast_of(scenario)
    booked = {
        "premium": -_sum(tree, cast.insurers, "premium-income"),
        "paid": _sum(tree, cast.insurers, "claims-paid"),
        "ceded_premium": _sum(tree, cast.insurers, "premium-ceded") - expected["stop_loss_premium"],
        "commission": _sum(tree, (cast.reinsurer,), "commission-paid"),
        "ceded_loss": _sum(tree, (cast.reinsurer,), "recoveries-paid") - expected["stop_loss_recovery"],
    }
    lines += [f"{name}: {fen} in the journal" for name, fen in booked.items() if fen != expected[name]]
    return tuple(lines)


def _confirmed(tree: StateTree, namespace: str) -> list[Any]:
    return [record for _, record in tree.items(namespace) if record.state == "confirmed"]


def _sum(tree: StateTree, owners: tuple[str, ...], kind: str) -> int:
    records = (tree.get("accounts", account(owner, kind)) for owner in owners)
    return sum(record.balance_fen for record in records if record is not None)
