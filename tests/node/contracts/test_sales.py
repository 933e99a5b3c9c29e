"""Disclosures before a sale: who may make one, and make it anew."""

from node.contracts.sales import ConfirmArgs, DiscloseArgs
from node.contracts.underwriting import Application
from tests.node.contracts.network import Network
from tests.node.contracts.policy.kit import blank

SALE = "ann/77"
TERMS, OTHERS = "aa" * 32, "bb" * 32


def applied():
    network = Network()
    application = blank(Application, state="ACCEPTED", applicant="ann", insurer="insurer-1")
    network.tree = network.tree.update({("applications", SALE): application})
    return network


def disclose(network, who, terms=TERMS):
    return network.do(who, "sales.disclose", DiscloseArgs(SALE, terms)).code


def test_no_other_agent_takes_the_place_of_a_disclosure():
    network = applied()
    assert disclose(network, "insurer-2") == "wrong_insurer"
    assert disclose(network, "insurer-1") == "ok"
    assert disclose(network, "broker", OTHERS) == "other_agent"
    confirmed = ConfirmArgs(SALE, TERMS, OTHERS)
    assert network.do("ann", "sales.confirm", confirmed).code == "ok"
    assert disclose(network, "insurer-1") == "disclosed_already"


def test_the_insurer_may_take_the_place_of_a_broker_who_told_something_else():
    network = applied()
    assert disclose(network, "broker", OTHERS) == "ok"
    assert disclose(network, "broker", OTHERS) == "ok"
    assert disclose(network, "insurer-1") == "ok"
