"""Golden G2: a surplus treaty of five lines of ten million, and facultative above it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.surplus import Shares, Surplus

MILLION = 100_000_000  # yuan in fen
TREATY = Surplus(retention=10 * MILLION, lines=5, facultative=40 * MILLION)


@pytest.mark.parametrize(
    ("sum_insured", "ceded_per_million"),
    [(8, 0), (10, 0), (35, 714_286), (60, 833_333)],
)
def test_g2_ceded_share(sum_insured, ceded_per_million):
    shares = TREATY.shares(sum_insured * MILLION)
    assert round(shares.treaty * 1_000_000 / (sum_insured * MILLION)) == ceded_per_million
    assert (shares.facultative, shares.beyond) == (0, 0)


def test_g2_a_risk_of_a_hundred_is_kept_ceded_and_placed_10_50_40():
    shares = TREATY.shares(100 * MILLION)
    assert shares == Shares(retained=10 * MILLION, treaty=50 * MILLION, facultative=40 * MILLION, beyond=0)
    assert shares.split(1_000) == Shares(retained=100, treaty=500, facultative=400, beyond=0)


def test_what_no_cover_takes_falls_back():
    assert TREATY.shares(101 * MILLION).beyond == MILLION


def test_a_risk_of_nothing_is_our_own_mistake():
    with pytest.raises(ValueError, match="no shares"):
        TREATY.shares(0)


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_every_fen_has_a_carrier(sum_insured, amount):
    shares = TREATY.shares(sum_insured)
    assert shares.retained + shares.treaty + shares.facultative + shares.beyond == sum_insured
    parts = shares.split(amount)
    assert parts.retained + parts.treaty + parts.facultative + parts.beyond == amount
