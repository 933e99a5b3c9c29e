"""Goldens G4, G4b, G5 and G5b: a catastrophe layer's recoveries and reinstatement premiums."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.premium import MinimumAndDeposit
from node.contracts.reinsurance.reinstatement import CatastropheLayer, Recovery, pro_rata_premium

MILLION = 100_000_000  # yuan in fen
THIRTY_XS_TWENTY = Layer(limit=30 * MILLION, attachment=20 * MILLION)
BOTH_WHOLE = CatastropheLayer(THIRTY_XS_TWENTY, premium=6 * MILLION, rates=(1_000_000, 1_000_000))
HALF_THEN_WHOLE = CatastropheLayer(THIRTY_XS_TWENTY, premium=6 * MILLION, rates=(500_000, 1_000_000))


def recover(layer: CatastropheLayer, *events: int) -> tuple[list[Fraction], list[Fraction]]:
    found = layer.recover([event * MILLION for event in events])
    return [Fraction(one.recovered, MILLION) for one in found], [Fraction(one.premium, MILLION) for one in found]


def test_g4_two_reinstatements_at_100_percent():
    recovered, premiums = recover(BOTH_WHOLE, 35, 60, 45, 80)
    assert recovered == [15, 30, 25, 20]
    assert premiums == [3, 6, 3, 0]
    assert sum(recovered) * MILLION == BOTH_WHOLE.aggregate
    assert recover(BOTH_WHOLE, 35, 60, 45, 80, 99)[0][-1] == 0


def test_g4b_unequal_rates():
    _, premiums = recover(HALF_THEN_WHOLE, 35, 60, 45)
    assert premiums == [Fraction("1.5"), Fraction("4.5"), 3]
    assert HALF_THEN_WHOLE.premium_to_date(45 * MILLION) == 6 * MILLION  # a published package says 4.5


def test_no_reinstatement_costs_nothing_and_pays_once():
    once = CatastropheLayer(THIRTY_XS_TWENTY, premium=6 * MILLION, rates=())
    assert once.recover([60 * MILLION, 60 * MILLION]) == (Recovery(30 * MILLION, 0), Recovery(0, 0))


@given(st.lists(st.integers(0, 100 * MILLION), max_size=8), st.permutations(range(8)))
def test_a_years_sums_depend_neither_on_order_nor_on_how_the_premium_is_rounded(events, order):
    shuffled = [events[place] for place in order if place < len(events)]
    for layer in (BOTH_WHOLE, HALF_THEN_WHOLE):
        first, second = layer.recover(events), layer.recover(shuffled)
        assert sum(one.recovered for one in first) == sum(one.recovered for one in second) <= layer.aggregate
        assert sum(one.premium for one in first) == sum(one.premium for one in second)


@pytest.mark.parametrize(("premium", "expected"), [(10_000, 5_000), (12_000, 6_000)])
def test_g5_provisional_then_adjusted(premium, expected):
    assert pro_rata_premium(premium * 100, loss=50_000, limit=100_000) == expected * 100


def test_g5_the_adjusted_premium_is_one_percent_of_the_income():
    assert MinimumAndDeposit(deposit=10_000_00, rate=10_000).adjusted(1_200_000_00) == 12_000_00


@pytest.mark.parametrize(
    ("days_left", "days", "expected"), [(1, 1, 4_000_00), (272, 365, 2_980_82), (273, 365, 2_991_78)]
)
def test_g5b_pro_rata_to_amount_and_to_time(days_left, days, expected):
    assert pro_rata_premium(50_000_00, 400_000_00, 5_000_000_00, days_left, days) == expected


@pytest.mark.parametrize(("loss", "days_left"), [(101, 1), (-1, 1), (1, 3)])
def test_what_cannot_be_reinstated_is_our_own_mistake(loss, days_left):
    with pytest.raises(ValueError, match="cannot be reinstated"):
        pro_rata_premium(10, loss, 100, days_left, 2)
