"""Policies from before the chain: entered by both, in force, counted in the market."""

import pytest

from node.contracts import accounts, consent, products, risk
from node.contracts.consent import RegisterArgs
from node.contracts.portfolio import EnterArgs
from node.contracts.products import BenefitArgs, ProductArgs
from tests.node.contracts.network import Network

ANN = "a1" * 32
DAY = 86_400_000
START, END = 100 * DAY, 465 * DAY


def benefit(name, sum_insured_fen):
    return BenefitArgs(
        name=name,
        premium_fen=100,
        sum_insured_fen=sum_insured_fen,
        deductible_fen=0,
        ratio_ppm=1_000_000,
        excluded=(),
    )


PRODUCT = ProductArgs(
    name="care",
    title="Care",
    diseases=(),
    scoring=None,
    main=benefit("basic", 500),
    riders=(benefit("inpatient", 700),),
)


@pytest.fixture
def network():
    made = Network(
        settings=(
            (accounts.contract.name, accounts.Settings()),
            (consent.contract.name, consent.Settings(query_timeout_ms=DAY)),
            (products.contract.name, products.Settings(products=(PRODUCT,))),
            (risk.contract.name, risk.Settings(cap_fen=2_000)),
        )
    )
    made.do("bureau", "consent.register", RegisterArgs(subjects=((ANN, ("ann",)),)))
    return made


def entered(network, *, who="insurer-1", at=200 * DAY, cosigners=("ann",), **changes):
    given = {
        "holder": "ann",
        "subject": ANN,
        "product": "care",
        "riders": ("inpatient",),
        "premium_fen": 200,
        "starts_ms": START,
        "ends_ms": END,
        "fingerprint": "f0" * 32,
    }
    args = EnterArgs(**{**given, **changes})
    return network.do(who, "portfolio.enter", args, at=at, cosigners=cosigners)


def test_a_policy_comes_in_with_its_benefits_and_counts_in_the_market(network):
    outcome = entered(network)
    policy = network.tree.get("policies", outcome.output["policy"])
    assert (policy.state, policy.holder, policy.insurer) == ("IN_FORCE", "ann", "insurer-1")
    assert [benefit.name for benefit in policy.benefits] == ["basic", "inpatient"]
    assert (policy.covered_from_ms, policy.covered_to_ms) == (START, END)
    assert network.tree.get("holdings", ANN).policies == (outcome.output["policy"],)
    assert network.tree.get("covers", ANN).sum_insured_fen == 1_200


@pytest.mark.parametrize("at", [START, END - 1])
def test_it_comes_in_on_its_first_and_in_its_last_moment(network, at):
    assert entered(network, at=at).code == "ok"


@pytest.mark.parametrize("at", [START - 1, END])
def test_before_it_begins_and_once_it_has_ended_it_is_refused(network, at):
    assert entered(network, at=at).code == "not_in_force"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cosigners": ()}, "signature_missing"),
        ({"who": "hospital-1"}, "role_not_allowed"),
        ({"holder": "bob", "cosigners": ("bob",)}, "not_the_subject"),
        ({"subject": "b2" * 32}, "unknown_subject"),
        ({"product": "other"}, "unknown_product"),
        ({"riders": ("dental",)}, "unknown_rider"),
    ],
)
def test_what_is_wrong_with_it_is_said_and_nothing_changes(network, changes, code):
    assert entered(network, **changes).code == code
    assert network.tree.get("holdings", ANN) is None


def test_the_markets_cap_holds_for_what_comes_in(network):
    assert entered(network).code == "ok"
    assert entered(network, who="insurer-2").code == "accumulation_exceeded"
