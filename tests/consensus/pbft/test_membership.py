"""Members change through the chain, at a checkpoint; who decides which height is judged by the oracles' own count."""

from __future__ import annotations

from itertools import takewhile
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.chain import Certificate, commit_bytes
from consensus.configuration import Change, Reconfiguration, Verb
from consensus.pbft import Options, epochs
from consensus.pbft.context import Context
from consensus.pbft.log import Log
from consensus.pbft.messages import Checkpoint, CommitVote, Prepare, PrePrepare, StatusReport, ViewChange
from consensus.pbft.view_change import ViewChanges
from consensus.properties import Electorates
from consensus.protocols import Slot
from consensus.quorum import byzantine_faults, byzantine_quorum
from consensus.snapshots import checkpoint_bytes
from consensus.vocabulary import MILLISECOND, SECOND, Rejected, Send
from tests.consensus.pbft.cluster import Cluster, ModelCrypto, make_block
from tests.consensus.pbft.test_schedules import QUICK, chaos, lying, recover

EVERY_FOUR = Options(checkpoint_interval=4, log_size=12, window=3)


def changing(n, change, *, observers=0, options=EVERY_FOUR, **settings):
    """A network whose first block asks for this change."""
    cluster = Cluster(n, observers=observers, options=options, **settings)
    cluster.propose(0, change)
    cluster.deliver()
    return cluster


def decide(cluster, height):
    """Whoever's turn it is proposes up to this height; everything is delivered, and catch-up done."""
    while max(cluster.heights()) < height:
        proposer = next(node.number for node in cluster.nodes if node.core is not None and node.core.slot() is not None)
        cluster.propose(proposer)
        cluster.deliver()
        cluster.gossip()
        cluster.deliver()


@pytest.mark.parametrize(
    ("n", "change", "voters"),
    [
        (4, b"+4", (0, 1, 2, 3, 4)),
        (5, b"-4", (0, 1, 2, 3)),
        (4, b"-0", (1, 2, 3)),
        (4, b"+4,-0", (1, 2, 3, 4)),
        (4, b"+4,+5,+6", (0, 1, 2, 3, 4, 5, 6)),
        (7, b"-0,-1,-2", (3, 4, 5, 6)),
    ],
)
def test_a_change_takes_effect_at_the_checkpoint(n, change, voters):
    cluster = changing(n, change, observers=3)
    decide(cluster, 4)
    assert cluster.electorates.voters(4) == tuple(range(n))
    assert cluster.electorates.voters(5) == voters
    decide(cluster, 10)
    for number in voters:
        status = cluster.core(number).status()
        assert (status.configuration.voters, status.role != "observer") == (voters, True)
    certificate = cluster.nodes[voters[0]].image["certificates"][6]
    assert len(certificate.signatures) == byzantine_quorum(len(voters))
    for node in cluster.nodes:
        if node.number not in voters:
            assert node.running.status().role == "observer"


def test_a_pending_change_is_brought_to_its_checkpoint_by_empty_blocks():
    cluster = changing(4, b"+4", observers=1)
    assert [node.running.wants_block() for node in cluster.nodes] == [True] * 4 + [False]
    cluster.run(lambda: cluster.electorates.changes == 1)
    cluster.run(cluster.all_at(4))
    assert [node.running.wants_block() for node in cluster.nodes] == [False] * 5


def test_a_pending_change_outlives_a_silent_primary_without_requests():
    cluster = changing(4, b"+4", observers=1)
    cluster.crash(0)
    cluster.run(lambda: cluster.electorates.changes == 1)
    assert max(cluster.views()) > 0


def test_a_second_change_waits_for_the_checkpoint():
    cluster = Cluster(4, observers=2, options=EVERY_FOUR)
    assert cluster.core(0).slot().reconfigurable
    cluster.propose(0, b"+4")
    assert not cluster.core(0).slot().reconfigurable  # not decided yet, but what it would build on
    cluster.propose(0, b"+5")
    cluster.deliver(lambda flight: isinstance(flight.message, PrePrepare))
    assert all(status.changing for status in (cluster.core(number).status() for number in (1, 2, 3)))


@pytest.mark.parametrize("change", [b"+3", b"-7", b"-0,-1,-2,-3"])
def test_a_change_that_cannot_be_made_makes_its_block_unacceptable(change):
    cluster = Cluster(4, options=EVERY_FOUR)
    cluster.propose(0, change)
    cluster.deliver(lambda flight: isinstance(flight.message, PrePrepare))
    assert all(cluster.core(number).status().changing for number in (1, 2, 3))


def test_a_block_that_names_other_members_is_unacceptable():
    cluster = changing(4, b"+4", observers=1)
    decide(cluster, 4)
    slot = cluster.core(0).slot()
    forged = make_block(msgspec.structs.replace(slot, configuration=None), 0)
    cluster.carry_out(0, cluster.core(0).propose(cluster.now, forged))
    cluster.deliver(lambda flight: isinstance(flight.message, PrePrepare))
    assert all(cluster.core(number).status().changing for number in (1, 2, 3, 4))


def test_nothing_above_a_checkpoint_is_accepted_before_it_is_decided():
    cluster = Cluster(4, options=EVERY_FOUR)
    decide(cluster, 3)
    cluster.propose(0)
    assert cluster.core(0).slot() is None
    cluster.deliver(lambda flight: flight.to == 0)
    cluster.deliver(lambda flight: isinstance(flight.message, PrePrepare | Prepare))
    cluster.deliver(lambda flight: flight.to == 0)
    assert cluster.heights() == [4, 3, 3, 3]
    cluster.propose(0)
    cluster.deliver(lambda flight: isinstance(flight.message, PrePrepare))
    log = cluster.core(1)._context.log
    assert (log.tip.height, log.entry(5).held is not None, log.entry(5).accepted) == (4, True, None)
    cluster.deliver()
    assert cluster.heights() == [5] * 4


def test_what_was_said_early_by_other_members_makes_no_certificate():
    """Three of four would be a quorum of the old members; the new ones are seven. Node 3 lags in the old epoch."""
    cluster = changing(4, b"+4,+5,+6", observers=3)
    cluster.isolate(3)
    decide(cluster, 4)
    cluster.heal()
    assert cluster.heights()[3] < 4 < cluster.electorates.voters(5)[-1]
    for sender in (0, 1, 2):
        vote = commit_bytes(0, 5, b"\1" * 32)
        message = CommitVote(0, 5, b"\1" * 32, sender, ModelCrypto(sender).sign(vote))
        cluster.give(sender, 3, message)
    cluster.catch_up(3, 0)
    assert cluster.heights()[3] == 4
    entry = cluster.core(3)._context.log.get(5)
    assert entry is None or (not entry.commits and entry.decision is None)


SHORT = Options(checkpoint_interval=4, log_size=8, transfer_window=1)


def lagging():
    """Node 3 of eight was away while node 6 was removed, and blocks below height 8 are kept by nobody."""
    cluster = Cluster(8, options=SHORT)
    cluster.blocks_kept = 1
    cluster.isolate(3)
    cluster.propose(0, b"-6")
    cluster.deliver()
    decide(cluster, 8)
    cluster.drop()
    cluster.heal()
    return cluster


def tell_of_the_state(cluster):
    """The others' CHECKPOINTs of height 8 reach node 3."""
    digest = cluster.nodes[1].image["pbft.checkpoint"]["stable"].digest
    for sender in (0, 1, 2, 4, 5, 7):
        said = ModelCrypto(sender).sign(checkpoint_bytes(8, digest))
        cluster.give(sender, 3, Checkpoint(8, digest, sender, said))


def test_a_state_of_fewer_members_is_kept_with_a_certificate_of_theirs():
    """Node 3 lags where six of eight are a quorum, and counts six votes for a state of seven, of whom five are."""
    cluster = lagging()
    assert (cluster.heights()[3], cluster.electorates.voters(8)) == (0, (0, 1, 2, 3, 4, 5, 7))
    stable = cluster.nodes[1].image["pbft.checkpoint"]["stable"]
    assert (stable.height, len(stable.signatures)) == (8, 5)
    tell_of_the_state(cluster)
    assert len(cluster.core(3)._checkpoints.ahead.signatures) == 6
    cluster.fire(3, "pbft.transfer")
    cluster.deliver()
    kept = cluster.nodes[3].image["pbft.checkpoint"]["stable"]
    assert (kept.height, [signer for signer, _ in kept.signatures]) == (8, [0, 1, 2, 4, 5])
    assert cluster.core(1)._context.members.flaw_in_checkpoint(kept) is None


def test_a_state_that_too_few_of_its_members_are_known_to_have_said_is_not_fetched():
    """Node 3 lags where three of four are a quorum; four of the five are, above."""
    options = Options(checkpoint_interval=4, log_size=8)
    cluster = Cluster(4, observers=1, options=options)
    cluster.blocks_kept = 1
    cluster.isolate(3)
    cluster.propose(0, b"+4")
    cluster.deliver()
    decide(cluster, 8)
    cluster.drop()
    cluster.heal()
    assert (cluster.heights()[3], cluster.electorates.voters(8)) == (0, (0, 1, 2, 3, 4))
    digest = cluster.nodes[1].image["pbft.checkpoint"]["stable"].digest
    for sender in (0, 1, 2):
        vote = Checkpoint(8, digest, sender, ModelCrypto(sender).sign(checkpoint_bytes(8, digest)))
        cluster.give(sender, 3, vote)
    cluster.fire(3, "pbft.transfer")
    cluster.deliver()
    assert cluster.heights()[3] == 0
    assert cluster.nodes[3].image.get("pbft.transfer", {}) == {}


def test_a_run_of_blocks_is_proven_from_epoch_to_epoch():
    cluster = changing(4, b"+4,-0", observers=2)
    decide(cluster, 10)
    source, outsider = cluster.nodes[1], cluster.core(5)
    assert outsider.status().configuration.voters == (1, 2, 3, 4)
    fresh = Cluster(4, observers=2, options=EVERY_FOUR).core(5)
    blocks, certificates = source.image["blocks"], source.image["certificates"]
    run = [(blocks[height], certificates.get(height)) for height in sorted(blocks)]
    assert fresh.proves(run) == len(run)
    only_last = [(block, certificate if block.height == 10 else None) for block, certificate in run]
    assert fresh.proves(only_last) == 0  # another epoch's members prove nothing about the first
    late = [(block, certificate if block.height in {4, 10} else None) for block, certificate in run]
    assert fresh.proves(late) == len(run)
    assert fresh.proves([pair for pair in late if pair[0].height != 4]) == 0


def test_the_old_members_prove_nothing_above_their_epoch():
    """Nodes 0 to 3 sign a block above the checkpoint at which node 0 was replaced."""
    cluster = changing(4, b"+4,-0", observers=2)
    decide(cluster, 5)
    blocks, certificates = cluster.nodes[1].image["blocks"], cluster.nodes[1].image["certificates"]
    fresh = Cluster(4, observers=2, options=EVERY_FOUR).core(5)
    data = commit_bytes(0, 5, blocks[5].hash)
    forged = Certificate(0, 5, blocks[5].hash, tuple((node, ModelCrypto(node).sign(data)) for node in (0, 1, 2)))
    run = [(blocks[height], certificates.get(height)) for height in range(1, 5)]
    assert fresh.proves([*run, (blocks[5], forged)]) == 4
    assert fresh.proves([(block, None) for block, _ in run] + [(blocks[5], forged)]) == 0


def test_view_changes_count_in_their_epoch_alone():
    cluster = changing(4, b"+4", observers=1)
    kept = []
    cluster.filter_sent = lambda _sender, _to, message: (kept.append(message), message)[1]
    cluster.demand()
    for number in range(4):
        cluster.fire(number, "pbft.view-change")
    cluster.deliver()
    old = [message for message in kept if isinstance(message, ViewChange)]
    assert old
    decide(cluster, 4)
    assert cluster.views()[:4] == [1, 1, 1, 1] or cluster.views()[:4] == [0, 0, 0, 0]
    before = cluster.core(2).state_hash()
    for message in old:
        if message.replica != 2:
            answers = cluster.core(2).receive(cluster.now, message.replica, message)
            assert all(isinstance(answer, Send) for answer in answers)  # help, at most: a stable checkpoint
    assert cluster.core(2).state_hash() == before


def test_strangers_are_refused_and_those_of_other_epochs_ignored():
    cluster = changing(4, b"+4,-0", observers=2)
    early = Checkpoint(400, bytes(32), 5, bytes(64))
    assert cluster.core(1).receive(0, 5, early) == []  # it may be a member by then
    refused = [Rejected(5, "not another voter")]
    prepare = Prepare(0, 2, bytes(32), 5, bytes(64))
    assert cluster.core(1).receive(0, 5, prepare) == refused
    decide(cluster, 5)
    assert cluster.core(1).receive(0, 0, Prepare(0, 3, bytes(32), 0, bytes(64))) == []
    assert cluster.core(1).receive(0, 0, StatusReport(0)) == []
    assert cluster.core(1).receive(0, 0, Prepare(0, 6, bytes(32), 0, bytes(64))) == [Rejected(0, "not another voter")]


@pytest.mark.parametrize("moment", [2, 4, 5, 9])
def test_restarts_find_their_epoch_on_disk(moment):
    cluster = changing(4, b"+4,-0", observers=1)
    decide(cluster, moment)
    before = [node.running.status() for node in cluster.nodes]
    for number in range(5):
        cluster.crash(number)
        cluster.drop()
    for number in range(5):
        cluster.restart(number)
    after = [node.running.status() for node in cluster.nodes]
    assert [status.configuration for status in before] == [status.configuration for status in after]
    assert [status.role for status in before] == [status.role for status in after]
    cluster.deliver()
    decide(cluster, moment + 6)


def test_a_view_change_of_an_old_epoch_is_over_after_a_restart():
    """Node 3 left view 0 alone; then it learns the checkpoint that ends the epoch, and restarts."""
    cluster = changing(4, b"+4", observers=1)
    cluster.demand(3)
    cluster.fire(3, "pbft.view-change")
    cluster.drop()
    cluster.isolate(3)
    decide(cluster, 5)
    cluster.heal()
    assert cluster.core(3).status().changing
    cluster.catch_up(3, 0)
    cluster.crash(3)
    cluster.restart(3)
    status = cluster.core(3).status()
    assert (status.changing, status.round, status.configuration.voters) == (False, 0, (0, 1, 2, 3, 4))


def test_a_newcomer_works_before_it_knows_a_stable_checkpoint():
    """The window of its epoch begins at the epoch, far above the genesis' window."""
    options = Options(checkpoint_interval=4, log_size=8, window=3)
    cluster = Cluster(4, observers=1, options=options)
    decide(cluster, 40)
    cluster.propose(0, b"+4")
    cluster.deliver()
    decide(cluster, 44)
    cluster.crash(3)
    decide(cluster, 50)
    assert {signer for signer, _ in cluster.nodes[0].image["certificates"][50].signatures} <= {0, 1, 2, 4}
    cluster.run(lambda: cluster.nodes[4].stable >= 44, limit_ns=20 * SECOND)


def test_a_member_that_comes_back_times_its_primary_although_its_timer_fired_while_it_was_away():
    cluster = changing(5, b"-4")
    cluster.demand(4)
    decide(cluster, 5)
    assert cluster.core(4).status().role == "observer"
    cluster.now, _ = cluster.nodes[4].timers.pop("pbft.view-change")
    assert cluster.core(4).timer(cluster.now, "pbft.view-change") == []
    cluster.propose(0, b"+4")
    cluster.deliver()
    decide(cluster, 9)
    assert cluster.core(4).status().role == "backup"
    cluster.fire(4, "pbft.view-change")
    assert cluster.core(4).status().changing


def test_learners_begin_an_epoch_too():
    """The core counts epochs by configuration, learners included; so do those that judge it."""
    asked = {1: Reconfiguration((Change(Verb.ADD_LEARNER, 4),))}
    electorates = Electorates((0, 1, 2, 3), 2, lambda block: asked.get(block.height))
    for height in (1, 2):
        electorates.follow(make_block(Slot(height, bytes(32), 0), 0))
    assert (electorates.began(3), electorates.voters(3), electorates.changes) == (2, (0, 1, 2, 3), 1)


# Random schedules


def members_of(cluster):
    """Those who decide the next height of whoever is highest."""
    return cluster.electorates.voters(max(cluster.heights()) + 1)


def asking(random, pool, least=4, most=10):
    """A random change of some height's voters: one in, one out, or one for another; rarely."""

    def ask(slot: Slot) -> bytes | None:
        voters = slot.configuration.voters
        outside = [node for node in pool if node not in voters]
        if random.random() < 0.6:
            return None
        kind = random.choice(["add", "remove", "replace"])
        if kind == "replace" and outside:
            return b"+%d,-%d" % (random.choice(outside), random.choice(voters))
        if kind == "add" and outside and len(voters) < most:
            return b"+%d" % random.choice(outside)
        if kind == "remove" and len(voters) > least:
            return b"-%d" % random.choice(voters)
        return None

    return ask


def members_come_and_go(n, turns, seed, steps, *, liar=None):
    """Chaos while members change; at most as many faults as the smallest membership bears."""
    random = Random(seed)
    timeout = random.choice([100, 300, 2000]) * MILLISECOND
    options = Options(rotate_every=turns, window=3, checkpoint_interval=3, log_size=9, view_change_timeout_ns=timeout)
    byzantine = [] if liar is None else [liar]
    cluster = Cluster(n, observers=3, seed=seed, options=options, byzantine=byzantine)
    cluster.faults = byzantine_faults(4) if n < 7 else byzantine_faults(n - 3)
    if liar is not None:
        cluster.filter_sent = lying(liar, random)
    cluster.ask_for = asking(random, range(n + 3), least=4 if n < 7 else n - 3)
    cluster.loss = random.choice([0.0, 0.05, 0.2])
    cluster.demand(*range(n + 3))
    chaos(cluster, random, steps)
    cluster.ask_for = lambda _slot: None
    if liar is not None:
        cluster.filter_sent = lambda sender, _to, message: None if sender == liar else message
    recover(cluster)
    return cluster


@given(
    n=st.sampled_from([4, 5, 6, 7, 8, 9, 10]),
    turns=st.sampled_from([0, 0, 1, 2]),
    seed=st.integers(0, 2**32),
    steps=st.integers(100, 500),
    lies=st.booleans(),
)
@QUICK
def test_members_come_and_go(n, turns, seed, steps, lies):
    members_come_and_go(n, turns, seed, steps, liar=seed % n if lies else None)


# Planted bugs


def wrong_members(patch):
    """An epoch begins, and certificates go on being made and checked by the members of the one before."""
    enter = Context.enter

    def forgets(self, epoch):
        before = self.members
        enter(self, epoch)
        self.members = before

    patch.setattr(Context, "enter", forgets)


def no_barrier(patch):
    """Blocks above a checkpoint are accepted, and voted for, before it is decided who votes there."""
    patch.setattr(Log, "waits_at_checkpoint", False)


def two_f_plus_one(patch):
    """The quorum that is right for n = 3f + 1 alone."""
    patch.setattr(epochs, "byzantine_quorum", lambda n: 2 * byzantine_faults(n) + 1)


def rotation_drops_what_is_prepared(patch):
    """A VIEW-CHANGE reports what primaries proposed, and not what others did when it was their turn."""
    whole = ViewChanges._request

    def poor(self, view):
        members, chain = self._members, self._log.prepared_chain()
        own = tuple(takewhile(lambda known: known.header.proposer == members.primary(known.header.round), chain))
        with patch.context() as inner:
            inner.setattr(self._log, "prepared_chain", lambda: own)
            return whole(self, view)

    patch.setattr(ViewChanges, "_request", poor)


BUGS = [(wrong_members, 4, 0), (no_barrier, 4, 0), (two_f_plus_one, 4, 0), (rotation_drops_what_is_prepared, 5, 1)]


@pytest.mark.parametrize(("bug", "n", "turns"), BUGS)
def test_the_schedules_find_planted_bugs_of_membership_and_rotation(bug, n, turns, monkeypatch):
    """Each within some of the schedules that are silent without it."""
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        run_schedules(n, turns)


def run_schedules(n, turns):
    for seed in range(150):
        members_come_and_go(n, turns, seed, 300)


def test_a_state_from_a_later_epoch_is_reported_with_its_proof():
    """Node 3 was away while members changed; what it took over lies above the block that their epoch begins with."""
    cluster = lagging()
    tell_of_the_state(cluster)
    cluster.fire(3, "pbft.transfer")
    cluster.deliver()
    assert cluster.heights()[3] == 8
    cluster.drop()
    cluster.core(3)._view_changes.become_changing(1)
    asks = cluster.core(3)._context.view_changes[3]
    assert (asks.epoch, asks.height) == (4, 8)
    assert asks.certificate is not None
    assert cluster.core(1)._context.members.flaw_in_view_change(asks, SHORT.heights_kept) is None
