"""Netting among members: whatever they owe each other, one amount each moves, and nothing is owed afterwards."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.contracts import accounts
from node.contracts.accounts import total_of_all_accounts
from node.contracts.netting import AdmitArgs, ProposeArgs, Round, RoundArgs, SignArgs
from tests.node.contracts.network import Network

PARTIES = ("insurer-1", "insurer-2", "reinsurer", "broker", "bank-1")
CASH = 10**9
CLOSES = 1_000

debts = st.lists(
    st.tuples(st.permutations(PARTIES), st.integers(1, 10**6)).map(lambda d: (d[0][0], d[0][1], d[1])),
    min_size=1,
    max_size=12,
)


class Market(Network):
    """Parties with cash and the balances that they admit."""

    def __init__(self, owed):
        super().__init__(settings=[("accounts", accounts.Settings(tuple(accounts.Opening(n, CASH) for n in PARTIES)))])
        self.balances = tuple(self.act(d, "admit", AdmitArgs(c, fen, "q1"))["balance"] for d, c, fen in owed)

    def act(self, who, action, args, at=1, code="ok"):
        outcome = self.do(who, f"netting.{action}", args, at=at)
        assert outcome.code == code, outcome.detail
        return outcome.output

    def of(self, owner, kind):
        found = self.tree.get("accounts", f"{owner}/{kind}")
        return found.balance_fen if found else 0


def position(owed, name):
    """What a party gets in all, added up debt by debt."""
    return sum(fen for _, creditor, fen in owed if creditor == name) - sum(fen for d, _, fen in owed if d == name)


@settings(deadline=None, max_examples=30)
@given(debts, st.randoms(use_true_random=False))
def test_cash_moves_by_position_and_nothing_stays_owed(owed, random):
    market = Market(owed)
    parties = sorted({name for debtor, creditor, _ in owed for name in (debtor, creditor)})
    order = list(market.balances)
    random.shuffle(order)
    key = market.act(parties[0], "propose", ProposeArgs(tuple(order), CLOSES))["round"]
    random.shuffle(parties)
    for name in parties:
        market.act(name, "sign", SignArgs(key, position(owed, name)))
    for name in PARTIES:
        assert market.of(name, "cash") == CASH + position(owed, name)
        assert market.of(name, "receivable") == market.of(name, "payable") == 0
    found = market.tree.get(Round.namespace, key)
    assert (found.gross_fen, found.state) == (sum(fen for *_, fen in owed), "SETTLED")
    assert found.net_fen <= found.gross_fen
    assert total_of_all_accounts(market.tree) == 0


def test_an_objection_moves_nothing_and_frees_every_balance():
    owed = [("insurer-1", "reinsurer", 100), ("reinsurer", "insurer-2", 70)]
    market = Market(owed)
    key = market.act("insurer-1", "propose", ProposeArgs(market.balances, CLOSES))["round"]
    market.act("insurer-1", "sign", SignArgs(key, -100))
    market.act("insurer-2", "object", RoundArgs(key))
    assert [market.of(name, "cash") for name in PARTIES] == [CASH] * len(PARTIES)
    assert market.of("insurer-1", "payable") == -100
    assert market.act("reinsurer", "propose", ProposeArgs(market.balances, CLOSES))["net_fen"] == 100


def test_a_party_without_the_money_leaves_the_round_open():
    market = Market([("insurer-1", "reinsurer", CASH + 1)])
    key = market.act("insurer-1", "propose", ProposeArgs(market.balances, CLOSES))["round"]
    market.act("insurer-1", "sign", SignArgs(key, -CASH - 1))
    market.act("reinsurer", "sign", SignArgs(key, CASH + 1), code="insufficient_funds")
    assert market.tree.get(Round.namespace, key).signed == ("insurer-1",)


@pytest.mark.parametrize(
    ("who", "action", "args", "code"),
    [
        ("ann", "sign", lambda key: SignArgs(key, 0), "not_a_party"),
        ("ann", "object", RoundArgs, "not_a_party"),
        ("reinsurer", "sign", lambda key: SignArgs(key, 99), "position_differs"),
        ("insurer-1", "admit", lambda _: AdmitArgs("nobody", 1, "q1"), "unknown_party"),
        ("insurer-1", "propose", lambda _: ProposeArgs(("insurer-1/1",), 1), "round_over"),
        ("insurer-1", "propose", lambda _: ProposeArgs(("insurer-1/9",), CLOSES), "unknown_balance"),
    ],
)
def test_what_is_refused(who, action, args, code):
    market = Market([("insurer-1", "reinsurer", 100)])
    key = market.act("insurer-1", "propose", ProposeArgs(market.balances, CLOSES))["round"]
    market.act(who, action, args(key), code=code)
