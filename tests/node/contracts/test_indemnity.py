"""The indemnity line: what a claim pays, once, and what is recovered for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.accounts import Opening, Settings, account, total_of_all_accounts
from node.contracts.indemnity import AgreeLayer, Bind, Cover, Decide, File, Layer, Quote, Recover
from tests.node.contracts.network import Network

COVER = "insurer-1/1"
CLAIM = "hospital-1/1"


@pytest.fixture
def network():
    openings = tuple(Opening(who, 1_000_000) for who in ("insurer-1", "reinsurer", "policyholders"))
    network = Network(settings=[("accounts", Settings(openings))])
    terms = Quote(people=1_000, premium_fen=5_000, deductible_fen=100, limit_fen=10_000)
    assert network.do("insurer-1", "indemnity.quote", terms).output["cover"] == COVER
    return network


@pytest.fixture
def bound(network):
    layer = AgreeLayer(reinsurer="reinsurer", retention_fen=3_000, limit_fen=4_000)
    assert network.do("insurer-1", "indemnity.bind", Bind(COVER)).code == "ok"
    assert network.do("insurer-1", "indemnity.agree-layer", layer, cosigners=("reinsurer",)).code == "ok"
    return network


def balance(network, who, kind="cash"):
    return network.tree.get("accounts", account(who, kind)).balance_fen


def claim(network, amount, invoice=1, person=7):
    return network.do("hospital-1", "indemnity.file", File(COVER, person, invoice, amount))


def settled(network, amount):
    """The answers to filing, assessing and paying a claim."""
    filed = claim(network, amount)
    decided = network.do("insurer-1", "indemnity.assess", Decide(CLAIM))
    return filed, decided, network.do("insurer-1", "indemnity.pay", Decide(CLAIM))


def test_a_claim_pays_what_is_above_the_deductible(bound):
    filed, decided, paid = settled(bound, 900)
    assert [filed.output["state"], decided.output["state"], paid.output["state"]] == ["FILED", "APPROVED", "PAID"]
    assert paid.output["paid_fen"] == 800
    assert (balance(bound, "insurer-1"), balance(bound, "insurer-1", "claims-paid")) == (1_000_000 + 5_000 - 800, 800)
    assert total_of_all_accounts(bound.tree) == 0


@pytest.mark.parametrize(("amount", "benefit"), [(100, 0), (101, 1), (10_100, 10_000), (10_101, 10_000)])
def test_terms_at_their_bounds(bound, amount, benefit):
    _, decided, paid = settled(bound, amount)
    assert decided.output == {"state": "APPROVED" if benefit else "DENIED", "benefit_fen": benefit}
    assert paid.code == ("ok" if benefit else "illegal_transition")


@pytest.mark.parametrize(("amount", "recovered"), [(3_101, 1), (7_100, 4_000), (9_000, 4_000)])
def test_the_excess_is_recovered_once(bound, amount, recovered):
    settled(bound, amount)
    asked = Recover(CLAIM, "reinsurer")
    answer = bound.do("insurer-1", "indemnity.recover", asked, cosigners=("reinsurer",))
    assert answer.output == {"state": "RECOVERED", "recovered_fen": recovered}
    assert balance(bound, "reinsurer") == 1_000_000 - recovered
    again = bound.do("insurer-1", "indemnity.recover", asked, cosigners=("reinsurer",))
    assert again.code == "illegal_transition"


def test_nothing_is_recovered_below_the_retention_before_it_is_paid_or_without_the_reinsurer(bound):
    claim(bound, 3_100)
    asked = Recover(CLAIM, "reinsurer")
    assert bound.do("insurer-1", "indemnity.recover", asked, cosigners=("reinsurer",)).code == "illegal_transition"
    bound.do("insurer-1", "indemnity.assess", Decide(CLAIM))
    bound.do("insurer-1", "indemnity.pay", Decide(CLAIM))
    assert bound.do("insurer-1", "indemnity.recover", asked).code == "signature_missing"
    assert bound.do("insurer-1", "indemnity.recover", asked, cosigners=("reinsurer",)).code == "below_retention"


def test_a_bill_is_claimed_for_once_and_paid_once(bound):
    settled(bound, 900)
    assert claim(bound, 900).code == "duplicate_invoice"
    assert bound.do("insurer-1", "indemnity.pay", Decide(CLAIM)).code == "illegal_transition"


def test_who_is_not_covered_and_what_is_not_bound_cannot_be_claimed_for(network):
    assert claim(network, 900).code == "cover_not_bound"
    network.do("insurer-1", "indemnity.bind", Bind(COVER))
    assert claim(network, 900, person=1_000).code == "not_covered"
    assert claim(network, 900, person=999).code == "ok"


def test_covers_and_claims_are_their_insurers_own(bound):
    claim(bound, 900)
    assert bound.do("insurer-2", "indemnity.bind", Bind(COVER)).code == "not_your_cover"
    assert bound.do("insurer-2", "indemnity.assess", Decide(CLAIM)).code == "not_your_claim"
    assert bound.do("hospital-1", "indemnity.assess", Decide(CLAIM)).code == "role_not_allowed"


@given(st.integers(1, 10**9), st.integers(0, 10**6), st.integers(1, 10**8), st.integers(0, 10**7))
def test_no_more_is_paid_than_claimed_nor_recovered_than_paid(amount, deductible, limit, retention):
    cover = Cover("BOUND", "insurer-1", 1, 0, deductible, limit)
    benefit = cover.benefit_fen(amount)
    recovered = Layer("reinsurer", retention, limit).recovery_fen(benefit)
    assert 0 <= recovered <= benefit <= min(amount, limit)
    assert benefit - recovered <= max(retention, benefit - limit)
