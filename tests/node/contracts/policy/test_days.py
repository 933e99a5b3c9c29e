"""The arithmetic of earned and unearned premium, against calendars and fractions."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.policy.days import (
    DAY_MS,
    YEAR_MS,
    adjustment_fen,
    days_begun,
    earned_fen,
    interest_fen,
    short_rate_fen,
)

amounts = st.integers(0, 10**9)
totals = st.integers(1, 800)
TABLE = tuple(ppm * 10_000 for ppm in (10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 100))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 364), st.integers(0, DAY_MS - 1))
def test_days_begun_are_those_of_a_calendar(first, later, within):
    epoch = date(1970, 1, 1)
    starts_ms = (first - epoch).days * DAY_MS
    now = first + timedelta(days=later)
    time_ms = (now - epoch).days * DAY_MS + within
    assert days_begun(starts_ms, starts_ms + YEAR_MS, time_ms) == ((now - first).days + 1, 365)


@pytest.mark.parametrize(
    ("time_ms", "begun"),
    [(-1, 0), (0, 1), (DAY_MS - 1, 1), (DAY_MS, 2), (YEAR_MS - 1, 365), (YEAR_MS, 365), (10**15, 365)],
)
def test_a_day_begins_with_its_first_millisecond(time_ms, begun):
    assert days_begun(0, YEAR_MS, time_ms) == (begun, 365)


@given(amounts, totals, st.data())
def test_earned_is_the_exact_share_to_the_nearest_fen(premium, total, data):
    begun = data.draw(st.integers(0, total))
    exact = Fraction(premium * begun, total)
    assert abs(earned_fen(premium, begun, total) - exact) <= Fraction(1, 2)
    assert premium == earned_fen(premium, begun, total) + adjustment_fen(0, premium, begun, total) or (
        exact.denominator == 2
    )


@given(amounts, totals, st.data())
def test_it_is_earned_day_by_day_and_never_given_back(premium, total, data):
    begun = data.draw(st.integers(0, total - 1))
    assert earned_fen(premium, begun, total) <= earned_fen(premium, begun + 1, total)
    assert (earned_fen(premium, 0, total), earned_fen(premium, total, total)) == (0, premium)


@given(amounts, amounts, totals, st.data())
def test_a_change_and_its_opposite_cost_nothing(before, after, total, data):
    begun = data.draw(st.integers(0, total))
    there = adjustment_fen(before, after, begun, total)
    assert there == -adjustment_fen(after, before, begun, total)
    assert abs(there - Fraction((after - before) * (total - begun), total)) <= Fraction(1, 2)
    assert abs(there) <= abs(after - before)


@given(amounts, st.integers(0, 365))
def test_short_rates_follow_the_table_of_begun_twelfths(premium, begun):
    step = next((n for n in range(12) if begun * 12 <= 365 * (n + 1)), 11)
    expected = 0 if begun == 0 else TABLE[step]
    exact = Fraction(premium * expected, 1_000_000)
    assert abs(short_rate_fen(premium, begun, 365, TABLE) - exact) <= Fraction(1, 2)


@given(amounts, st.integers(1, 365))
def test_short_rates_keep_no_less_than_pro_rata(premium, begun):
    assert short_rate_fen(premium, begun, 365, TABLE) >= earned_fen(premium, begun, 365) - 1


@given(amounts, st.integers(0, 1_000_000), st.integers(0, 10**6), st.integers(0, 2000))
def test_interest_is_simple_over_actual_days(amount, rate, starts, days):
    exact = Fraction(amount * rate * days, 1_000_000 * 365)
    found = interest_fen(amount, rate, starts, starts + days * DAY_MS)
    assert abs(found - exact) <= Fraction(1, 2)


def test_a_day_begun_bears_interest():
    assert interest_fen(365_000_000, 1_000, 0, 1) == 1_000
    assert interest_fen(365_000_000, 1_000, 0, DAY_MS + 1) == 2_000
