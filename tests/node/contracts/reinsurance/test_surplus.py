"""A surplus treaty of five lines of ten million, and facultative above it: every fen has a carrier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.surplus import Surplus

MILLION = 100_000_000  # yuan in fen
TREATY = Surplus(retention=10 * MILLION, lines=5, facultative=40 * MILLION)


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
