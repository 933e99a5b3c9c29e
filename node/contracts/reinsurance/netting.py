"""Multilateral netting 多边轧差: many balances between companies become one per company."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Debt(NamedTuple):
    """``debtor`` owes ``creditor`` ``amount`` fen, which is not negative."""

    debtor: str
    creditor: str
    amount: int


class Netting(NamedTuple):
    """``positions`` by company in ascending order, positive where it is paid. Invariant: they add up to nothing.

    ``gross`` is what would move without netting, ``net`` what moves with it.
    """

    positions: dict[str, int]
    gross: int
    net: int


def net_out(debts: Iterable[Debt]) -> Netting:
    """Everyone's position over all ``debts``; ValueError for a negative one or one to oneself."""
    positions: dict[str, int] = {}
    gross = 0
    for debt in debts:
        if debt.amount < 0 or debt.debtor == debt.creditor:
            raise ValueError(f"{debt} is no debt")
        positions[debt.debtor] = positions.get(debt.debtor, 0) - debt.amount
        positions[debt.creditor] = positions.get(debt.creditor, 0) + debt.amount
        gross += debt.amount
    net = sum(position for position in positions.values() if position > 0)
    return Netting(positions=dict(sorted(positions.items())), gross=gross, net=net)
