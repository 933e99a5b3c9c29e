"""A quota share's periods sum to its year to the fen; the headings of its account (golden G11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.reinsurance.quota_share import Cession, QuotaShare, cede
from node.contracts.reinsurance.statement import state_account

YUAN = 100  # fen
FORTY = QuotaShare(cession=400_000, commission=300_000)


def test_a_half_ceded_leaves_half():
    assert cede(QuotaShare(cession=500_000, commission=0), premium=0, loss=50 * YUAN).loss == 25 * YUAN


def test_the_first_storys_claim_is_recovered_to_the_fen():
    assert cede(FORTY, premium=0, loss=311_290).loss == 124_516


entries = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=12)
terms = st.builds(QuotaShare, cession=st.integers(0, 1_000_000), commission=st.integers(0, 1_000_000))


@given(terms, entries)
def test_periods_built_from_totals_to_date_sum_to_the_share_of_the_whole(treaty, periods):
    stated, premium, loss = Cession(), 0, 0
    sums = [0, 0, 0]
    for written, paid in periods:
        premium, loss = premium + written, loss + paid
        to_date = cede(treaty, premium, loss)
        period = to_date.less(stated)
        sums = [sums[0] + period.premium, sums[1] + period.commission, sums[2] + period.loss]
        stated = to_date
    whole = cede(treaty, sum(p for p, _ in periods), sum(x for _, x in periods))
    assert sums == [whole.premium, whole.commission, whole.loss]


def test_g11_statement_of_account():
    statement = state_account(
        FORTY, premium=1_000_000 * YUAN, paid=600_000 * YUAN, reserve=400_000, cash_called=300_000 * YUAN
    )
    assert statement.premium == 400_000 * YUAN
    assert statement.commission == -120_000 * YUAN
    assert statement.losses == -240_000 * YUAN
    assert statement.reserve_retained == -160_000 * YUAN
    assert statement.cash_losses == 120_000 * YUAN
    assert statement.balance == 0


def test_a_released_reserve_is_the_reinsurers():
    assert state_account(FORTY, premium=0, paid=0, released=160_000).balance == 160_000


def test_cash_calls_beyond_what_was_paid_are_our_own_mistake():
    with pytest.raises(ValueError, match="cash calls"):
        state_account(FORTY, premium=0, paid=1, cash_called=2)
