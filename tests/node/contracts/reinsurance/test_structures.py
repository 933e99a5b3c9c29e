"""Netting, inuring order, chains and spirals conserve what goes into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.inuring import side_by_side, stacked
from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.netting import Debt, net_out
from node.contracts.reinsurance.retrocession import ROUNDS_MAX, Cover, along_chain, around_circle

names = st.sampled_from("abcdef")


@given(st.lists(st.tuples(names, names, st.integers(0, 10**9)).filter(lambda debt: debt[0] != debt[1]), max_size=30))
def test_netting_moves_no_more_than_before_and_adds_up_to_nothing(debts):
    netting = net_out(Debt(*debt) for debt in debts)
    assert sum(netting.positions.values()) == 0
    assert netting.net <= netting.gross


@pytest.mark.parametrize("debt", [("a", "a", 1), ("a", "b", -1)])
def test_what_is_no_debt_is_our_own_mistake(debt):
    with pytest.raises(ValueError, match="no debt"):
        net_out([Debt(*debt)])


TEN_XS_FIVE = Layer(limit=1_000, attachment=500)


@given(st.integers(0, 10**6), st.integers(0, 1_000_000))
def test_inuring_conserves(loss, cession):
    assert sum(stacked(loss, cession, TEN_XS_FIVE)) == sum(side_by_side(loss, cession, TEN_XS_FIVE)) == loss


CHAIN = (
    Cover("cedent", (("r1", 1_000_000),), 400_000),
    Cover("r1", (("rr1", 600_000), ("rr2", 400_000)), 1_000_000, Layer(limit=300, attachment=100)),
    Cover("rr2", (("rr3", 1_000_000),), 500_000),
)


@given(st.integers(0, 10**9))
def test_a_chain_conserves(loss):
    borne = along_chain(loss, "cedent", CHAIN)
    assert sum(borne.values()) == loss
    assert min(borne.values()) >= 0


FIFTY_XS_TEN = Layer(limit=5_000, attachment=1_000)


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_a_spiral_conserves(one, other):
    spiral = around_circle({"a": one, "b": other}, (("a", "b", FIFTY_XS_TEN), ("b", "a", FIFTY_XS_TEN)))
    assert sum(spiral.net.values()) == one + other


def test_a_spiral_that_creeps_is_stopped():
    creeping = Layer(limit=10 * ROUNDS_MAX, attachment=0)
    with pytest.raises(OverflowError, match="still moves"):
        around_circle({"a": 1}, (("a", "b", creeping), ("b", "a", creeping)))
