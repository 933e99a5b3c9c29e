"""Rounding is to the nearest fen and reversible; what reinsurers share adds up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.rates import WHOLE, clip, part

amounts = st.integers(min_value=-(10**15), max_value=10**15)


@pytest.mark.parametrize(
    ("amount", "numerator", "denominator", "expected"),
    [(5, 1, 2, 3), (-5, 1, 2, -3), (4, 1, 3, 1), (5, 1, 3, 2), (0, 1, 3, 0), (7, 0, 3, 0), (10, 3, 2, 15)],
)
def test_a_part_is_rounded_to_the_nearest_fen_halves_away_from_zero(amount, numerator, denominator, expected):
    assert part(amount, numerator, denominator) == expected


@given(amounts, st.integers(min_value=0, max_value=2 * WHOLE))
def test_a_part_is_within_half_a_fen_and_reverses_with_its_sign(amount, numerator):
    assert abs(part(amount, numerator) - Fraction(amount * numerator, WHOLE)) <= Fraction(1, 2)
    assert part(-amount, numerator) == -part(amount, numerator)


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 2), (1, 0), (1, -3)])
def test_a_share_that_is_none_is_our_own_mistake(numerator, denominator):
    with pytest.raises(ValueError, match="no share"):
        part(100, numerator, denominator)


def test_clip_needs_a_range():
    assert [clip(value, 3, 10) for value in (1, 5, 20)] == [3, 5, 10]
    with pytest.raises(ValueError, match="at most 1"):
        clip(5, 2, 1)
