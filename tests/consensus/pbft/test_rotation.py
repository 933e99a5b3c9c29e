"""Turns of proposers: counted alike by everyone, passed over when silent, and never at the price of a decision."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from consensus.pbft import Options
from consensus.pbft.certificates import pre_prepare_bytes
from consensus.pbft.early import Early
from consensus.pbft.messages import CommitVote, NewView, PrePrepare, ViewChange
from consensus.protocols import Slot
from consensus.vocabulary import MILLISECOND, SECOND
from tests.consensus.pbft.cluster import Cluster, ModelCrypto, make_block

SIZES = [4, 5, 7]


def proposers(cluster, node=0):
    """Who proposed each decided block, from height 1 up."""
    blocks = cluster.nodes[node].image.get("blocks", {})
    return [blocks[height].header.proposer for height in sorted(blocks)]


def turns(cluster, number, count=8):
    context = cluster.core(number)._context
    first = context.log.committed.height + 1
    return [context.proposer(height) for height in range(first, first + count)]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("every", [1, 3])
def test_everyone_proposes_in_turn(n, every):
    cluster = Cluster(n, options=Options(rotate_every=every, checkpoint_interval=128))
    cluster.demand()
    cluster.run(cluster.all_at(2 * n * every))
    once_round = [member for member in range(n) for _ in range(every)]
    assert proposers(cluster)[: 2 * n * every] == once_round * 2
    assert cluster.views() == [0] * n


@pytest.mark.parametrize("n", SIZES)
def test_a_silent_proposer_costs_one_timeout_a_checkpoint(n):
    options = Options(rotate_every=1, checkpoint_interval=4 * n)
    cluster = Cluster(n, options=options)
    cluster.crash(2)
    cluster.demand()
    cluster.run(cluster.all_at(8 * n - 1, [node for node in range(n) if node != 2]))
    assert 2 not in proposers(cluster)
    assert max(cluster.views()) == 3  # from view 0 to 1, and at the checkpoint to 3: view 2 would be its own


def test_without_a_blacklist_it_would_be_one_each_round(monkeypatch):
    """The measure of the test above: the list is what saves the timeouts."""
    monkeypatch.setattr("consensus.pbft.rotation.Rotation._blamed", lambda *_: ())
    cluster = Cluster(4, options=Options(rotate_every=1, checkpoint_interval=16))
    cluster.crash(2)
    cluster.demand()
    cluster.run(cluster.all_at(31, [0, 1, 3]), limit_ns=200 * SECOND)
    assert max(cluster.views()) > 6


def test_at_most_f_are_passed_over():
    """Four views fail in a row; of seven, the two that failed last are listed."""
    cluster = Cluster(7, options=Options(rotate_every=1))
    for _ in range(4):
        cluster.demand()
        for number in range(7):
            cluster.fire(number, "pbft.view-change")
        cluster.deliver(lambda flight: isinstance(flight.message, ViewChange | NewView))
    assert set(cluster.views()) == {4}
    assert turns(cluster, 6, 5) == [4, 5, 6, 0, 1]


def test_a_restarted_replica_counts_the_turns_as_before():
    cluster = Cluster(4, options=Options(rotate_every=1, checkpoint_interval=16))
    cluster.crash(2)
    cluster.demand()
    cluster.run(cluster.all_at(9, [0, 1, 3]))
    cluster.demand(waiting=False)
    cluster.run(lambda: len(set(cluster.heights()[:2] + cluster.heights()[3:])) == 1)
    before = turns(cluster, 0)
    assert 2 not in before[:4]
    cluster.crash(0)
    cluster.restart(0)
    assert turns(cluster, 0) == before == turns(cluster, 1)


def test_a_replica_that_lags_knows_no_turn_until_it_has_the_blocks():
    """Height 1 is decided by the others; node 3 hears the NEW-VIEW above it, and nothing else."""
    cluster = Cluster(4, options=Options(rotate_every=1))
    cluster.propose(0)
    cluster.deliver(lambda flight: flight.to != 3)
    cluster.drop()
    cluster.demand(0, 1, 2)
    for number in (0, 1, 2):
        cluster.fire(number, "pbft.view-change")
    cluster.deliver(lambda flight: isinstance(flight.message, ViewChange | NewView))
    assert cluster.views() == [2] * 4  # view 1 is R1's, whose turn ended view 0: passed over
    assert turns(cluster, 3, 3) == [2, None, None]
    cluster.catch_up(3, 0)
    assert turns(cluster, 3, 3) == turns(cluster, 0, 3) == [2, 3, 0]


def late_for_view_1(cluster):
    """All leave view 0; node 3 has yet to hear the NEW-VIEW, in which the others decide two blocks of two proposers."""
    cluster.demand()
    for number in range(4):
        cluster.fire(number, "pbft.view-change")
    cluster.deliver(lambda flight: isinstance(flight.message, ViewChange))
    cluster.deliver(lambda flight: isinstance(flight.message, NewView) and flight.to != 3)
    view = cluster.views()[0]
    for proposer in (view % 4, (view + 1) % 4):
        cluster.propose(proposer)
        cluster.deliver(lambda flight: flight.to != 3)


def test_blocks_that_overtake_the_new_view_wait_for_it():
    cluster = Cluster(4, options=Options(rotate_every=1))
    late_for_view_1(cluster)
    cluster.deliver(lambda flight: not isinstance(flight.message, NewView))
    assert (cluster.heights()[3], cluster.core(3).status().round) == (0, cluster.views()[0])
    cluster.deliver()
    assert cluster.heights() == [2] * 4  # nothing was sent again


def test_of_each_sender_one_waits_and_nobody_takes_another_s_place():
    """Of the highest view, and there of the lowest height; whose turn it is, is asked when the view begins."""
    early = Early()
    for sender, view, height in ((2, 3, 9), (2, 3, 7), (2, 3, 8), (1, 3, 8), (2, 2, 1), (3, 9, 1), (0, 2, 1)):
        early.keep(sender, SimpleNamespace(view=view, block=SimpleNamespace(height=height)))
    assert [(sender, message.block.height) for sender, message in early.take(3)] == [(1, 8), (2, 7)]
    assert early.take(3) == []
    assert [sender for sender, _ in early.take(9)] == [3]


def test_a_block_out_of_turn_that_overtakes_the_new_view_comes_to_nothing():
    """Node 0 has been passed over; its block for a height of another comes first, and is no answer to theirs."""
    cluster = Cluster(4, options=Options(rotate_every=1), byzantine=[0])
    late_for_view_1(cluster)
    view = cluster.core(3).status().round
    block = make_block(Slot(2, cluster.decided[1], view), 0, (b"not mine to propose",))
    signature = ModelCrypto(0).sign(pre_prepare_bytes(view, block.height, block.hash))
    cluster.give(0, 3, PrePrepare(view, block, signature))
    cluster.deliver(lambda flight: not isinstance(flight.message, NewView))
    cluster.deliver()
    assert cluster.heights() == [2] * 4


@pytest.mark.parametrize("n", SIZES)
def test_a_block_decided_at_one_replica_survives_the_next_turn_and_view(n):
    cluster = Cluster(n, options=Options(rotate_every=1, view_change_timeout_ns=500 * MILLISECOND))
    cluster.propose(0)
    cluster.deliver()
    block = cluster.propose(1)
    cluster.deliver(lambda flight: not isinstance(flight.message, CommitVote) or flight.to == n - 1)
    assert cluster.heights() == [1] * (n - 1) + [2]
    cluster.drop()
    cluster.crash(n - 1)
    up = list(range(n - 1))
    cluster.demand(*up)
    cluster.run(cluster.all_at(4, up))
    assert cluster.decided[2] == block.hash
    assert max(cluster.views()) >= 1
