"""The oracle of executions: it speaks up for each way to pay twice or to acknowledge what is not so."""

import pytest

from consensus.chain import BLOCKS
from consensus.properties import Violation
from consensus.vocabulary import Put, Trace
from scenarios import adversary
from scenarios.adversary import OnceOnly
from scenarios.runner.conductor import Acknowledged
from tests.node.lab import Net, block_on, transfer
from tests.scenarios.runner.steps import step


@pytest.fixture
def replica():
    return Net()[0].replica


@pytest.fixture
def oracle():
    return OnceOnly()


def durable(oracle, *blocks, node=0, now=1):
    oracle.on_durable(now, node, 0, tuple(Put(BLOCKS, block.height, block) for block in blocks), {})


def told(oracle, number=1, height=1):
    item = Acknowledged(
        step=step(number), position=0, code="ok", output=None, height=height, receipt="", called_ns=0, returned_ns=1
    )
    for trace in (Trace("other"), Trace("acknowledged", (item,))):
        oracle.on_trace(5, 9, 0, trace)


def test_the_face_of_the_room():
    assert all(hasattr(adversary, name) for name in adversary.__all__)
    assert {"OnceOnly", "check"} <= set(adversary.__all__)


def test_one_chain_at_many_nodes_is_no_violation(oracle, replica):
    first = block_on(replica, [transfer(1)])
    second = block_on(replica, [transfer(2)], parent=first)
    for node in range(3):
        durable(oracle, first, second, node=node)
    told(oracle, number=2, height=2)
    assert oracle.acknowledged == 1


def test_a_claim_at_two_heights_pays_twice(oracle, replica):
    first = block_on(replica, [transfer(1)])
    durable(oracle, first)
    with pytest.raises(Violation, match="no double payment"):
        durable(oracle, block_on(replica, [transfer(1, amount=9)], parent=first), node=1)


def test_a_claim_in_two_blocks_of_one_height_pays_twice(oracle, replica):
    durable(oracle, block_on(replica, [transfer(1)]))
    with pytest.raises(Violation, match="no double payment"):
        durable(oracle, block_on(replica, [transfer(1)], round_=1), node=1)


def test_a_claim_twice_in_one_block_pays_twice(oracle, replica):
    with pytest.raises(Violation, match="holds one claim twice"):
        durable(oracle, block_on(replica, [transfer(1), transfer(1, amount=9)]))


def test_an_acknowledgement_of_what_stands_nowhere_is_a_lie(oracle):
    with pytest.raises(Violation, match="nowhere"):
        told(oracle)


def test_an_acknowledgement_at_another_height_is_a_lie(oracle, replica):
    durable(oracle, block_on(replica, [transfer(1)]))
    with pytest.raises(Violation, match="at height 1"):
        told(oracle, height=2)


def test_records_that_are_no_blocks_do_not_concern_it(oracle):
    oracle.on_durable(1, 0, 0, (Put("raft.log", 1, object()),), {})
    assert oracle.acknowledged == 0
