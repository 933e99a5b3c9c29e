"""Settlement at once: whichever side comes second, each agreed sale is paid once, as a share of the whole."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.intermediaries import Agency, AgreeArgs, RecordArgs
from tests.node.contracts import network
from tests.node.contracts.network import Network

PPM = 183_333
DAY = 86_400_000


@pytest.fixture(autouse=True, scope="module")
def with_an_intermediary():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "ROLES", {**network.ROLES, "desk": "intermediary"})
        yield


def agency():
    net = Network(settings=[("accounts", accounts.Settings((accounts.Opening("insurer-1", 10**12),)))])
    args = AgreeArgs("desk", PPM, 30 * DAY, 10 * DAY)
    assert net.do("insurer-1", "intermediaries.agree", args, cosigners=("desk",)).code == "ok"
    return net


def stated(net, who, item, fen, *, at, sold=0):
    other = "desk" if who == "insurer-1" else "insurer-1"
    return net.do(who, "intermediaries.record", RecordArgs(other, item, sold, fen), at=at)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 10**7), st.booleans(), st.integers(0, 3)), min_size=1, max_size=8))
def test_what_both_state_is_paid_once_and_in_all_to_the_nearest_fen(sales):
    net, premiums = agency(), 0
    for number, (fen, insurer_first, off) in enumerate(sales):
        sides = ("insurer-1", "desk") if insurer_first else ("desk", "insurer-1")
        item = f"sale-{number}"
        assert stated(net, sides[0], item, fen, at=1).output["state"] == "STATED"
        second = stated(net, sides[1], item, fen + off, at=2)
        assert second.output["state"] == ("BREAK" if off else "SETTLED")
        if off:
            assert abs(second.output["differs_fen"]) == off
            assert stated(net, sides[1], item, fen, at=3).output["state"] == "SETTLED"
        premiums += fen
        assert stated(net, sides[0], item, fen, at=4).code == "illegal_transition"
    cash = net.tree.get("accounts", "desk/cash")  # none where a fen was sold for and nothing of it is due
    paid = cash.balance_fen if cash else 0
    assert abs(paid - Fraction(premiums * PPM, 10**6)) <= Fraction(1, 2)
    found = net.tree.get(Agency.namespace, "insurer-1|desk")
    assert (found.settled, found.premium_fen, found.commission_fen) == (len(sales), premiums, paid)
    assert total_of_all_accounts(net.tree) == 0


@pytest.mark.parametrize(
    ("sold", "baseline"),
    [(0, 40 * DAY), (1, 40 * DAY - 1), (30 * DAY - 1, 10 * DAY + 1), (30 * DAY, 40 * DAY)],
)
def test_the_baseline_waits_for_the_end_of_the_period_and_the_lists(sold, baseline):
    assert Agency("i", "d", PPM, 0, 30 * DAY, 10 * DAY).baseline_lag_ms(sold) == baseline


def test_one_side_corrects_itself_and_alone_settles_nothing():
    net = agency()
    assert stated(net, "desk", "a", 100, at=1).output == {"state": "STATED"}
    assert stated(net, "desk", "a", 200, at=2).output == {"state": "STATED"}
    assert stated(net, "insurer-1", "a", 200, at=3, sold=1).code == "other_sale"
    assert stated(net, "insurer-1", "a", 200, at=3).output["commission_fen"] == 37
    assert stated(net, "desk", "b", 100, at=1, sold=2).code == "not_sold_then"
