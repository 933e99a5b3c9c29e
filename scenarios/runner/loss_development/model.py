"""The same triangles from the drawn losses, without a transaction, and what the state must hold in the end."""

from __future__ import annotations

from collections.abc import Sequence

from node.contracts.accounts import Account, account
from node.contracts.money import share
from node.contracts.reserving import PAID, REPORTED, Basis, CededLoss, Cells, Development, Estimate
from node.ledger.state_tree import StateTree
from scenarios.language.schema import Scenario
from scenarios.runner.loss_development.arguments import LossDevelopment, cast_of
from scenarios.runner.loss_development.losses import StayLoss, bordereau_ms, losses


def reported_cells(arguments: LossDevelopment, told: Sequence[StayLoss]) -> Cells:
    """The triangle of what is reported."""
    return _cells(arguments, [(loss, loss.reported) for loss in told])


def paid_cells(arguments: LossDevelopment, told: Sequence[StayLoss]) -> Cells:
    """The triangle of what is paid."""
    return _cells(arguments, [(loss, loss.paid) for loss in told])


def differences(arguments: LossDevelopment, scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """What the state holds other than the losses come to; empty when all is right to the fen."""
    cast = cast_of(arguments, scenario)
    told = list(losses(arguments, len(cast.insurers), seed))
    shares = sum(share(loss.fen, arguments.cession) for loss in told)
    bases = list(tree.items(Basis.namespace))
    key = bases[0][0] if bases else ""
    estimates = list(tree.items(Estimate.namespace))
    came = [share(_later(arguments, told, int(key.rpartition("|")[2])), arguments.cession) for key, _ in estimates]
    errors = [one.ibnr_fen - fen for (_, one), fen in zip(estimates, came, strict=True)]
    reserve = [_balance(tree, cast.reinsurer, kind) for kind in ("reserve", "ibnr", "reserve-movement")]
    checks: tuple[tuple[str, object, object], ...] = (
        ("losses", sum(1 for _ in tree.items(CededLoss.namespace)), len(told)),
        ("what is reported", _held(tree, f"{key}/{REPORTED}"), reported_cells(arguments, told)),
        ("what is paid", _held(tree, f"{key}/{PAID}"), paid_cells(arguments, told)),
        ("recovered, in fen", _balance(tree, cast.reinsurer, "recoveries-paid"), shares),
        ("reserves left, in fen", reserve, [0, 0, 0]),
        ("what emerged, in fen", [one.emerged_fen for _, one in estimates], came),
        ("errors, in fen", [one.error_fen for _, one in estimates], errors),
    )
    return tuple(f"{what}: {had}, should be {due}" for what, had, due in checks if had != due)


def _later(arguments: LossDevelopment, told: Sequence[StayLoss], valuation: int) -> int:
    """What occurred before a valuation and was reported after it, in fen."""
    end_ms = valuation * arguments.period_ms
    return sum(loss.fen for loss in told if loss.occurred_ms < end_ms <= bordereau_ms(arguments, loss.reported))


def _held(tree: StateTree, key: str) -> Cells:
    found: Development | None = tree.get(Development.namespace, key)
    return () if found is None else found.cells


def _balance(tree: StateTree, owner: str, kind: str) -> int:
    found: Account | None = tree.get(Account.namespace, account(owner, kind))
    return 0 if found is None else found.balance_fen


def _cells(arguments: LossDevelopment, told: Sequence[tuple[StayLoss, int]]) -> Cells:
    rows = [[0] * arguments.developments for _ in range(arguments.origins)]
    for loss, bordereau in told:
        origin = loss.occurred_ms // arguments.period_ms
        rows[origin][bordereau_ms(arguments, bordereau) // arguments.period_ms - origin] += loss.fen
    return tuple(map(tuple, rows))
