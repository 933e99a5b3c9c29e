"""Pricing from real spending, against sums worked out with fractions."""

from fractions import Fraction
from math import floor

import pytest

from node.contracts.products import Benefit
from scenarios.products import Spending, experience_of
from scenarios.products.experience import payable_fen
from scenarios.runner.spending import load_person_years

PLAN = Benefit("inpatient", 10_000, 30_000_000, 100_000, 700_000, ())


def test_the_burning_cost_is_the_mean_of_what_every_head_is_paid():
    found = experience_of(PLAN, Spending(kind="medical", yuan_per_dollar=5))
    paid = sum(
        min(30_000_000, floor(Fraction(max(0, row.medical_cents * 5 - 100_000) * 7, 10) + Fraction(1, 2)))
        for row in load_person_years()
    )
    assert (found.heads, found.paid_fen, found.premium_fen) == (20_190, paid, 20_190 * 10_000)
    assert found.burning_cost_fen == Fraction(paid, 20_190)
    assert found.low_ppm < found.loss_ratio_ppm < found.high_ppm
    assert found.loss_ratio_ppm == paid * 10**6 // found.premium_fen


def test_premiums_multiplied_as_told_make_the_loss_ratio_that_is_wanted():
    spending = Spending(yuan_per_dollar=2)
    found = experience_of(PLAN, spending)
    factor = found.adequate_ppm(800_000)
    dearer = Benefit("inpatient", -(-10_000 * factor // 10**6), 30_000_000, 100_000, 700_000, ())
    assert 795_000 <= experience_of(dearer, spending).loss_ratio_ppm <= 800_000


def test_a_premium_by_age_is_asked_of_each_at_their_age():
    by_age = Benefit("inpatient", 0, 30_000_000, 0, 1_000_000, (), ((0, 6_000), (18, 10_000)))
    found = experience_of(by_age, Spending())
    minors = sum(row.age < 18 for row in load_person_years())
    assert found.premium_fen == minors * 6_000 + (20_190 - minors) * 10_000


def test_the_band_is_the_same_every_time_and_narrow_where_nothing_varies():
    once, again = (experience_of(PLAN, Spending(yuan_per_dollar=3)) for _ in range(2))
    assert once == again


def test_nobody_of_the_ages_is_told():
    with pytest.raises(ValueError, match="nobody in the data"):
        experience_of(PLAN, Spending(), (100, 110))


@pytest.mark.parametrize(("bill", "paid"), [(0, 0), (100_000, 0), (100_001, 1), (200_000, 70_000), (10**9, 30_000_000)])
def test_the_terms_at_their_bounds(bill, paid):
    assert payable_fen(PLAN, bill) == paid
