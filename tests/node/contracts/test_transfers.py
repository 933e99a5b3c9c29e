"""Transfers: the plainest contract there is."""

import pytest

from node.contracts.accounts import Opening, Settings, total_of_all_accounts
from node.contracts.transfers import SendArgs
from tests.node.contracts.network import Network


@pytest.fixture
def network():
    return Network(settings=[("accounts", Settings((Opening("ann", 1_000), Opening("bob", 50))))])


def cash(network, who):
    found = network.tree.get("accounts", f"{who}/cash")
    return found.balance_fen if found else 0


def test_money_goes_from_the_client_to_the_payee(network):
    outcome = network.do("ann", "transfers.send", SendArgs("bob", 300))
    assert (outcome.code, outcome.output) == ("ok", {"paid_fen": 300})
    assert (cash(network, "ann"), cash(network, "bob")) == (700, 350)


def test_all_of_it_may_go_and_not_a_fen_more(network):
    assert network.do("ann", "transfers.send", SendArgs("bob", 1_000)).code == "ok"
    assert network.do("ann", "transfers.send", SendArgs("bob", 1)).code == "insufficient_funds"
    assert (cash(network, "ann"), cash(network, "bob")) == (0, 1_050)


def test_money_to_a_stranger_stays_where_it_is(network):
    assert network.do("ann", "transfers.send", SendArgs("nobody", 1)).code == "unknown_payee"
    assert cash(network, "ann") == 1_000


def test_money_to_oneself_changes_nothing(network):
    network.do("ann", "transfers.send", SendArgs("ann", 400))
    assert cash(network, "ann") == 1_000
    assert total_of_all_accounts(network.tree) == 0


@pytest.mark.parametrize("amount", [-1, 2**63, "300", 3.5])
def test_an_amount_that_is_none_is_refused_and_nothing_moves(network, amount):
    assert network.do("ann", "transfers.send", ["bob", amount]).code == "arguments_invalid"
    assert (cash(network, "ann"), cash(network, "bob")) == (1_000, 50)


def test_what_is_paid_is_the_clients_and_never_a_co_signers(network):
    outcome = network.do("bob", "transfers.send", SendArgs("bureau", 100), cosigners=("ann",))
    assert (outcome.code, cash(network, "ann")) == ("insufficient_funds", 1_000)


def test_a_transfer_sent_twice_is_paid_once(network):
    transaction = network.transaction("ann", "transfers.send", SendArgs("bob", 300))
    codes = [outcome.code for outcome in network.run(transaction, transaction).outcomes]
    assert codes == ["ok", "duplicate"]
    assert cash(network, "bob") == 350
