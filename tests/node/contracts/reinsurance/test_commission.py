"""Goldens G7 (sliding scale), G8 (profit commission) and G9 (corridor, participation)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.commission import (
    ProfitCommission,
    SlidingScale,
    TreatyYear,
    after_corridor,
    loss_participation,
    profit_commissions,
)

SCALE = SlidingScale(points=((350_000, 400_000), (550_000, 250_000), (650_000, 200_000)))


@pytest.mark.parametrize(
    ("percent", "commission"),
    [(20, 400_000), (35, 400_000), (45, 325_000), (55, 250_000), (60, 225_000), (65, 200_000), (90, 200_000)],
)
def test_g7_sliding_scale(percent, commission):
    assert SCALE.rate(percent * 10_000) == commission


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000))
def test_a_worse_year_never_earns_more_commission(one, other):
    low, high = sorted((one, other))
    assert SCALE.rate(low) >= SCALE.rate(high)


@pytest.mark.parametrize("points", [((1, 5), (1, 4)), ((1, 4), (2, 5)), ((2, 5), (1, 4))])
def test_a_scale_that_does_not_slide_is_our_own_mistake(points):
    with pytest.raises(ValueError, match="does not slide"):
        SlidingScale(points=points)


def year(premium: int, unearned: tuple[int, int], outstanding: tuple[int, int], paid: int) -> TreatyYear:
    return TreatyYear(
        premium=premium,
        commission=premium * 3 // 10,
        unearned_in=unearned[0],
        unearned_out=unearned[1],
        outstanding_in=outstanding[0],
        outstanding_out=outstanding[1],
        paid=paid,
    )


YEARS = (
    year(1_000, (0, 350), (0, 200), 500),
    year(1_200, (350, 420), (200, 150), 400),
    year(1_300, (420, 455), (150, 120), 450),
)


def test_g8_deficits_are_carried_forward_to_extinction():
    terms = ProfitCommission(share=200_000, expenses=50_000)
    assert [one.balance(terms.expenses) for one in YEARS] == [-400, 360, 390]
    assert profit_commissions(terms, YEARS) == (0, 0, 70)


def test_g8_simple():
    assert ProfitCommission(share=300_000, expenses=0).of(1_000 - 250 - 100) == 195


@pytest.mark.parametrize(("loss", "expected"), [(300, 300), (500, 350), (900, 550)])
def test_g9_loss_corridor(loss, expected):
    assert after_corridor(loss, width=350, start=350) == expected


def test_g9_loss_participation():
    assert loss_participation(1_000_000, 1_300_000, 250_000) == 75_000
    assert loss_participation(1_000_000, 900_000, 250_000) == 0
