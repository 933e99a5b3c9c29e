"""Terms that depend on how the treaty went.

Sliding scale 浮动手续费 and profit commission 纯益手续费, and what the cedent takes back of bad years: loss corridor
损失走廊 and loss participation.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from node.contracts.fields import Ppm
from node.contracts.reinsurance.rates import RatioPpm, part

POINTS_MAX = 32


class SlidingScale(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Commission by loss ratio: straight between ``points`` (loss ratio, commission), level beyond the outer ones.

    Invariant: loss ratios ascend and commissions do not rise.
    """

    points: Annotated[tuple[tuple[RatioPpm, Ppm], ...], Meta(min_length=1, max_length=POINTS_MAX)]

    def __post_init__(self) -> None:
        for (low, more), (high, less) in pairwise(self.points):
            if not (low < high and more >= less):
                raise ValueError(f"the scale does not slide from {low} to {high}")

    def rate(self, loss_ratio: int) -> int:
        """The commission, in millionths, at ``loss_ratio`` (millionths), rounded to the nearest millionth."""
        if loss_ratio <= self.points[0][0]:
            return self.points[0][1]
        for (low, more), (high, less) in pairwise(self.points):
            if loss_ratio <= high:
                return more - part(more - less, loss_ratio - low, high - low)
        return self.points[-1][1]


class ProfitCommission(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The cedent's ``share`` of the reinsurer's profit, after its ``expenses`` (a share of the premium)."""

    share: Ppm
    expenses: Ppm

    def of(self, profit: int) -> int:
        """The commission on a profit (fen); none on a loss."""
        return part(max(profit, 0), self.share)


class TreatyYear(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One year of a treaty, in fen. ``..._in`` was carried into the year, ``..._out`` is carried out of it."""

    premium: int
    commission: int
    unearned_in: int
    unearned_out: int
    outstanding_in: int
    outstanding_out: int
    paid: int

    def balance(self, expenses: int) -> int:
        """Income less outgo for a reinsurer whose expenses are that share (millionths) of the premium."""
        income = self.premium + self.unearned_in + self.outstanding_in
        outgo = self.commission + part(self.premium, expenses) + self.unearned_out + self.outstanding_out + self.paid
        return income - outgo


def profit_commissions(terms: ProfitCommission, years: Sequence[TreatyYear]) -> tuple[int, ...]:
    """Each year's profit commission, deficits carried forward to extinction."""
    found: list[int] = []
    deficit = 0
    for year in years:
        carried = year.balance(terms.expenses) - deficit
        found.append(terms.of(carried))
        deficit = max(-carried, 0)
    return tuple(found)


def after_corridor(loss: int, width: int, start: int) -> int:
    """What the reinsurer bears of ``loss`` when the cedent takes back the corridor ``width xs start`` 损失走廊."""
    return loss - min(max(loss - start, 0), width)


def loss_participation(premium: int, loss: int, share: int) -> int:
    """What the cedent bears of a loss above 100 % of the premium: its ``share`` (millionths) of the excess."""
    return part(max(loss - premium, 0), share)
