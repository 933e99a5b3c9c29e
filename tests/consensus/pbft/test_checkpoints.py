"""Checkpoints: when they become stable, what moves with them, and what is refused."""

from __future__ import annotations

import pytest

from consensus.pbft import Options
from consensus.pbft.messages import Checkpoint, CommitVote, FetchStable, PrePrepare, StableCheckpoint
from consensus.snapshots import checkpoint_bytes
from consensus.vocabulary import Rejected
from tests.consensus.pbft.cluster import Cluster, ModelCrypto

SHORT = Options(checkpoint_interval=2, log_size=4, window=4)


def decide(cluster, count, where=lambda _: True, *, proposer=0):
    for _ in range(count):
        cluster.propose(proposer)
        cluster.deliver(where)


def no_checkpoints(flight):
    return not isinstance(flight.message, Checkpoint)


def vote(height, digest, replica):
    return Checkpoint(height, digest, replica, ModelCrypto(replica).sign(checkpoint_bytes(height, digest)))


def certificate(height, digest, replicas):
    return StableCheckpoint(height, digest, tuple((r, vote(height, digest, r).signature) for r in replicas))


@pytest.mark.parametrize("n", [1, 4, 5, 6, 7, 8])
def test_a_checkpoint_is_stable_with_exactly_a_quorum_that_executed_it(n):
    cluster = Cluster(n, options=SHORT)
    decide(cluster, 2, no_checkpoints)
    votes = [f for f in cluster.flights if isinstance(f.message, Checkpoint) and f.to == 0]
    for flight in votes[: cluster.quorum - 2]:
        cluster.give(flight.sender, 0, flight.message)
    assert cluster.core(0).status().height == 2
    assert cluster.nodes[0].stable == (0 if n > 1 else 2)
    cluster.deliver()
    assert [node.stable for node in cluster.nodes] == [2] * n


def test_nothing_is_accepted_outside_the_window_and_the_primary_says_why_it_stops():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 4, no_checkpoints)
    assert cluster.core(0).slot() is None
    assert cluster.core(0).status().busy == "the log is full: height 4 is 4 above the last stable checkpoint"
    cluster.deliver()
    assert cluster.core(0).slot().height == 5
    assert cluster.core(0).status().busy is None


def test_garbage_goes_when_a_checkpoint_is_stable():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 3, no_checkpoints)
    spaces = ("pbft.accepted", "pbft.prepared")
    assert [sorted(cluster.nodes[1].image[space]) for space in spaces] == [[1, 2, 3]] * 2
    cluster.deliver()
    assert [sorted(cluster.nodes[1].image[space]) for space in spaces] == [[3]] * 2
    assert list(cluster.nodes[1].image["pbft.checkpoint"]) == ["stable"]


def test_digests_are_compared_and_a_quorum_must_agree():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 2, no_checkpoints)
    cluster.drop()
    core = cluster.core(0)
    cluster.give(1, 0, vote(2, bytes(32), 1))
    cluster.give(2, 0, vote(2, bytes(32), 2))
    assert cluster.nodes[0].stable == 0
    assert not core._context.diverged, "f + 1 liars prove nothing"
    cluster.give(3, 0, vote(2, cluster.canonical(2), 3))
    assert cluster.nodes[0].stable == 0


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Checkpoint(2, bytes(32), 1, bytes(64)), "CHECKPOINT with a bad signature"),
        (vote(2, bytes(32), 2), "CHECKPOINT in the name of 2"),
        (vote(3, bytes(32), 1), "CHECKPOINT at height 3, where there is none"),
        (vote(0, bytes(32), 1), "CHECKPOINT at height 0, where there is none"),
        (certificate(3, bytes(32), (0, 1, 2)), "certificate of a checkpoint at height 3, where there is none"),
        (certificate(2, bytes(32), (0, 1)), "CHECKPOINTs are needed of 3 replicas in ascending order, not of [0, 1]"),
        (
            certificate(2, bytes(32), (0, 1, 1)),
            "CHECKPOINTs are needed of 3 replicas in ascending order, not of [0, 1, 1]",
        ),
        (certificate(2, bytes(32), (1, 2, 9)), "CHECKPOINT not signed by voter 9"),
        (StableCheckpoint(2, bytes(32), tuple((r, bytes(64)) for r in (0, 1, 2))), "CHECKPOINT not signed by voter 0"),
    ],
)
def test_what_is_forged_or_misplaced_is_refused_and_changes_nothing(message, reason):
    cluster = Cluster(4, options=SHORT)
    before = cluster.core(0).state_hash()
    assert cluster.core(0).receive(0, 1, message) == [Rejected(1, reason)]
    assert cluster.core(0).state_hash() == before


def test_a_second_checkpoint_for_one_height_is_refused():
    cluster = Cluster(4, options=SHORT)
    assert cluster.core(0).receive(0, 1, vote(2, bytes(32), 1)) == []
    before = cluster.core(0).state_hash()
    other = vote(2, b"\1" * 32, 1)
    assert cluster.core(0).receive(0, 1, other) == [Rejected(1, "two CHECKPOINTs for one height")]
    assert cluster.core(0).state_hash() == before


def test_one_above_the_window_is_not_kept_but_makes_us_ask():
    cluster = Cluster(4, options=SHORT)
    before = cluster.core(0).state_hash()
    (effect,) = cluster.core(0).receive(0, 1, vote(6, bytes(32), 1))
    assert (effect.to, effect.message) == (1, FetchStable(0))
    assert cluster.core(0).receive(0, 1, vote(8, bytes(32), 1)) == [], "not again at once"
    assert cluster.core(0).state_hash() == before


def test_a_replica_that_lost_the_checkpoints_is_told_the_certificate():
    cluster = Cluster(4, options=SHORT)
    cluster.filter_sent = lambda _s, to, m: None if isinstance(m, Checkpoint) and to == 3 else m
    decide(cluster, 2)
    assert [node.stable for node in cluster.nodes] == [2, 2, 2, 0]
    cluster.fire(3, "pbft.resend")
    cluster.deliver()
    assert [node.stable for node in cluster.nodes] == [2] * 4


def test_checkpoints_are_said_again_until_they_are_stable():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 2, no_checkpoints)
    cluster.drop()
    for number in cluster.voters:
        cluster.fire(number, "pbft.resend")
    cluster.deliver()
    assert [node.stable for node in cluster.nodes] == [2] * 4
    assert [cluster.core(number)._retransmission._deadline.due for number in cluster.voters] == [None] * 4


def test_a_certificate_from_before_the_block_counts_when_it_is_executed():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 1)
    cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3)
    late, cluster.flights = cluster.flights, []
    cluster.give(1, 3, cluster.nodes[1].image["pbft.checkpoint"]["stable"])
    assert cluster.nodes[3].stable == 0
    cluster.flights = [f for f in late if not isinstance(f.message, Checkpoint)]
    cluster.deliver()
    assert (cluster.nodes[3].height, cluster.nodes[3].stable) == (2, 2)


def test_own_checkpoints_and_the_low_watermark_outlive_a_restart():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 2)
    decide(cluster, 2, no_checkpoints)
    cluster.drop()
    for number in cluster.voters:
        cluster.crash(number)
    for number in cluster.voters:
        cluster.restart(number)
    assert [cluster.core(number)._context.log.stable for number in cluster.voters] == [2] * 4
    assert cluster.core(0).slot().height == 5
    cluster.deliver()
    assert [node.stable for node in cluster.nodes] == [4] * 4


@pytest.mark.parametrize("count", range(12))
def test_a_crash_around_a_checkpoint_loses_nothing(count):
    """The driver dies after so many effects of the input that decides the checkpoint's block."""
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 1)
    cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3 or not isinstance(f.message, CommitVote | Checkpoint))
    late = [f for f in cluster.flights if f.to == 3]
    cluster.drop()
    for flight in late:
        if cluster.nodes[3].up:
            effects = cluster.core(3).receive(cluster.now, flight.sender, flight.message)
            cluster.carry_out(3, effects, first=count if len(effects) > 1 else None)
    if not cluster.nodes[3].up:
        cluster.restart(3)
    cluster.demand()
    cluster.run(lambda: all(node.stable >= 4 for node in cluster.nodes))


def test_a_replica_that_disagrees_with_a_quorum_takes_no_further_part():
    cluster = Cluster(4, options=SHORT)
    decide(cluster, 1)
    cluster.corrupt(3)
    decide(cluster, 1)
    core = cluster.core(3)
    assert core._context.diverged
    assert cluster.nodes[3].stable == 0
    cluster.propose(0)
    cluster.deliver()
    assert not [f for f in cluster.flights if f.sender == 3]
    assert cluster.heights() == [3, 3, 3, 2]
    assert core.proves([]) == 0
    assert core.read(0, 7)[0].height is None


def test_divergence_is_not_forgotten_over_a_restart():
    cluster = Cluster(4, options=SHORT)
    cluster.corrupt(3)
    decide(cluster, 2)
    cluster.crash(3)
    cluster.restart(3)
    assert cluster.core(3)._context.diverged


def test_a_diverged_primary_stops_and_is_replaced():
    cluster = Cluster(4, options=SHORT)
    cluster.corrupt(0)
    decide(cluster, 2)
    assert cluster.core(0).slot() is None
    assert cluster.core(0).status().busy == "our state contradicts a stable checkpoint"
    cluster.demand(1, 2, 3)
    cluster.run(lambda: all(node.height >= 8 for node in cluster.nodes))
    assert not cluster.core(0)._context.diverged, "a later checkpoint's state took the place of its own"


def test_without_snapshots_the_block_alone_is_digested():
    cluster = Cluster(4, options=SHORT)
    cluster.states_kept = 0
    for number in cluster.voters:
        cluster.restart(number)
    decide(cluster, 4)
    assert [node.stable for node in cluster.nodes] == [4] * 4


def test_the_window_moves_under_load_and_loss():
    cluster = Cluster(5, options=SHORT, seed=3)
    cluster.loss = 0.2
    cluster.demand()
    cluster.run(cluster.all_at(24))
    assert min(node.stable for node in cluster.nodes) >= 20 - 4
    assert not [f for f in cluster.flights if isinstance(f.message, PrePrepare) and f.message.block.height > 40]
