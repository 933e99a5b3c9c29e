"""Proposals: which blocks this node accepts, and what it remembers of those that are not decided yet."""

import pytest

from consensus.chain import Block
from consensus.protocols import Verdict
from node import proposals as room
from node.business_clock import Horizon
from node.ledger.transaction import Transaction, encode_transaction
from node.proposals import Proposals
from tests.node.lab import NETWORK, Net, block_on, transaction, transfer


@pytest.fixture
def replica():
    """A replica whose chain holds one block, with ann's number 1 in it."""
    net = Net()
    net.submit(0, transfer(1))
    assert net[0].chain.height == 1
    return net[0].replica


@pytest.fixture
def proposals(replica):
    members = replica.chain.head.header.members
    return Proposals(replica.chain, Net().common.admission, NETWORK, members, Horizon(None))


def refusal(proposals, block):
    assert proposals.judge(block) is Verdict.REJECT
    return proposals.reason


def test_a_block_of_fresh_transactions_on_the_head_is_accepted(replica, proposals):
    assert proposals.judge(block_on(replica, [transfer(2), transfer(1, "bob")])) is Verdict.ACCEPT


def test_an_empty_block_is_accepted(replica, proposals):
    assert proposals.judge(block_on(replica, [])) is Verdict.ACCEPT


def test_a_transaction_that_was_executed_is_not_accepted_again(replica, proposals):
    assert refusal(proposals, block_on(replica, [transfer(1)])) == "ann's number 1 is used already"


def test_one_claim_twice_in_a_block_is_refused(replica, proposals):
    block = block_on(replica, [transfer(2), transfer(2, amount=9)])
    assert refusal(proposals, block) == "ann's number 2 is used already"


def test_a_claim_of_an_undecided_ancestor_is_refused(replica, proposals):
    first = block_on(replica, [transfer(2)])
    second = block_on(replica, [transfer(3)], parent=first)
    third = block_on(replica, [transfer(2, amount=9)], parent=second)
    assert proposals.judge(first) is proposals.judge(second) is Verdict.ACCEPT
    assert refusal(proposals, third) == "ann's number 2 is used already"


def test_a_claim_of_a_rival_block_at_the_same_height_does_not_count(replica, proposals):
    assert proposals.judge(block_on(replica, [transfer(2)], round_=1)) is Verdict.ACCEPT
    assert proposals.judge(block_on(replica, [transfer(2)], round_=2)) is Verdict.ACCEPT


def test_a_forged_transaction_spoils_its_block(replica, proposals):
    block = block_on(replica, [transfer(2), transfer(3, signers={"ann": "stranger"})])
    assert refusal(proposals, block) == "the signature of ann does not verify"


def test_so_does_one_from_which_a_lying_leader_took_a_co_signature(replica, proposals):
    whole = transaction(2, signers={"ann": "ann", "bob": "bob"})
    stripped = encode_transaction(Transaction(whole.body, whole.signatures[:1]))
    assert refusal(proposals, block_on(replica, [stripped])) == "the signature of ann does not verify"
    assert proposals.judge(block_on(replica, [encode_transaction(whole)])) is Verdict.ACCEPT


def test_another_networks_block_is_refused(replica, proposals):
    assert "belongs to network 'other'" in refusal(proposals, block_on(replica, [], network="other"))


def test_a_wrong_state_root_is_refused_and_forgotten(replica, proposals):
    block = block_on(replica, [transfer(2)], state=bytes(32))
    assert refusal(proposals, block) == "states a root for height 1 that is not ours"
    assert proposals.claimed(block.hash) == set()


def test_an_earlier_height_may_be_stated_with_its_own_root(replica, proposals):
    root = replica.chain.root(0)
    assert proposals.judge(block_on(replica, [], state_height=0, state=root)) is Verdict.ACCEPT
    assert proposals.judge(block_on(replica, [], state_height=0)) is Verdict.REJECT


def test_a_block_that_states_a_later_state_waits_and_is_remembered(replica, proposals):
    first = block_on(replica, [transfer(2)])
    ahead = block_on(replica, [transfer(3)], parent=first, state_height=2)
    proposals.judge(first)
    assert proposals.judge(ahead) is Verdict.WAIT
    assert proposals.claimed(ahead.hash) == {("ann", 2), ("ann", 3)}


def test_a_bad_body_is_refused_though_its_state_is_unknown_here(replica, proposals):
    ahead = block_on(replica, [transfer(1)], parent=block_on(replica, []), state_height=2)
    assert proposals.judge(ahead) is Verdict.REJECT


def test_a_body_swapped_under_a_known_header_is_refused(replica, proposals):
    block = block_on(replica, [transfer(2)])
    proposals.judge(block)
    assert "transaction root" in refusal(proposals, Block(block.header, (transfer(3),)))


def test_a_swapped_body_does_not_make_us_forget_the_true_one(replica, proposals):
    block = block_on(replica, [transfer(2)])
    proposals.judge(block)
    proposals.judge(Block(block.header, (transfer(3),)))
    assert proposals.claimed(block.hash) == {("ann", 2)}


def test_what_is_decided_is_forgotten_with_its_rivals(replica, proposals):
    first = block_on(replica, [transfer(2)], round_=1)
    rival = block_on(replica, [transfer(2)], round_=2)
    above = block_on(replica, [transfer(3)], parent=first)
    for block in (first, rival, above):
        proposals.judge(block)
    proposals.decided(first.height)
    assert proposals.claimed(rival.hash) == set()
    assert proposals.claimed(above.hash) == {("ann", 3)}


def test_a_flood_of_proposals_is_bounded(replica, proposals, monkeypatch):
    monkeypatch.setattr(room, "UNDECIDED_MAX", 5)
    for round_ in range(50):
        proposals.judge(block_on(replica, [], round_=round_))
    assert len(proposals._undecided) == 5
