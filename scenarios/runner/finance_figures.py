"""What supervisors see of money between institutions, as tables of a run's report (rows 16, 17, 26)."""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.annuities import TRANSFER, Transfer
from node.contracts.asset_plans import Plan, exposures
from node.contracts.suspense import Receipt
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.results.figures import Column, Sheet
from scenarios.runner.arms import paper_ns

_HOUR_MS = 3_600_000
_HOUR_NS = _HOUR_MS * 10**6
_DAY_MS = 24 * _HOUR_MS


def finance_figures(tree: StateTree, scenario: Scenario, seed: int) -> tuple[Sheet, ...]:
    """The tables that the state at the end holds; none where there is nothing to tell."""
    return (*_transfers(tree, scenario, seed), *_receipts(tree), *_look_through(tree))


def _transfers(tree: StateTree, scenario: Scenario, seed: int) -> Iterator[Sheet]:
    found: list[tuple[str, Transfer]] = list(tree.items(Transfer.namespace))
    if not found:
        return
    on_paper = bool(scenario.arms.paper)
    rows = []
    for key, transfer in found:
        (_, began), (state, last) = transfer.trail[0], transfer.trail[-1]
        paper = paper_ns(scenario, seed, key) // _HOUR_NS if on_paper and state == "CREDITED" else None
        rows.append((key, transfer.to_plan, state, len(transfer.trail), (last - began) // _HOUR_MS, paper))
    waiting = sum(not TRANSFER.final(transfer.state) for _, transfer in found)
    yield Sheet(
        title="Annuities that move",
        columns=(
            Column("transfer", "text"),
            Column("to", "text"),
            Column("state", "text"),
            Column("states so far", "count"),
            Column("hours so far", "count"),
            Column("hours on paper", "count"),
        ),
        rows=tuple(rows),
        note=f"{waiting} wait. Hours are of business time; those on paper are drawn from the scenario's paper arm.",
    )


def _receipts(tree: StateTree) -> Iterator[Sheet]:
    found: list[tuple[str, Receipt]] = list(tree.items(Receipt.namespace))
    if found:
        yield Sheet(
            title="Receipts that nobody recognised",
            columns=(
                Column("receipt", "text"),
                Column("held by", "text"),
                Column("amount", "fen"),
                Column("state", "text"),
                Column("days in suspense", "count"),
            ),
            rows=tuple(
                (
                    key,
                    receipt.payee,
                    receipt.amount_fen,
                    receipt.state,
                    (receipt.closed_ms - receipt.came_ms) // _DAY_MS if receipt.closed_ms else None,
                )
                for key, receipt in found
            ),
            note="Days are told once a receipt was matched or returned.",
        )


def _look_through(tree: StateTree) -> Iterator[Sheet]:
    plans: list[tuple[str, Plan]] = list(tree.items(Plan.namespace))
    for key, plan in plans:
        if plan.assets and plan.investors:
            yield Sheet(
                title=f"Plan {key} looked through",
                columns=(
                    Column("end investor", "text"),
                    Column("through", "text"),
                    Column("base asset", "text"),
                    Column("capital", "fen"),
                ),
                rows=tuple(tuple(exposure) for exposure in exposures(plan)),
                note=f"Each end investor's capital by the amounts of {len(plan.assets)} base assets; {plan.state}.",
            )
