"""Cards that are passed on: their path is whole, and it decides who may claim."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.msgpack import decode

from node.contracts.accounts import Opening, Settings, total_of_all_accounts
from node.contracts.cards import BuyArgs, CardArgs, CardClaimArgs, OfferArgs, PassArgs, holder_at
from tests.node.contracts.network import Network

TERM = 1_000
EVIDENCE = "ee" * 32


def market(count=3):
    network = Network(settings=[("accounts", Settings(tuple(Opening(n, 10_000) for n in ("ann", "bob", "insurer-1"))))])
    sale = network.do("insurer-1", "cards.offer", OfferArgs("air", 60, 5_000, TERM, count)).output["sale"]
    return network, network.do("ann", "cards.buy", BuyArgs(sale), at=10).output["card"]


def pass_on(network, card, who, to, at):
    return network.do(who, "cards.pass-on", PassArgs(card, to), at=at, cosigners=(to,))


def claim(network, card, who, occurred, *, at=500, amount=100):
    return network.do(who, "cards.claim", CardClaimArgs(card, occurred, amount, EVIDENCE), at=at)


@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(1, 60)), max_size=12))
@settings(max_examples=40)
def test_the_path_is_what_the_transactions_say(tries):
    network, card = market()
    now, held, ledger = 10, "ann", []
    for giver, wait in tries:
        now += wait
        to = "bob" if giver == "ann" else "ann"
        asked = network.transaction(giver, "cards.pass-on", PassArgs(card, to), at=now, cosigners=(to,))
        outcome = network.run(asked).outcomes[0]
        assert outcome.code == ("ok" if giver == held and now < 10 + TERM else outcome.code)
        if outcome.code == "ok":
            held = to
            ledger.append(asked)
    record = network.tree.get("cards", card)
    rebuilt = [("ann", 10), *((decode(one.body.arguments)[1], one.body.time_ms) for one in ledger)]
    assert [(stop.holder, stop.since_ms) for stop in record.path] == rebuilt
    assert record.path[-1].holder == held
    for time in range(0, now + 20, 7):
        assert holder_at(record, time) == next((who for who, since in reversed(rebuilt) if since <= time), "")


@pytest.mark.parametrize(
    ("who", "occurred", "code"),
    [
        ("bob", 100, "ok"),
        ("bob", 99, "not_the_holder_then"),
        ("ann", 99, "not_the_holder"),
        ("bob", 501, "not_happened_yet"),
        ("bob", 5, "not_the_holder_then"),
    ],
)
def test_only_the_holder_claims_and_only_for_its_own_time(who, occurred, code):
    network, card = market()
    assert pass_on(network, card, "ann", "bob", 100).code == "ok"
    assert claim(network, card, who, occurred).code == code


def test_it_covers_to_the_last_moment_of_its_term():
    network, card = market()
    assert claim(network, card, "ann", 10 + TERM, at=5_000).code == "card_ended"
    assert claim(network, card, "ann", 9 + TERM, at=5_000).code == "ok"
    assert pass_on(network, market()[1], "ann", "bob", 10 + TERM).code in {"card_ended", "illegal_transition"}


def test_a_claim_is_paid_once_up_to_the_sum_or_rejected():
    network, card = market()
    assert claim(network, card, "ann", 20, amount=9_999).output == {"claimed_fen": 5_000}
    assert pass_on(network, card, "ann", "bob", 600).code == "illegal_transition"
    assert network.do("insurer-2", "cards.pay", CardArgs(card)).code == "wrong_insurer"
    assert network.do("insurer-1", "cards.reject", CardArgs(card)).output == {"state": "ACTIVE"}
    assert claim(network, card, "ann", 20, amount=100).code == "ok"
    assert network.do("insurer-1", "cards.pay", CardArgs(card)).output == {"paid_fen": 100}
    assert network.do("insurer-1", "cards.pay", CardArgs(card)).code == "illegal_transition"
    assert total_of_all_accounts(network.tree) == 0


def test_what_is_sold_out_is_sold_out():
    network, card = market(count=1)
    sale = network.tree.get("cards", card).sale
    assert network.do("bob", "cards.buy", BuyArgs(sale), at=11).code == "sold_out"


@pytest.mark.parametrize(
    ("to", "at", "code"),
    [("ann", 50, "holds_it_already"), ("insurer-2", 50, "wrong_role"), ("bob", 10, "before_the_last_holder")],
)
def test_to_whom_it_cannot_be_passed(to, at, code):
    network, card = market()
    assert pass_on(network, card, "ann", to, at).code == code
