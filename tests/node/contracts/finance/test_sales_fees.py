"""Premium splits: every fen of a premium is somebody's, and a premium that goes back leaves nothing behind."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts.sales_fees import (
    AgreeArgs,
    CollectArgs,
    RefundArgs,
    Scheme,
    Settings,
    SettleArgs,
    divided,
)
from tests.node.contracts.inclusive.bench import Bench

DAY = 86_400_000
KINDS = ("cash", "premium-income", "payable", "receivable", "sales-fees-paid", "sales-fees-earned", "premium-paid")
EVERYBODY = ("insurer-1", "branch-1", "agent-1", "bob")


def scheme(agent, branch):
    return Scheme("life", "insurer-1", "branch-1", "agent-1", agent, branch, 1_000_000 - agent - branch)


@given(st.integers(0, 10**10), st.integers(0, 500_000), st.integers(0, 500_000))
def test_parts_add_up_and_each_is_within_a_fen(premium, agent, branch):
    found = scheme(agent, branch)
    parts = divided(premium, found)
    assert sum(parts) == premium
    for part, ppm in zip(parts, (agent, branch, found.head_office_ppm), strict=True):
        assert abs(part - Fraction(premium * ppm, 1_000_000)) < 1


def house(agent=150_000, branch=250_000):
    found = Bench(
        {"branch-1": "branch", "agent-1": "agent", "bob": "patient"}, sales_fees=Settings(caps=(("life", 300_000),))
    )
    args = AgreeArgs("life", "branch-1", "agent-1", agent, branch, 1_000_000 - agent - branch)
    outcome = found.do("insurer-1", "sales-fees.agree", args, at=0, cosigners=("branch-1", "agent-1"))
    return found, outcome


@pytest.mark.parametrize(("agent", "code"), [(300_000, "ok"), (300_001, "commission_above_cap")])
def test_a_cap_holds_to_the_millionth(agent, code):
    assert house(agent)[1].code == code


def test_a_line_without_a_cap_is_not_sold():
    found, _ = house()
    args = AgreeArgs("pets", "branch-1", "agent-1", 0, 0, 1_000_000)
    outcome = found.do("insurer-1", "sales-fees.agree", args, at=0, cosigners=("branch-1", "agent-1"))
    assert outcome.code == "unknown_fee_cap"


@given(st.lists(st.tuples(st.integers(1, 10**6), st.booleans(), st.booleans()), max_size=6))
@settings(max_examples=25, deadline=None)
def test_what_everybody_has_is_what_the_premiums_that_stayed_come_to(sold):
    """(premium, settled before the next, goes back) of each policy; a second way of counting, from the end."""
    found, agreed = house()
    for number, (premium, pays, _) in enumerate(sold):
        args = CollectArgs(agreed.output["scheme"], f"p{number}", premium)
        assert found.do("bob", "sales-fees.collect", args, at=number, cosigners=("insurer-1",)).code == "ok"
        if pays:
            found.do("insurer-1", "sales-fees.settle", SettleArgs("agent-1"), at=number)
    for number, (_, _, back) in enumerate(sold):
        if back:
            outcome = found.do("bob", "sales-fees.refund", RefundArgs("insurer-1", f"p{number}"), at=DAY)
            assert outcome.code == "ok"
    kept = [divided(premium, scheme(150_000, 250_000)) for premium, _, back in sold if not back]
    fees, branched, office = (sum(parts) for parts in zip(*kept, strict=True)) if kept else (0, 0, 0)
    assert found.balance("agent-1", "sales-fees-earned") == -fees == -found.balance("insurer-1", "sales-fees-paid")
    assert found.balance("branch-1", "cash") == branched
    assert found.balance("agent-1", "cash") + found.balance("agent-1", "receivable") == fees
    assert found.balance("insurer-1", "cash") + found.balance("insurer-1", "payable") == office
    assert found.balance("bob", "cash") == -(fees + branched + office)


def test_after_the_cooling_off_a_premium_stays():
    found, agreed = house()
    paid = CollectArgs(agreed.output["scheme"], "p", 100_00)
    found.do("bob", "sales-fees.collect", paid, at=0, cosigners=("insurer-1",))
    before = [found.balance(name, kind) for name in EVERYBODY for kind in KINDS]
    late = found.do("bob", "sales-fees.refund", RefundArgs("insurer-1", "p"), at=15 * DAY + 1)
    assert late.code == "cooling_off_over"
    assert before == [found.balance(name, kind) for name in EVERYBODY for kind in KINDS]
    assert found.do("bob", "sales-fees.refund", RefundArgs("insurer-1", "p"), at=15 * DAY).code == "ok"


def test_nobody_takes_a_policys_number_by_paying_a_fen_under_it():
    found, agreed = house()
    args = CollectArgs(agreed.output["scheme"], "p", 1)
    assert found.do("bob", "sales-fees.collect", args, at=0).code == "signature_missing"
    assert found.tree.get("split_premiums", "insurer-1/p") is None
