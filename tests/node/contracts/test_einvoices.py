"""The bureau's register of e-invoices: settled once, by bureau and hospital together."""

from node.contracts.einvoices import EInvoice, RegisterArgs
from tests.node.contracts.network import Network

TOKEN = "ab" * 32


def register(net, who="bureau", hospital="hospital-1", total=325_500, cosigners=("hospital-1",)):
    args = RegisterArgs(token=TOKEN, hospital=hospital, total_fen=total)
    return net.do(who, "einvoices.register", args, at=7, cosigners=cosigners)


def test_an_invoice_is_registered_once():
    net = Network()
    assert register(net).code == "ok"
    assert net.tree.get(EInvoice.namespace, TOKEN) == EInvoice(hospital="hospital-1", total_fen=325_500, settled_ms=7)
    assert register(net, total=1).code == "registered_already"
    assert net.tree.get(EInvoice.namespace, TOKEN).total_fen == 325_500


def test_it_takes_both_of_them():
    assert register(Network(), cosigners=()).code == "signature_missing"
    assert register(Network(), who="hospital-1", cosigners=("bureau",)).code == "role_not_allowed"
    assert register(Network(), hospital="bob", cosigners=("bob",)).code == "wrong_role"
