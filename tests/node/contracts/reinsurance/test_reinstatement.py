"""A catastrophe layer's year, whatever its order, and what cannot be reinstated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.reinstatement import CatastropheLayer, Recovery, pro_rata_premium

MILLION = 100_000_000  # yuan in fen
THIRTY_XS_TWENTY = Layer(limit=30 * MILLION, attachment=20 * MILLION)
BOTH_WHOLE = CatastropheLayer(THIRTY_XS_TWENTY, premium=6 * MILLION, rates=(1_000_000, 1_000_000))
HALF_THEN_WHOLE = CatastropheLayer(THIRTY_XS_TWENTY, premium=6 * MILLION, rates=(500_000, 1_000_000))


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


@pytest.mark.parametrize(("loss", "days_left"), [(101, 1), (-1, 1), (1, 3)])
def test_what_cannot_be_reinstated_is_our_own_mistake(loss, days_left):
    with pytest.raises(ValueError, match="cannot be reinstated"):
        pro_rata_premium(10, loss, 100, days_left, 2)
