"""Normal-case operation, message by message."""

from __future__ import annotations

import pytest

from consensus.chain import Certificate, commit_bytes
from consensus.pbft.messages import CommitVote, Prepare, PrePrepare
from consensus.protocols import Slot, protocol
from consensus.quorum import byzantine_quorum
from consensus.vocabulary import Broadcast, Commit, LocalProtocolError, Persist
from tests.consensus.pbft.cluster import Cluster, ModelCrypto, make_block


@pytest.mark.parametrize("n", range(1, 11))
def test_a_block_is_decided_everywhere_for_every_n(n):
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver()
    assert cluster.heights() == [1] * n
    assert cluster.decided == {1: block.hash}


@pytest.mark.parametrize("n", [4, 5, 6, 7, 8, 9])
def test_a_certificate_holds_exactly_a_quorum_in_ascending_order(n):
    cluster = Cluster(n)
    cluster.propose(0)
    cluster.deliver()
    for node in cluster.nodes:
        certificate = node.image["certificates"][1]
        signers = [member for member, _ in certificate.signatures]
        assert len(signers) == byzantine_quorum(n)
        assert signers == sorted(set(signers))


def test_it_is_registered():
    entry = protocol("pbft")
    assert entry.replies(7) == 3
    assert entry.quorum(6) == 4
    assert entry.voters_of((0, 2, 3)) == (0, 2, 3)


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_prepared_needs_quorum_minus_one_backups_and_not_the_primary(n):
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    target = n - 1
    votes = [f for f in cluster.flights if f.to == target and isinstance(f.message, Prepare)]
    needed = byzantine_quorum(n) - 2  # its own is the one more
    for flight in votes[: needed - 1]:
        assert cluster.give(flight.sender, target, flight.message) == []
        assert cluster.give(flight.sender, target, flight.message) == []  # duplicates never count twice
    fake = Prepare(0, 1, block.hash, 0, ModelCrypto(0).sign(b"whatever"))
    cluster.give(0, target, fake)
    assert cluster.nodes[target].rejected[-1].reason == "PREPARE from the primary"
    effects = cluster.give(votes[needed - 1].sender, target, votes[needed - 1].message)
    assert [type(effect) for effect in effects] == [Persist, Broadcast]
    assert isinstance(effects[1].message, CommitVote)


def test_votes_are_durable_before_they_are_said():
    cluster = Cluster(4)
    slot = cluster.core(0).slot()
    effects = cluster.core(0).propose(0, make_block(slot, 0))
    assert [type(effect) for effect in effects][:2] == [Persist, Broadcast]


def test_the_window_bounds_blocks_in_flight_and_they_are_chained():
    cluster = Cluster(4)
    blocks = [cluster.propose(0) for _ in range(cluster.options.window)]
    assert cluster.core(0).slot() is None
    assert [block.parent for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
    cluster.deliver()
    assert cluster.heights() == [len(blocks)] * 4


def test_pre_prepares_that_arrive_in_reverse_wait_for_their_parents():
    cluster = Cluster(4)
    for _ in range(4):
        cluster.propose(0)
    cluster.flights.reverse()
    cluster.deliver()
    assert cluster.heights() == [4] * 4


def test_commits_may_arrive_before_everything_else():
    cluster = Cluster(4)
    block = cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3)
    cluster.deliver(lambda f: f.to == 3 and isinstance(f.message, CommitVote))
    assert cluster.nodes[3].height == 0
    cluster.deliver()
    assert cluster.nodes[3].image["blocks"][1] == block


def test_no_commit_is_said_before_the_heights_below_are_prepared():
    """Rule 3 of the chain rule: height 2 has all its PREPAREs, height 1 lacks them."""
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    cluster.deliver(lambda f: isinstance(f.message, Prepare) and f.message.height == 2)
    assert not [f for f in cluster.flights if isinstance(f.message, CommitVote)]
    cluster.deliver()
    assert cluster.heights() == [2] * 4


def test_a_block_that_must_wait_is_judged_again_after_a_commit():
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.propose(0, b"after 1")
    cluster.deliver()
    assert cluster.heights() == [2] * 4


def test_an_unacceptable_block_makes_backups_leave_the_view():
    cluster = Cluster(4)
    cluster.propose(0, b"bad")
    cluster.deliver()
    assert cluster.views() == [1] * 4
    assert cluster.heights() == [0] * 4
    assert cluster.core(1).slot() is not None


def test_a_block_whose_body_is_not_its_headers_is_unacceptable():
    cluster = Cluster(4, byzantine=[0])
    cluster.filter_sent = lambda _s, _t, m: (
        PrePrepare(m.view, type(m.block)(m.block.header, (b"other",)), m.signature) if isinstance(m, PrePrepare) else m
    )
    cluster.propose(0)
    cluster.deliver()
    assert cluster.heights()[1:] == [0] * 3
    assert cluster.views()[1:] == [1] * 3


def test_misuse_by_our_own_side_raises():
    cluster = Cluster(4)
    slot = cluster.core(0).slot()
    with pytest.raises(LocalProtocolError):
        cluster.core(1).propose(0, make_block(slot, 1))
    with pytest.raises(LocalProtocolError):
        cluster.core(0).propose(0, make_block(slot, 3))
    with pytest.raises(LocalProtocolError):
        cluster.core(0).timer(0, "raft.election")
    with pytest.raises(LocalProtocolError):
        cluster.core(0).adopt(0, make_block(type(slot)(height=2, parent=slot.parent, round=0), 0), None)


def test_an_observer_takes_no_part_and_adopts():
    cluster = Cluster(4, observers=1)
    block = cluster.propose(0)
    cluster.deliver()
    assert cluster.core(4).slot() is None
    assert cluster.core(4).status().role == "observer"
    assert cluster.core(4).receive(0, 0, PrePrepare(0, block, bytes(64))) == []
    cluster.catch_up(4, 0)
    assert cluster.nodes[4].height == 1


def test_an_adopted_block_moves_the_core_on():
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3)
    cluster.drop()
    cluster.catch_up(3, 0)
    cluster.propose(0)
    cluster.deliver()
    assert cluster.heights() == [2] * 4


def test_certifies_only_the_block_itself():
    cluster = Cluster(4)
    first = cluster.propose(0)
    second = cluster.propose(0)
    cluster.deliver()
    certificate = cluster.nodes[2].image["certificates"][1]
    assert cluster.core(3).certifies(first, certificate)
    assert not cluster.core(3).certifies(second, certificate)


def test_a_block_is_decided_in_the_view_that_proposed_it_or_a_later_one():
    cluster = Cluster(4)
    block = make_block(Slot(height=1, parent=cluster.core(0).slot().parent, round=2), 2)

    def of_view(view):
        data = commit_bytes(view, block.height, block.hash)
        return Certificate(view, block.height, block.hash, tuple((n, ModelCrypto(n).sign(data)) for n in range(3)))

    assert [cluster.core(3).certifies(block, of_view(view)) for view in (1, 2, 3)] == [False, True, True]


def test_a_commit_vote_signs_what_the_ledger_verifies():
    cluster = Cluster(4)
    block = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    vote = next(f.message for f in cluster.flights if isinstance(f.message, CommitVote))
    assert vote.signature == ModelCrypto(vote.replica).sign(commit_bytes(0, 1, block.hash))


def test_decided_blocks_are_forgotten_in_memory_and_on_disk():
    cluster = Cluster(4)
    for _ in range(20):
        cluster.propose(0)
        cluster.deliver()
    core = cluster.core(2)
    assert list(core._context.log.entries()) == []
    assert list(cluster.nodes[2].image["pbft.accepted"]) == [17, 18, 19, 20], "down to the stable checkpoint"
    assert list(cluster.nodes[2].image["pbft.prepared"]) == [17, 18, 19, 20]


def test_one_member_decides_alone():
    cluster = Cluster(1)
    effects = cluster.core(0).propose(0, make_block(cluster.core(0).slot(), 0))
    kinds = [type(effect) for effect in effects if not hasattr(effect, "name")]
    assert kinds == [Commit, Persist, Broadcast, Broadcast]
