"""Netting: positions add up to nothing, and no more moves than before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.netting import Debt, net_out

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
