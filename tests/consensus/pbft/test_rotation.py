"""Turns of proposers: counted alike by everyone, passed over when silent, and never at the price of a decision."""

from __future__ import annotations

import pytest

from consensus.pbft import Options
from consensus.pbft.messages import CommitVote, NewView, ViewChange
from consensus.vocabulary import MILLISECOND, SECOND
from tests.consensus.pbft.cluster import Cluster

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
