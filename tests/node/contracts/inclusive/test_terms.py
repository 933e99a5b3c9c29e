"""What a plan makes of bills: rows 41 and 43, to the fen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.inclusive.terms import PlanTerms

YUAN = 100  # fen
NINGBO = PlanTerms(
    adult_premium=100 * YUAN,
    minor_premium=60 * YUAN,
    adult_age=18,
    deductible=10_000 * YUAN,
    ratio=500_000,
    cap=3_000_000 * YUAN,
)
FIRST_FEN = PlanTerms(
    adult_premium=100 * YUAN, minor_premium=60 * YUAN, adult_age=18, deductible=0, ratio=1_000_000, cap=3_000_000 * YUAN
)


@pytest.mark.parametrize(("age", "yuan"), [(0, 60), (17, 60), (18, 100), (99, 100)])
def test_premium_is_uniform_by_age(age, yuan):
    assert NINGBO.premium(age) == yuan * YUAN


@pytest.mark.parametrize(
    ("eligible", "benefit"),
    [(0, 0), (1_000_000, 0), (1_000_001, 1), (1_000_002, 1), (3_000_000, 1_000_000), (10**12, 300_000_000)],
)
def test_benefit_is_the_ratio_of_what_exceeds_the_deductible_up_to_the_cap(eligible, benefit):
    assert NINGBO.benefit(eligible) == benefit


def test_row_41_a_claim_over_the_cap_pays_the_cap():
    assert FIRST_FEN.benefit(3_000_001 * YUAN) == 3_000_000 * YUAN


def test_row_41_what_is_left_of_the_cap_is_paid_and_no_more():
    before = 2_999_999_99
    assert FIRST_FEN.benefit(before) == before
    assert FIRST_FEN.benefit(before + 10_00) - FIRST_FEN.benefit(before) == 1


@given(st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=10))
def test_how_a_year_is_cut_into_bills_does_not_change_what_it_pays(bills):
    to_date = paid = 0
    for bill in bills:
        rise = NINGBO.benefit(to_date + bill) - NINGBO.benefit(to_date)
        assert 0 <= rise <= bill
        to_date, paid = to_date + bill, paid + rise
    assert paid == NINGBO.benefit(sum(bills)) <= NINGBO.cap
