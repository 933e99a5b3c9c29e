"""Restarts: a replica comes back with what was durable alone, and never contradicts itself.

The cluster checks at every broadcast that nobody says two things in one place (``Cluster._watch``).
"""

from __future__ import annotations

import pytest

from consensus.chain import BLOCKS, CERTIFICATES, Certificate
from consensus.configuration import Configuration
from consensus.pbft.log import Point
from consensus.pbft.messages import CommitVote, NewView, Prepare, PrePrepare, ViewChange
from consensus.pbft.options import Options
from consensus.pbft.restart import log_of
from consensus.protocols import Setup, Slot
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Broadcast, Commit, Persist
from tests.consensus.pbft.cluster import GENESIS, Cluster, ClusterApplication, ModelCrypto, make_block

PHASES = {
    "after PRE-PREPARE": (PrePrepare,),
    "after PREPARE": (PrePrepare, Prepare),
    "after COMMIT": (PrePrepare, Prepare, CommitVote),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("n", [4, 6, 7])
def test_every_backup_restarts_in_each_phase(phase, n):
    cluster = Cluster(n)
    blocks = [cluster.propose(0) for _ in range(2)]
    cluster.deliver(lambda f: isinstance(f.message, PHASES[phase]))
    cluster.drop()
    for number in range(1, n):
        cluster.crash(number)
        cluster.restart(number)
    cluster.demand()
    cluster.run(cluster.all_at(2), proposing=False)
    assert [cluster.decided[height] for height in (1, 2)] == [block.hash for block in blocks]


@pytest.mark.parametrize("phase", PHASES)
def test_the_primary_restarts_in_each_phase_and_goes_on(phase):
    cluster = Cluster(4)
    blocks = [cluster.propose(0) for _ in range(2)]
    cluster.deliver(lambda f: isinstance(f.message, PHASES[phase]))
    cluster.drop()
    cluster.crash(0)
    cluster.restart(0)
    slot = cluster.core(0).slot()
    assert (slot.height, slot.parent) == (3, blocks[1].hash)
    cluster.demand()
    cluster.run(cluster.all_at(4))
    assert cluster.decided[2] == blocks[1].hash


def test_everyone_restarts_at_once_with_a_block_prepared():
    cluster = Cluster(4)
    block = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    for number in cluster.voters:
        cluster.crash(number)
    cluster.drop()
    for number in cluster.voters:
        cluster.restart(number)
    cluster.deliver()
    assert cluster.decided == {1: block.hash}
    assert cluster.heights() == [1] * 4


def test_a_restarted_application_hears_again_of_undecided_blocks():
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    cluster.drop()
    cluster.restart(2)
    assert cluster.nodes[2].application.judged == [1, 2]


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_restart_during_a_view_change_keeps_the_promise(n):
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    late_commits = [f for f in cluster.flights if isinstance(f.message, CommitVote)]
    cluster.drop()
    cluster.demand()
    for number in range(1, n):
        cluster.fire(number, "pbft.view-change")
        cluster.crash(number)
        cluster.restart(number)
    assert all(cluster.core(number).status().changing for number in range(1, n))
    cluster.run(cluster.all_at(1), proposing=False)
    assert cluster.decided[1] == block.hash
    assert late_commits


@pytest.mark.parametrize("n", [4, 6, 7])
def test_the_new_primary_restarts_right_after_its_new_view(n):
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    cluster.drop()
    cluster.crash(0)
    cluster.demand()
    for number in range(1, n):
        cluster.fire(number, "pbft.view-change")
    cluster.deliver(lambda f: isinstance(f.message, ViewChange))
    cluster.drop()
    cluster.crash(1)
    cluster.restart(1)
    assert not cluster.core(1).status().changing
    cluster.run(cluster.all_at(1, range(1, n)), proposing=False)
    assert cluster.decided[1] == block.hash


@pytest.mark.parametrize("n", [4, 7])
def test_a_backup_restarts_in_a_later_view(n):
    cluster = Cluster(n)
    cluster.crash(0)
    cluster.demand()
    cluster.run(cluster.all_at(2, range(1, n)))
    cluster.crash(3)
    cluster.restart(3)
    assert cluster.core(3).status().round == 1
    assert not cluster.core(3).status().changing
    top = max(cluster.heights())
    cluster.run(cluster.all_at(top + 3, range(1, n)))


@pytest.mark.parametrize("count", range(5))
def test_a_crash_between_effects_contradicts_nothing(count):
    """The driver dies after so many effects of the input that prepares a block."""
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    votes = [f for f in cluster.flights if f.to == 3 and isinstance(f.message, Prepare)]
    effects = [e for f in votes for e in cluster.core(3).receive(cluster.now, f.sender, f.message)]
    assert isinstance(effects[0], Persist)
    cluster.carry_out(3, effects, first=count)
    cluster.restart(3)
    cluster.demand()
    cluster.run(cluster.all_at(3))


def test_the_new_view_is_durable_and_passed_on_after_a_restart():
    cluster = Cluster(4)
    cluster.isolate(3)
    cluster.crash(0)
    cluster.restart(0)
    cluster.demand(0, 1, 2)
    for number in (0, 1, 2):
        cluster.fire(number, "pbft.view-change")
    cluster.deliver()
    for number in (0, 1, 2):
        cluster.crash(number)
        cluster.restart(number)
    cluster.heal()
    cluster.demand(3)
    cluster.run(lambda: cluster.views() == [1] * 4)
    assert any(isinstance(record, NewView) for record in cluster.nodes[3].image["pbft.view"].values())


def _decides_and_prepares_at_once():
    """Node 3 hears no PREPARE of height 1, and the COMMIT that decides it lets height 2 be prepared."""
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    cluster.deliver(lambda f: isinstance(f.message, Prepare) and (f.to != 3 or f.message.height == 2))
    cluster.drop(lambda f: isinstance(f.message, Prepare))
    commits = [f for f in cluster.flights if f.to == 3 and f.message.height == 1]
    for flight in commits[:-1]:
        assert cluster.give(flight.sender, 3, flight.message) == []
    return cluster, cluster.core(3).receive(cluster.now, commits[-1].sender, commits[-1].message)


@pytest.mark.parametrize("count", range(7))
def test_a_vote_never_outlives_the_decision_that_it_rests_on(count):
    """Wherever the node dies: if its COMMIT for height 2 got out, its next VIEW-CHANGE accounts for height 2."""
    cluster, effects = _decides_and_prepares_at_once()
    assert [type(effect) for effect in effects[:3]] == [Commit, Persist, Broadcast]
    cluster.drop()
    cluster.carry_out(3, effects, first=count)
    said = any(isinstance(f.message, CommitVote) and f.message.height == 2 for f in cluster.flights)
    assert said == (count >= 3)
    cluster.restart(3)
    cluster.demand(3)
    cluster.drop()
    cluster.fire(3, "pbft.view-change")
    request = next(f.message for f in cluster.flights if isinstance(f.message, ViewChange))
    assert not said or request.height + len(request.prepared) >= 2


def test_no_commit_is_said_on_top_of_a_block_that_has_no_certificate_yet():
    """Node 3 adopted height 1 without its certificate: a VIEW-CHANGE could not show what it prepares above."""
    cluster = Cluster(4)
    block = cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3)
    cluster.drop()
    cluster.carry_out(3, cluster.core(3).adopt(0, block, None))
    second = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    assert not [f for f in cluster.flights if f.sender == 3 and isinstance(f.message, CommitVote)]
    cluster.deliver()
    assert cluster.heights() == [2] * 4
    assert cluster.decided[2] == second.hash
    third = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    assert [f for f in cluster.flights if f.sender == 3 and isinstance(f.message, CommitVote)]
    cluster.deliver()
    assert cluster.decided[3] == third.hash


class Watched(dict):
    """A disk's space that tells which heights were looked up."""

    def __init__(self, values):
        super().__init__(values)
        self.looked = set()

    def __getitem__(self, height):
        self.looked.add(height)
        return super().__getitem__(height)

    def get(self, height, default=None):
        self.looked.add(height)
        return super().get(height, default)


def a_log_of(blocks, certified, snapshot=None, **options):
    """The log of a replica whose disk holds these blocks, and certificates of the ``certified`` heights."""
    certificates = {
        height: Certificate(0, height, block.hash, ()) for height, block in blocks.items() if height in certified
    }
    image = {BLOCKS: Watched(blocks), CERTIFICATES: Watched(certificates)}
    if snapshot is not None:
        image[SNAPSHOT] = {MANIFEST: snapshot}
    setup = Setup(
        me=0,
        voters=(0, 1, 2, 3),
        genesis=GENESIS,
        application=ClusterApplication(),
        crypto=ModelCrypto(0),
        image=image,
        random=int,
    )
    return log_of(setup, Options(**options)), image


def a_chain(length):
    blocks, parent = {}, GENESIS
    for height in range(1, length + 1):
        blocks[height] = make_block(Slot(height=height, parent=parent, round=0), 0)
        parent = blocks[height].hash
    return blocks


def test_only_the_end_of_a_long_chain_is_looked_at():
    blocks = a_chain(301)
    log, image = a_log_of(blocks, range(1, 300), checkpoint_interval=10, log_size=20)
    assert log.committed == Point(301, blocks[301].hash)
    assert (log.certified, log.certificate.height) == (Point(299, blocks[299].hash), 299)
    assert list(log.boundaries) == [270, 280, 290, 300]
    assert [proof and proof.height for _, proof in log.boundaries.values()] == [270, 280, 290, None]
    assert min(image[BLOCKS].looked | image[CERTIFICATES].looked) >= 301 - 2 * 20


def test_a_disk_without_blocks_holds_the_genesis():
    log, _ = a_log_of({}, ())
    assert (log.committed, log.certified, log.certificate) == (Point(0, GENESIS), Point(0, GENESIS), None)
    assert log.boundaries == {}


@pytest.mark.parametrize("above", [0, 3])
def test_a_snapshot_stands_for_the_blocks_that_it_replaced(above):
    blocks = a_chain(40 + above)
    covered = blocks[40]
    proof = Certificate(0, 40, covered.hash, ())
    snapshot = Snapshot(covered.header, Configuration(voters=(0, 1, 2, 3)), (), proof)
    kept = {height: block for height, block in blocks.items() if height > 40}
    log, _ = a_log_of(kept, (), snapshot, checkpoint_interval=10, log_size=20)
    assert log.committed == Point(40 + above, blocks[40 + above].hash)
    assert (log.certified, log.certificate) == (Point(40, covered.hash), proof)
    assert log.boundaries == {40: (covered.header, proof)}
