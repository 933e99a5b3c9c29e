"""Nothing is ordered unasked, and nothing is believed on too few words."""

import pytest

from consensus.properties import Violation
from consensus.vocabulary import Broadcast, Commit, Reply, Send, Trace
from network.requests import Receipt, ReceiptEntry, Submit
from network.virtual.bare.blocks import CHANGE, request
from network.virtual.bare.messages import Done, Request
from scenarios.adversary.client_oracles import EnoughWords, TrueAnswers, Validity
from scenarios.runner.conductor import Acknowledged
from tests.node.lab import Net, block_on, transfer
from tests.scenarios.runner.steps import step

CLIENTS = 9


def decided(*raws):
    block = block_on(Net()[0].replica, raws)
    return Commit(block.height, block, None)


def test_what_a_client_asked_for_may_be_decided_by_everybody():
    oracle = Validity(CLIENTS)
    oracle.on_leave(1, CLIENTS, 1, Send(0, Submit("ann", (transfer(1), transfer(2)))), {})
    oracle.on_leave(1, CLIENTS, 1, Broadcast(Request(7), to=(0,)), {})
    for node in range(2):
        oracle.on_commit(2, node, 1, decided(transfer(2), request(7)))
    assert len(oracle._judged) == 1


@pytest.mark.parametrize("raw", [transfer(3), request(8), CHANGE + b"x"], ids=["transfer", "request", "change"])
def test_what_nobody_asked_for_is_not_valid(raw):
    oracle = Validity(CLIENTS)
    oracle.on_leave(1, 0, 1, Send(1, Submit("ann", (raw,))), {})  # a node asks, no client
    with pytest.raises(Violation, match=r"validity: node 0\.1 at 2 ns decides .* proposed by node 0; but nobody asked"):
        oracle.on_commit(2, 0, 1, decided(raw))


def test_the_network_s_own_transactions_and_liars_are_spared():
    oracle = Validity(CLIENTS, CHANGE, liars=frozenset({1}))
    oracle.on_commit(2, 0, 1, decided(CHANGE + b"x"))
    oracle.on_commit(2, 1, 1, decided(transfer(1)))
    assert len(oracle._judged) == 1


def test_a_request_stands_in_the_block_that_a_client_is_told_of():
    oracle = TrueAnswers(liars=frozenset({3}))
    done = decided(request(7), request(8))
    oracle.on_commit(2, 0, 1, done)
    oracle.on_leave(3, 1, 1, Reply("c", Done(8, 1, done.block.hash)), {})
    oracle.on_leave(3, 3, 1, Reply("c", Done(9, 1, done.block.hash)), {})
    for wrong in (Done(9, 1, done.block.hash), Done(8, 1, bytes(32))):
        with pytest.raises(Violation, match=r"true answers: node 1\.1 at 4 ns says that request"):
            oracle.on_leave(4, 1, 1, Reply("c", wrong), {})


def receipt(height=4, code="ok", number=1, client="ann"):
    return Receipt(client, height, bytes(32), (ReceiptEntry(number, bytes(32), code, b""),), bytes(64))


def believed(oracle, height=4, code="ok"):
    item = Acknowledged(
        step=step(1), position=0, code=code, output=None, height=height, receipt="", called_ns=0, returned_ns=1
    )
    oracle.on_trace(9, CLIENTS, 1, Trace("acknowledged", (item,)))


@pytest.fixture
def oracle():
    return EnoughWords(CLIENTS, (0, 1, 2, 3), 2)


def test_two_equal_words_are_enough(oracle):
    client = step(1).client
    for sender, told in ((0, receipt(client=client)), (1, receipt(5, client=client)), (2, receipt(client=client))):
        oracle.on_receive(5, CLIENTS, 1, sender, told)
    oracle.on_receive(5, 0, 1, 1, receipt(client=client))  # not the clients' ears
    believed(oracle)
    assert oracle.believed == 1


@pytest.mark.parametrize(
    "words",
    [
        [(0, 4, "ok")],
        [(0, 4, "ok"), (0, 4, "ok")],
        [(0, 4, "ok"), (1, 5, "ok")],
        [(0, 4, "ok"), (1, 4, "insufficient_funds")],
        [(0, 4, "ok"), (7, 4, "ok")],
        [(0, 4, "ok"), (1, 4, "ok"), (1, 5, "ok")],
        [(0, 5, "ok"), (1, 5, "ok")],
    ],
    ids=["one", "one twice", "two heights", "two outcomes", "no voter", "a word taken back", "another height"],
)
def test_less_is_not(oracle, words):
    for sender, height, code in words:
        oracle.on_receive(5, CLIENTS, 1, sender, receipt(height, code, client=step(1).client))
    with pytest.raises(Violation, match=r"equal replies: .*of the 2 equal words it needs it heard"):
        believed(oracle)


def test_other_traces_do_not_concern_it(oracle):
    oracle.on_trace(9, CLIENTS, 1, Trace("answered", ()))
    oracle.on_trace(9, 0, 1, Trace("acknowledged", ()))
    assert oracle.believed == 0
