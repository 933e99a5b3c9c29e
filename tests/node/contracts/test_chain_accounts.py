"""One account for each user, whoever asks, how often and in which order."""

import itertools

import pytest

from node.contracts.chain_accounts import MapArgs, account_of
from tests.node.contracts.network import Network

USER = "ab" * 32
CALLS = (("insurer-1", "ann"), ("insurer-2", "ann"), ("bureau", "ann"))


@pytest.mark.parametrize(
    "order", list(itertools.permutations(CALLS)), ids=lambda order: " ".join(who for who, _ in order)
)
def test_calls_at_the_same_time_make_one_account_and_one_state(order):
    network = Network()
    asked = [network.transaction(who, "chain-accounts.map", MapArgs(USER, wallet)) for who, wallet in order]
    outcomes = network.run(*asked).outcomes
    assert [outcome.output["created"] for outcome in outcomes] == [True, False, False]
    assert {outcome.output["account"] for outcome in outcomes} == {account_of(USER)}
    assert [key for key, _ in network.tree.items("chain_accounts")] == [USER]
    other = Network()
    other.do(*order[-1][:1], "chain-accounts.map", MapArgs(USER, "ann"))
    assert dict(other.tree.items("chain_accounts")) == dict(network.tree.items("chain_accounts"))


@pytest.mark.parametrize(
    ("who", "wallet", "code"),
    [
        ("insurer-1", "bob", "mapped_to_another_wallet"),
        ("bob", "bob", "role_not_allowed"),
        ("bureau", "x", "wrong_role"),
    ],
)
def test_nobody_gets_anothers(who, wallet, code):
    network = Network()
    network.do("insurer-1", "chain-accounts.map", MapArgs(USER, "ann"))
    assert network.do(who, "chain-accounts.map", MapArgs(USER, wallet)).code == code


def test_accounts_differ_and_do_not_tell_the_user():
    found = {account_of(f"{number:064x}") for number in range(2_000)}
    assert len(found) == 2_000
    assert not any(account[:8] == f"{number:064x}"[:8] for number, account in enumerate(sorted(found)))
