"""The portfolio of row 58: of the published sum not a fen is lost, whatever part of it is issued."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.dashboard import NoView
from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.runner import run
from scenarios.runner.e_policies import EPolicies, issued, premiums
from scenarios.shipped import shipped

POLICIES, PREMIUM = 212_700, 3_736_360_000


def portfolio(**changes):
    usual = {
        "flow": "e-policies",
        "insurer": "insurer-1",
        "channel": "channel",
        "policies": 1_000,
        "premium": "175_663 CNY",
        "sum_insured": "1 CNY",
        "term": "1 day",
        "spread": "1 day",
    }
    return EPolicies.model_validate(usual | changes)


def test_the_whole_portfolio_is_the_published_sum():
    parts = premiums(POLICIES, PREMIUM, 2017)
    assert len(parts) == POLICIES
    assert sum(parts) == PREMIUM
    assert f"{PREMIUM / POLICIES / 100:.2f}" == "175.66"
    assert 60 < min(parts) / 100 < 90
    assert 260 < max(parts) / 100 < 300


@given(st.integers(1, 3_000), st.integers(0, 10**9), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_any_sum_is_shared_out_whole(policies, total, seed):
    assert sum(premiums(policies, total, seed)) == total


@pytest.mark.parametrize("share", ["0 %", "5 %", "33.3333 %", "100 %"])
def test_as_many_have_claims_as_the_share_says(share):
    arguments = portfolio(claiming=share, claim="1 CNY")
    claiming = sum(policy.claimed_fen > 0 for policy in issued(arguments, 1))
    assert claiming == 1_000 * arguments.claiming // 1_000_000


@pytest.mark.parametrize("one_in", [1, 7, 999, 1_000])
def test_every_so_manieth_has_the_premium_that_it_has_in_the_whole(one_in):
    whole = premiums(1_000, 17_566_300, 1)
    found = issued(portfolio(one_in=one_in), 1)
    assert [policy.premium_fen for policy in found] == list(whole[::one_in])


@pytest.mark.parametrize(("who", "message"), [("insurer=nobody", "nobody is called"), ("insurer=bureau", "no insurer")])
def test_who_cannot_take_part_is_told(who, message):
    with pytest.raises(ScenarioInvalid, match=message):
        run(load_scenario(shipped()["many_policies"], [f"workload.0.{who}"]), view=NoView(), out=None, mode="virtual")
