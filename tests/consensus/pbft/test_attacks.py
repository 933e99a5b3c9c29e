"""Attacks on the seams: between views, between epochs, and on whoever helps. Each is answered by a rule of its own."""

from __future__ import annotations

import msgspec
import pytest

from consensus.pbft import Options
from consensus.pbft.certificates import view_change_bytes
from consensus.pbft.messages import (
    Checkpoint,
    Chunk,
    CommitVote,
    Fetch,
    FetchChunk,
    FetchManifest,
    Manifest,
    NewView,
    Prepare,
    PrePrepare,
    ViewChange,
)
from consensus.snapshots import checkpoint_bytes
from consensus.vocabulary import MILLISECOND, SECOND, Send
from tests.consensus.pbft.cluster import GENESIS, Cluster, Flight, ModelCrypto
from tests.consensus.pbft.test_view_change import change_view, isinstance_of

SIZES = [4, 5, 7]


def answers(cluster, numbers):
    """From which heights these nodes would answer a read."""
    return [cluster.core(number).read(cluster.now, 1)[0].height for number in numbers]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_a_read_after_a_view_change_sees_what_one_replica_has_decided(n, restart):
    """One replica decided a block, and a client may have its word and a liar's; the others only sent their COMMITs."""
    cluster = Cluster(n)
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote) or f.to == n - 1)
    assert cluster.heights() == [0] * (n - 1) + [1]
    cluster.drop()
    others = range(n - 1)
    change_view(cluster, *others)
    for number in others if restart else ():
        cluster.crash(number)
        cluster.restart(number)
    assert answers(cluster, others) == [1] * (n - 1)
    cluster.deliver(isinstance_of(ViewChange, NewView))
    assert cluster.heights() == [0] * (n - 1) + [1]
    assert cluster.views()[0] == 1
    assert answers(cluster, others) == [1] * (n - 1)


# State transfer into another epoch


LONG = Options(checkpoint_interval=2, log_size=12, transfer_window=2)


def propose_in_turn(cluster, *transactions):
    cluster.propose(next(node.number for node in cluster.nodes if node.running.slot() is not None), *transactions)


def left_behind_by_an_epoch(*, options=LONG, view=0, then=()):
    """Of seven, node 6 was cut off while 3, 4 and 5 left: the rest decide by a quorum of three, up to height 4.

    ``then``: what is decided at height 3.
    """
    cluster = Cluster(7, options=options)
    cluster.blocks_kept = 1
    cluster.isolate(6)
    cluster.propose(0, b"-3,-4,-5")
    cluster.deliver()
    propose_in_turn(cluster)
    cluster.deliver()
    cluster.drop()
    assert cluster.core(0).status().configuration.voters == (0, 1, 2, 6)
    for target in range(1, view + 1):
        change_view(cluster, 0, 1, 2)
        cluster.deliver()
        assert {cluster.core(number).status().round for number in (0, 1, 2)} == {target}
    for transactions in (then, ()):
        propose_in_turn(cluster, *transactions)
        cluster.deliver()
    cluster.drop()
    cluster.heal()
    assert cluster.heights()[:3] == [4, 4, 4]
    assert cluster.heights()[6] == 0
    return cluster


def bring_over(cluster, height=4):
    """Node 6 is told of the checkpoint by a certificate that it can judge, and fetches the state."""
    checkpoints = cluster.core(6)._checkpoints
    certificate = cluster.nodes[0].image["pbft.checkpoint"]["stable"]
    assert certificate.height == height
    checkpoints._certified(certificate)  # as if those that left had signed too
    cluster.carry_out(6, cluster.core(6).demand(cluster.now, False))
    for _ in range(8):  # those that left do not answer
        if cluster.heights()[6] < height:
            cluster.fire(6, "pbft.transfer")
            cluster.deliver(lambda f: isinstance(f.message, FetchManifest | Manifest | FetchChunk | Chunk))
    assert cluster.heights()[6] == height


def test_votes_of_members_that_left_count_for_nothing_after_a_state_transfer():
    """Two liars of the old seven and one of the new four would be a quorum of the four."""
    cluster = left_behind_by_an_epoch()
    for liar in (3, 4):
        cluster.give(liar, 6, wrong_checkpoint(liar, 6))
    bring_over(cluster)
    cluster.give(0, 6, wrong_checkpoint(0, 6))
    checkpoints = cluster.core(6)._checkpoints
    assert sorted(checkpoints._votes[6]) == [0]
    assert not checkpoints._certificates


def test_helpers_are_no_liars_for_a_proof_by_members_that_we_do_not_know():
    """Height 4 ends the epoch of four members; node 6 knows the seven before, and those that decide above."""
    cluster = left_behind_by_an_epoch(then=[b"+3"])
    assert cluster.core(0).status().configuration.voters == (0, 1, 2, 3, 6)
    cluster.core(6)._checkpoints._certified(cluster.nodes[0].image["pbft.checkpoint"]["stable"])
    cluster.carry_out(6, cluster.core(6).demand(cluster.now, False))
    cluster.fire(6, "pbft.transfer")
    cluster.deliver(lambda f: isinstance(f.message, FetchManifest | Manifest))
    liars, passed_over = cluster.core(6)._transfer._helpers.snapshot()
    assert (liars, len(passed_over)) == ([], 3)


def wrong_checkpoint(liar, height):
    return Checkpoint(height, bytes(32), liar, ModelCrypto(liar).sign(checkpoint_bytes(height, bytes(32))))


def test_after_a_state_transfer_into_an_epoch_turns_are_counted_from_its_last_checkpoint():
    cluster = left_behind_by_an_epoch(options=msgspec.structs.replace(LONG, rotate_every=1), view=1)
    bring_over(cluster)
    schedules = [cluster.core(number)._context.rotation.decided for number in (0, 1, 2, 6)]
    assert schedules == [schedules[0]] * 4


def test_a_certificate_by_members_that_left_says_nothing_of_views_in_the_epoch_they_left_to():
    """They decided its base in a view of their own numbering: nobody is ahead of us for that."""
    cluster = Cluster(7, options=LONG)
    cluster.blocks_kept = 1
    cluster.isolate(6)
    cluster.propose(0, b"-3,-4,-5")
    cluster.deliver()
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    cluster.drop()
    change_view(cluster, *range(6))
    cluster.deliver()  # proposed in view 0, where the epoch begins; decided in view 1
    cluster.drop()
    cluster.heal()
    assert cluster.nodes[0].image["certificates"][2].round == 1
    bring_over(cluster, height=2)
    assert cluster.core(6)._context.heard == {}


# Catch-up without end


@pytest.mark.parametrize(("at_once", "fetched"), [(1, True), (2, False)])
def test_blocks_that_come_one_by_one_do_not_put_a_state_transfer_off(at_once, fetched):
    """Each comes before patience ends; but in that time it takes a whole checkpoint interval of them."""
    options = Options(checkpoint_interval=2, log_size=4)
    cluster = Cluster(4, options=options)
    cluster.isolate(3)
    for _ in range(8):
        cluster.propose(0)
        cluster.deliver()
    cluster.drop()
    source = cluster.nodes[0].image
    cluster.give(1, 3, source["pbft.checkpoint"]["stable"])
    for first in range(1, 7, at_once):
        due = cluster.now + options.transfer_patience_ns * 3 // 4
        while "pbft.transfer" in cluster.nodes[3].timers and cluster.nodes[3].timers["pbft.transfer"][0] < due:
            cluster.now = cluster.nodes[3].timers.pop("pbft.transfer")[0]
            cluster.carry_out(3, cluster.core(3).timer(cluster.now, "pbft.transfer"))
        cluster.now = due
        for height in range(first, first + at_once):
            block, certificate = source["blocks"][height], source["certificates"][height]
            cluster.carry_out(3, cluster.core(3).adopt(cluster.now, block, certificate))
    assert (type(cluster.core(3)._transfer._work).__name__ != "Idle") == fetched


# Requests without end


def test_a_diverged_replica_that_nobody_can_help_asks_again_only_when_its_patience_ends():
    options = Options(checkpoint_interval=2, log_size=4)
    cluster = Cluster(4, options=options)
    cluster.states_kept = 0
    for node in cluster.nodes:
        node.application.kept = 0
    cluster.core(3)._context.diverged = True
    cluster.isolate(3)
    for _ in range(4):
        cluster.propose(0)
        cluster.deliver()
    cluster.drop()
    cluster.heal()
    cluster.give(1, 3, cluster.nodes[1].image["pbft.checkpoint"]["stable"])
    cluster.deliver(rounds=50)
    assert "pbft.transfer" in cluster.nodes[3].timers


def test_an_observer_does_not_keep_the_headers_of_all_checkpoints():
    options = Options(checkpoint_interval=2, log_size=4)
    cluster = Cluster(4, observers=1, options=options)
    for _ in range(40):
        cluster.propose(0)
        cluster.deliver()
        cluster.gossip()
    assert cluster.heights() == [40] * 5
    assert sorted(cluster.core(4)._context.log.boundaries) == [32, 34, 36, 38, 40]


def sizes_of(effects):
    return [type(effect.message) for effect in effects if isinstance(effect, Send)]


def test_asking_again_and_again_brings_a_large_answer_but_once_an_interval():
    cluster = Cluster(4, options=Options(checkpoint_interval=2, log_size=4))
    for _ in range(2):
        cluster.propose(0)
        cluster.deliver()
    block = cluster.propose(0)
    cluster.deliver(isinstance_of(PrePrepare))
    helper, now = cluster.core(1), cluster.now
    requests = [FetchManifest(2), FetchChunk(2, 0), FetchChunk(2, 1), Fetch(3, block.hash)]
    for request in requests:
        assert len(sizes_of(helper.receive(now, 3, request))) == 1
        assert not any(sizes_of(helper.receive(now, 3, request)) for _ in range(9))
        assert len(sizes_of(helper.receive(now, 2, request))) == 1, "others are answered"
    later = now + cluster.options.resend_interval_ns
    assert [len(sizes_of(helper.receive(later, 3, request))) for request in requests] == [1] * 4


# A view that cannot go on


@pytest.mark.parametrize("late_ms", [20, 400])
def test_a_liar_that_proves_a_block_which_nobody_else_has_any_more_holds_up_no_view(late_ms):
    """Node 0 alone has the certificate; those who accepted the block took another in view 1; it shows it for ever.

    Its word is always the first to come, one VIEW-CHANGE ``late_ms`` later, perhaps when all is sent again.
    """
    c = Cluster(4, byzantine=[0])
    c.propose(0)
    c.deliver(lambda f: isinstance(f.message, PrePrepare) and f.to in (1, 2))
    c.deliver(lambda f: isinstance(f.message, Prepare) and f.to == 0)
    cert = c.core(0)._context.log.get(1).prepared
    c.drop()
    c.crash(0)
    change_view(c, 1, 2, 3)
    c.deliver()
    assert c.views()[1:] == [1] * 3
    c.propose(1)
    c.deliver(isinstance_of(PrePrepare))
    c.drop()
    told = set()

    def lie(sender, to, m):
        if isinstance(m, ViewChange) and m.view not in told:
            told.add(m.view)
            vc = ViewChange(m.view, 0, 0, GENESIS, None, (cert,), b"")
            vc = msgspec.structs.replace(vc, signature=ModelCrypto(0).sign(view_change_bytes(vc)))
            for other in (1, 2, 3):
                c.flights.append(Flight(c.now + 1, 0, 0, other, vc))
        if isinstance(m, ViewChange) and sender == max({1, 2, 3} - {to}):
            c.flights.append(Flight(c.now + late_ms * MILLISECOND, 0, sender, to, m))
            return None
        return m

    c.filter_sent = lie
    change_view(c, 1, 2, 3)
    c.demand()
    c.run(c.all_at(3, [1, 2, 3]), limit_ns=60 * SECOND)
    assert c.views()[1:] == [2] * 3
