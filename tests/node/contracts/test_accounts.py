from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from node.contracts import Arguments, Context, Contract, catalogue
from node.contracts import accounts as ledger
from node.contracts.accounts import Opening, Settings, account, overdrawn, pay, post, total_of_all_accounts
from node.contracts.fields import Fen, SignedFen, Text
from tests.node.contracts.network import Network

OWNERS = ("insurer-1", "ann", "bob")
Line = tuple[Text, SignedFen]


class PostArgs(Arguments, frozen=True):
    key: Text
    lines: Annotated[tuple[Line, ...], Meta(max_length=100)]


class PayArgs(Arguments, frozen=True):
    key: Text
    payer: Text
    payee: Text
    amount_fen: Fen


cashier = Contract("cashier")


@cashier.action()
def book(ctx: Context, args: PostArgs):
    post(ctx, args.key, "test", args.lines)


@cashier.action("pay")
def transfer(ctx: Context, args: PayArgs):
    debit, credit = (args.payer, "premium-paid"), (args.payee, "premium-income")
    pay(ctx, args.key, args.amount_fen, debit=debit, credit=credit, memo="test")


def open_network():
    openings = Settings(tuple(Opening(owner, 1_000) for owner in OWNERS))
    return Network(catalogue(ledger.contract, cashier), settings=[("accounts", openings)])


def balance(network, owner, kind):
    found = network.tree.get("accounts", account(owner, kind))
    return found.balance_fen if found else 0


def test_opening_balances_come_from_equity():
    network = open_network()
    assert (balance(network, "ann", "cash"), balance(network, "ann", "equity")) == (1_000, -1_000)
    assert total_of_all_accounts(network.tree) == 0


def test_a_payment_is_balanced_within_each_owner():
    network = open_network()
    assert network.do("ann", "cashier.pay", PayArgs("p/1", "ann", "insurer-1", 360)).code == "ok"
    for owner, cash, kind, other in (("ann", 640, "premium-paid", 360), ("insurer-1", 1_360, "premium-income", -360)):
        assert (balance(network, owner, "cash"), balance(network, owner, kind)) == (cash, other)
    assert network.tree.get("postings", "p/1").lines[0] == ("ann/premium-paid", 360)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((("ann/cash", 5), ("bob/cash", -4)), "unbalanced_posting"),
        ((("ann/cash", 1_001), ("bob/cash", -1_001)), "insufficient_funds"),
        ((("ann/gold", 5), ("bob/cash", -5)), "contract_error"),
        (tuple((("ann/cash", 1) if i % 2 else ("bob/cash", -1)) for i in range(66)), "posting_too_long"),
    ],
)
def test_wrong_postings_are_refused_and_change_nothing(lines, code):
    network = open_network()
    before = dict(network.tree.items("accounts"))
    assert network.do("ann", "cashier.book", PostArgs("p/1", lines)).code == code
    assert dict(network.tree.items("accounts")) == before


def test_a_posting_is_booked_once_and_one_of_nothing_never():
    network = open_network()
    lines = (("ann/cash", -1), ("bob/cash", 1))
    codes = [network.do("ann", "cashier.book", PostArgs("p/1", lines)).code for _ in range(2)]
    assert codes == ["ok", "posting_exists"]
    assert network.do("ann", "cashier.book", PostArgs("p/2", (("ann/cash", 0),))).code == "ok"
    assert network.tree.get("postings", "p/2") is None


def test_cash_may_pass_below_zero_within_a_posting_but_not_end_there():
    network = open_network()
    lines = (("ann/cash", -1_500), ("bob/cash", 1_000), ("ann/cash", 500))
    assert network.do("ann", "cashier.book", PostArgs("p/1", lines)).code == "ok"
    assert balance(network, "ann", "cash") == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(OWNERS), st.integers(0, 700)), max_size=25))
def test_whatever_is_paid_money_is_conserved_and_cash_not_negative(payments):
    network = open_network()
    cash = dict.fromkeys(OWNERS, 1_000)
    for index, (payer, payee, amount) in enumerate(payments):
        outcome = network.do("ann", "cashier.pay", PayArgs(f"p/{index}", payer, payee, amount))
        assert outcome.code == ("ok" if cash[payer] >= amount or payer == payee else "insufficient_funds")
        if outcome.code == "ok":
            cash[payer] -= amount
            cash[payee] += amount
        assert total_of_all_accounts(network.tree) == 0
        assert overdrawn(network.tree) == ()
    assert {owner: balance(network, owner, "cash") for owner in OWNERS} == cash
