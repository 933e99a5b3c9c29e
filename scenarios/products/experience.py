"""Pricing from experience 经验定价 (row 43): what a product would have paid on real spending, and how sure that is.

The burning cost is what the benefit pays a head and year on the shipped person-years: each one's spending, taken as
one bill, after deductible, ratio and sum insured. The loss ratio is that over the premiums that the product asks of the
same heads. How far it may be off is told by a bootstrap over *persons*, with all their years, since the years of one
person belong together: 95 % of the resampled loss ratios lie in the band (Efron and Tibshirani 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import ceil
from random import Random
from typing import Literal

import msgspec

from node.contracts.money import share
from node.contracts.products import Benefit, priced
from scenarios.runner.spending import PersonYear, load_person_years

RESAMPLES = 200
MILLION = 1_000_000

_SEED = "consortium/experience"


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Which spending counts, and what a dollar of the data is in yuan; an assumption of whoever prices."""

    kind: Literal["inpatient", "medical"] = "inpatient"
    yuan_per_dollar: int = 1

    def fen(self, row: PersonYear) -> int:
        """A year's bill; a cent of the data is ``yuan_per_dollar`` fen."""
        cents = row.inpatient_cents if self.kind == "inpatient" else row.medical_cents
        return cents * self.yuan_per_dollar


class Experience(msgspec.Struct, frozen=True, kw_only=True):
    """What the data says. Amounts in fen, loss ratios in parts per million; ``low`` to ``high`` holds 95 %."""

    heads: int
    claimants: int
    paid_fen: int
    premium_fen: int
    loss_ratio_ppm: int
    low_ppm: int
    high_ppm: int

    @property
    def burning_cost_fen(self) -> Fraction:
        """Paid a head and year."""
        return Fraction(self.paid_fen, self.heads)

    def adequate_ppm(self, target_ppm: int) -> int:
        """By how much every premium must be multiplied for a loss ratio of ``target_ppm``, rounded up."""
        return ceil(Fraction(self.loss_ratio_ppm * MILLION, target_ppm))


@cache
def experience_of(benefit: Benefit, spending: Spending, ages: tuple[int, int] = (0, 130)) -> Experience:
    """What ``benefit`` would have paid and earned on the spending of people of ``ages``; ValueError if nobody."""
    by_person: dict[int, tuple[int, int]] = {}
    heads = claimants = 0
    for row in load_person_years():
        if not ages[0] <= row.age <= ages[1]:
            continue
        paid = payable_fen(benefit, spending.fen(row))
        heads += 1
        claimants += paid > 0
        before = by_person.get(row.person, (0, 0))
        by_person[row.person] = (before[0] + paid, before[1] + priced(benefit, row.age).premium_fen)
    pairs = list(by_person.values())
    paid_fen, premium_fen = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    if not premium_fen:
        raise ValueError("nobody in the data is of these ages, or nobody pays a premium")
    ratios = _resampled(pairs)
    tail = len(ratios) // 40
    return Experience(
        heads=heads,
        claimants=claimants,
        paid_fen=paid_fen,
        premium_fen=premium_fen,
        loss_ratio_ppm=paid_fen * MILLION // premium_fen,
        low_ppm=ratios[tail],
        high_ppm=ratios[-tail - 1],
    )


def payable_fen(benefit: Benefit, bill_fen: int) -> int:
    """What the benefit pays of a year's bill."""
    return min(benefit.sum_insured_fen, share(max(0, bill_fen - benefit.deductible_fen), benefit.ratio_ppm))


def _resampled(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Loss ratios of resampled persons, ascending; the same on every machine."""
    random = Random(_SEED)  # noqa: S311 - a bootstrap, no secret
    ratios = []
    for _ in range(RESAMPLES):
        paid = premium = 0
        for one in random.choices(pairs, k=len(pairs)):
            paid += one[0]
            premium += one[1]
        ratios.append(paid * MILLION // premium)
    return sorted(ratios)
