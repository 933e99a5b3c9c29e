"""Receipts: one signed word per client and block, the same however often it is asked for."""

import msgspec
import pytest

from network.requests import Receipt, receipt_bytes
from node import receipts as room
from node.contracts.runtime import DUPLICATE, Execution, Outcome
from node.receipts import Receipts
from tests.node.lab import KEYS, NETWORK, Net, block_on


@pytest.fixture(scope="module")
def block():
    return block_on(Net()[0].replica, [])


@pytest.fixture
def receipts():
    return Receipts(NETWORK, KEYS.sign("member-0"))


def execution(*outcomes):
    """Outcomes as (client, number[, code])."""
    return Execution(
        tree=None,
        outcomes=tuple(
            Outcome(bytes(32), client, number, code[0] if code else "ok", {"b": 1, "a": [2]})
            for client, number, *code in outcomes
        ),
    )


def numbers(effects):
    return [(effect.client, [entry.number for entry in effect.message.entries]) for effect in effects]


def test_each_client_gets_one_receipt_for_all_it_has_in_a_block(receipts, block):
    claims = receipts.record(block, execution(("bob", 1), ("ann", 5), ("bob", 2)))
    assert claims == [("bob", 1), ("ann", 5)]
    assert numbers(receipts.replies(claims)) == [("bob", [1, 2]), ("ann", [5])]


def test_a_receipt_is_signed_by_the_node_over_exactly_what_it_says(receipts, block):
    claims = receipts.record(block, execution(("ann", 1)))
    [reply] = receipts.replies(claims)
    receipt = reply.message
    assert (reply.client, receipt.height, receipt.block) == ("ann", block.height, block.hash)
    data = receipt_bytes(NETWORK, receipt.client, receipt.height, receipt.block, receipt.entries)
    assert receipt.signature == KEYS.sign("member-0")(data)


def test_an_output_is_encoded_with_its_keys_in_order(receipts, block):
    [reply] = receipts.replies(receipts.record(block, execution(("ann", 1))))
    assert list(msgspec.msgpack.decode(reply.message.entries[0].output)) == ["a", "b"]


def test_asking_again_gives_the_same_receipt(receipts, block):
    claims = receipts.record(block, execution(("ann", 1), ("ann", 2)))
    assert receipts.replies([("ann", 2)]) == receipts.replies(claims)


def test_retries_of_one_block_are_answered_once(receipts, block):
    receipts.record(block, execution(*(("ann", number) for number in range(100))))
    assert len(receipts.replies(("ann", number) for number in range(100))) == 1


def test_a_claim_never_executed_is_not_answered(receipts, block):
    receipts.record(block, execution(("ann", 1)))
    assert receipts.replies([("ann", 2), ("bob", 1)]) == []


def test_a_duplicate_does_not_take_the_place_of_the_first_receipt(receipts, block):
    first = receipts.replies(receipts.record(block, execution(("ann", 1))))
    assert receipts.record(block, execution(("ann", 1, DUPLICATE))) == []
    assert receipts.replies([("ann", 1)]) == first


def test_what_follows_a_duplicate_in_its_block_is_answered(receipts, block):
    receipts.record(block, execution(("ann", 1)))
    claims = receipts.record(block, execution(("ann", 1, DUPLICATE), ("ann", 2)))
    assert numbers(receipts.replies(claims)) == [("ann", [2])]


def test_the_oldest_receipts_are_forgotten_first(receipts, block, monkeypatch):
    monkeypatch.setattr(room, "KEPT_MAX", 3)
    for number in range(10):
        receipts.record(block, execution(("ann", number)))
    assert [n for n in range(10) if receipts.replies([("ann", n)])] == [7, 8, 9]


def test_receipts_differ_between_networks(block):
    here, there = (Receipts(network, KEYS.sign("member-0")) for network in ("here", "there"))
    for receipts in (here, there):
        receipts.record(block, execution(("ann", 1)))
    [one], [other] = here.replies([("ann", 1)]), there.replies([("ann", 1)])
    assert isinstance(one.message, Receipt)
    assert one.message.signature != other.message.signature
