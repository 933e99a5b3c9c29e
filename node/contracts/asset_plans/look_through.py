"""穿透式 look-through: who in the end has how much in which base asset (row 26). Pure; for reports and supervisors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from node.contracts.asset_plans.records import Plan
from node.contracts.money import allocate


class Exposure(NamedTuple):
    """An end investor's part of one base asset, in fen, and through which investor it has it."""

    holder: str
    investor: str
    asset: str
    fen: int


def end_investors(plan: Plan) -> tuple[tuple[str, str, int], ...]:
    """(end investor, through whom, units); an investor that names nobody behind it is its own."""
    behind = dict(plan.behind)
    found: list[tuple[str, str, int]] = []
    for investor, units in plan.investors:
        found += [(holder, investor, part) for holder, part in behind.get(investor, ((investor, units),))]
    return tuple(found)


def exposures(plan: Plan) -> Iterator[Exposure]:
    """Every end investor's capital over the base assets by their amounts, largest remainder.

    For each end investor they add up to its capital, and for all of them to what the plan has raised.
    """
    amounts = tuple(amount for _, amount in plan.assets)
    for holder, investor, units in end_investors(plan):
        parts = allocate(units * plan.unit_fen, amounts)
        for (asset, _), part in zip(plan.assets, parts, strict=True):
            yield Exposure(holder, investor, asset, part)
