"""Catastrophe swaps: paid by the index or not at all, and never more than what was set aside."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.oracle import AskArgs, ReadArgs
from node.contracts.swaps import EnterArgs, SwapArgs, TriggerArgs
from tests.node.contracts import network
from tests.node.contracts.network import Network

EYES = ("eye-1", "eye-2", "eye-3")
CASH, PAYOUT, PREMIUM = 10**6, 400_000, 9_999
SWAP, QUESTION = "insurer-1/1", "ann/1"
ENTER = EnterArgs("bob", "wind", EYES, 2, 0, 50, PAYOUT, PREMIUM, 10, 100, 200)


@pytest.fixture(autouse=True, scope="module")
def with_oracles():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "ROLES", {**network.ROLES, **dict.fromkeys(EYES, "oracle")})
        yield


def entered():
    openings = tuple(accounts.Opening(name, CASH) for name in ("insurer-1", "bob"))
    net = Network(settings=[("accounts", accounts.Settings(openings))])
    assert net.do("insurer-1", "swaps.enter", ENTER, at=10, cosigners=("bob",)).code == "ok"
    return net


def read(net, value, known=10, about="wind"):
    """A question that the oracles answer with one value."""
    assert net.do("ann", "oracle.ask", AskArgs(about, EYES, 2, 0, known, known + 5), at=1).code == "ok"
    for eye in EYES:
        assert net.do(eye, "oracle.read", ReadArgs(QUESTION, value), at=known).code == "ok"
    return net


def cash(net, name):
    return net.tree.get("accounts", f"{name}/cash").balance_fen


@settings(deadline=None, max_examples=30)
@given(st.integers(-100, 100))
def test_the_payout_moves_whole_from_the_trigger_on(value):
    net = read(entered(), value)
    pays = value >= 50
    outcome = net.do("reinsurer", "swaps.trigger", TriggerArgs(SWAP, QUESTION), at=20)
    assert outcome.code == ("ok" if pays else "below_the_trigger")
    assert net.do("ann", "swaps.mature", SwapArgs(SWAP), at=199).code == (
        "illegal_transition" if pays else "not_matured_yet"
    )
    assert net.do("ann", "swaps.mature", SwapArgs(SWAP), at=200).code == ("illegal_transition" if pays else "ok")
    assert cash(net, "insurer-1") == CASH - PREMIUM + (PAYOUT if pays else 0)
    assert cash(net, "bob") == CASH + PREMIUM - (PAYOUT if pays else 0)
    assert net.tree.get("accounts", "bob/collateral").balance_fen == 0
    assert total_of_all_accounts(net.tree) == 0


@pytest.mark.parametrize(
    ("known", "code"), [(9, "outside_the_term"), (10, "ok"), (99, "ok"), (100, "outside_the_term")]
)
def test_an_event_counts_within_the_term(known, code):
    net = read(entered(), 60, known=known)
    assert net.do("ann", "swaps.trigger", TriggerArgs(SWAP, QUESTION), at=150).code == code


def test_the_collateral_stands_apart_and_another_index_does_not_touch_it():
    net = read(entered(), 60, about="rain")
    assert cash(net, "bob") == CASH + PREMIUM - PAYOUT
    assert net.do("ann", "swaps.trigger", TriggerArgs(SWAP, QUESTION), at=20).code == "other_index"
    again = net.do("insurer-1", "swaps.enter", ENTER, at=10, cosigners=("bob",))
    assert (again.code, cash(net, "bob")) == ("ok", CASH + 2 * (PREMIUM - PAYOUT))
    assert net.do("insurer-1", "swaps.enter", ENTER, at=10, cosigners=("bob",)).code == "insufficient_funds"
