"""Goldens G12 (netting), G13 (inuring), G14 (a retrocession chain) and G15 (a spiral)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.inuring import Kept, side_by_side, stacked
from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.netting import Debt, net_out
from node.contracts.reinsurance.retrocession import ROUNDS_MAX, Cover, along_chain, around_circle


def test_g12_multilateral_netting():
    debts = [("a", "b", 100), ("b", "c", 70), ("c", "a", 40), ("a", "c", 30), ("b", "a", 25)]
    netting = net_out(Debt(*debt) for debt in debts)
    assert netting.positions == {"a": -65, "b": 5, "c": 60}
    assert (netting.gross, netting.net) == (265, 65)


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


def test_g13_quota_share_inures_to_the_excess_of_loss():
    assert stacked(1_200, 400_000, TEN_XS_FIVE) == Kept(quota_share=480, excess=220, kept=500)


def test_g13_side_by_side():
    assert side_by_side(1_200, 400_000, TEN_XS_FIVE) == Kept(quota_share=480, excess=420, kept=300)


@given(st.integers(0, 10**6), st.integers(0, 1_000_000))
def test_inuring_conserves(loss, cession):
    assert sum(stacked(loss, cession, TEN_XS_FIVE)) == sum(side_by_side(loss, cession, TEN_XS_FIVE)) == loss


CHAIN = (
    Cover("cedent", (("r1", 1_000_000),), 400_000),
    Cover("r1", (("rr1", 600_000), ("rr2", 400_000)), 1_000_000, Layer(limit=300, attachment=100)),
    Cover("rr2", (("rr3", 1_000_000),), 500_000),
)


def test_g14_a_retrocession_chain():
    assert along_chain(1_200, "cedent", CHAIN) == {"cedent": 720, "r1": 180, "rr1": 180, "rr2": 60, "rr3": 60}


@given(st.integers(0, 10**9))
def test_a_chain_conserves(loss):
    borne = along_chain(loss, "cedent", CHAIN)
    assert sum(borne.values()) == loss
    assert min(borne.values()) >= 0


FIFTY_XS_TEN = Layer(limit=5_000, attachment=1_000)


def test_g15_a_spiral_comes_to_rest():
    spiral = around_circle({"a": 4_000}, (("a", "b", FIFTY_XS_TEN), ("b", "a", FIFTY_XS_TEN)))
    assert spiral.gross == {"a": 8_000, "b": 5_000}
    assert spiral.net == {"a": 3_000, "b": 1_000}
    assert spiral.rounds == 3


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_a_spiral_conserves(one, other):
    spiral = around_circle({"a": one, "b": other}, (("a", "b", FIFTY_XS_TEN), ("b", "a", FIFTY_XS_TEN)))
    assert sum(spiral.net.values()) == one + other


def test_a_spiral_that_creeps_is_stopped():
    creeping = Layer(limit=10 * ROUNDS_MAX, attachment=0)
    with pytest.raises(OverflowError, match="still moves"):
        around_circle({"a": 1}, (("a", "b", creeping), ("b", "a", creeping)))
