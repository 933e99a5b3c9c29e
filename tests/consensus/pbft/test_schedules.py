"""Random schedules: loss, reordering, duplicates, partitions, crashes and a lying primary, for every shape of n.

The cluster's own oracles watch every step (agreement, gaps, certificates, self-contradiction); at the end the network
heals and everything must be decided everywhere.
"""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consensus.chain import commit_bytes
from consensus.pbft import Options
from consensus.pbft.certificates import pre_prepare_bytes, prepare_bytes
from consensus.pbft.checkpoints import Checkpoints
from consensus.pbft.log import Log
from consensus.pbft.messages import (
    Checkpoint,
    Chunk,
    CommitVote,
    Manifest,
    Prepare,
    PrePrepare,
    StableCheckpoint,
)
from consensus.pbft.state_transfer import StateTransfer
from consensus.protocols import Slot
from consensus.snapshots import Snapshot, checkpoint_bytes
from consensus.vocabulary import MILLISECOND, SECOND
from tests.consensus.pbft.cluster import Cluster, ModelCrypto, make_block

SIZES = st.sampled_from([4, 5, 6, 7, 8, 9, 10])
TURNS = st.sampled_from([0, 0, 1, 3])
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def drawn(turns, **settings):
    """Options that meet a checkpoint every few heights."""
    return Options(rotate_every=turns, window=4, checkpoint_interval=6, log_size=16, **settings)


def chaos(cluster: Cluster, random: Random, steps: int) -> None:  # noqa: C901, PLR0912 - one branch a fault
    """Crash at most f, cut links, lose and double messages, fire timers early."""
    for _ in range(steps):
        dice = random.random()
        number = random.choice([node.number for node in cluster.correct()])
        down = [node.number for node in cluster.nodes if not node.up]
        if dice < 0.02 and len(down) + len(cluster.byzantine) < cluster.faults:
            cluster.crash(number)
        elif dice < 0.05 and down:
            cluster.restart(random.choice(down))
        elif dice < 0.06 and cluster.nodes[number].up:
            cluster.crash(number)
            cluster.restart(number)
        elif dice < 0.08:
            cluster.isolate(*random.sample(range(cluster.n), random.randint(1, cluster.n // 2)))
        elif dice < 0.12:
            cluster.heal()
        elif dice < 0.14 and cluster.nodes[number].up:
            due = [name for name in cluster.nodes[number].timers if name == "pbft.view-change"]
            if due:
                cluster.now = max(cluster.now, cluster.nodes[number].timers[due[0]][0])
        elif dice < 0.2 and cluster.flights:
            cluster.flights.append(random.choice(cluster.flights))
        elif dice < 0.22:
            cluster.gossip()
        elif dice < 0.5 and cluster.flights:
            flight = cluster.flights.pop(random.randrange(len(cluster.flights)))
            if cluster.nodes[flight.to].up:
                cluster.give(flight.sender, flight.to, flight.message)
        else:
            cluster.propose_where_possible()
            cluster.step()


def recover(cluster: Cluster) -> None:
    cluster.heal()
    cluster.loss = 0.0
    for node in cluster.nodes:
        if not node.up:
            cluster.restart(node.number)
    top = max(node.height for node in cluster.correct())
    cluster.run(cluster.all_at(top + 3), limit_ns=200 * SECOND)


@given(
    n=SIZES,
    turns=TURNS,
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3]),
    steps=st.integers(50, 600),
)
@QUICK
def test_crashes_loss_and_partitions(n, turns, seed, loss, steps):
    cluster = Cluster(n, seed=seed, options=drawn(turns))
    cluster.loss = loss
    cluster.demand()
    chaos(cluster, Random(seed), steps)
    recover(cluster)


@given(n=SIZES, turns=TURNS, seed=st.integers(0, 2**32), steps=st.integers(50, 500))
@QUICK
def test_a_lying_replica(n, turns, seed, steps):
    """Whoever it is: it sends some peers another block or vote, and says nothing to others."""
    random = Random(seed)
    liar = random.randrange(n)
    cluster = Cluster(n, seed=seed, byzantine=[liar], options=drawn(turns))
    cluster.filter_sent = lying(liar, random)
    cluster.demand()
    chaos(cluster, random, steps)
    cluster.filter_sent = lambda sender, _to, message: None if sender == liar else message
    recover(cluster)


def lying(liar, random):
    sign = ModelCrypto(liar).sign

    def lie(sender, _to, message):
        if sender != liar or random.random() < 0.4:
            return message
        if random.random() < 0.2:
            return None
        match message:
            case PrePrepare():
                header = message.block.header
                block = make_block(Slot(header.height, header.parent, header.round), header.proposer, (b"twin",))
                data = pre_prepare_bytes(message.view, block.height, block.hash)
                return PrePrepare(message.view, block, sign(data))
            case Prepare():
                other = random.randbytes(32)
                signature = sign(prepare_bytes(message.view, message.height, other))
                return Prepare(message.view, message.height, other, liar, signature)
            case CommitVote():
                return CommitVote(message.view, message.height, random.randbytes(32), liar, message.signature)
        return message

    return lie


@given(n=SIZES, turns=TURNS, seed=st.integers(0, 2**32), steps=st.integers(100, 600))
@QUICK
def test_a_two_faced_replica_among_impatient_ones(n, turns, seed, steps):
    """Timeouts near the links' delay: views change all the time; the liar shows two sides two chains and votes for
    both."""
    random = Random(seed)
    liar = random.randrange(n)
    options = drawn(turns, view_change_timeout_ns=random.choice([30, 60, 200]) * MILLISECOND)
    cluster = Cluster(n, seed=seed, byzantine=[liar], options=options)
    cluster.filter_sent = two_faced(cluster, liar, random)
    cluster.demand()
    chaos(cluster, random, steps)
    cluster.filter_sent = lambda sender, _to, message: None if sender == liar else message
    recover(cluster)


def two_faced(cluster, liar, random):
    sign = ModelCrypto(liar).sign
    twins = {}
    sides = {}

    def twin_of(message):
        header = message.block.header
        if message.block.hash not in twins and header.round == message.view:
            parent = twins[header.parent].hash if header.parent in twins else header.parent
            twins[message.block.hash] = make_block(Slot(header.height, parent, header.round), liar, (b"twin",))
        return twins.get(message.block.hash, message.block)

    def lie(sender, to, message):
        if sender != liar or not sides.setdefault((to, cluster.now // (200 * MILLISECOND)), random.random() < 0.5):
            return message
        if isinstance(message, PrePrepare):
            block = twin_of(message)
            return PrePrepare(message.view, block, sign(pre_prepare_bytes(message.view, block.height, block.hash)))
        if isinstance(message, Prepare | CommitVote) and cluster.nodes[to].up:
            entry = cluster.core(to)._context.log.get(message.height)
            if entry is not None and entry.accepted is not None:
                told = (message.view, message.height, entry.accepted.block.hash)
                data = prepare_bytes(*told) if isinstance(message, Prepare) else commit_bytes(*told)
                return type(message)(*told, liar, sign(data))
        return message

    return lie


SHORT = Options(
    checkpoint_interval=2, log_size=4, transfer_patience_ns=500 * MILLISECOND, transfer_window=2, backoff_max=3
)


def short_logs(n, seed, steps):
    """Checkpoints every other height, few blocks kept, a replica whose state rots, one that lies about states.

    It either lies about what is stable, or is a lying helper to one that was cut off for long.
    """
    random = Random(seed)
    liar = random.randrange(n)
    cluster = Cluster(n, seed=seed, byzantine=[liar], options=SHORT)
    cluster.blocks_kept = random.choice([1, 2, 100])
    cluster.loss = random.choice([0.0, 0.1, 0.3])
    helping = random.random() < 0.5
    kinds = (Manifest, Chunk) if helping else (Checkpoint, StableCheckpoint)
    cluster.filter_sent = lying_about_states(liar, kinds, random)
    cluster.demand()
    rotten = random.choice(cluster.correct())
    for _ in range(3):
        chaos(cluster, random, steps // 3)
        if helping:
            leave_behind(cluster, random.choice(cluster.correct()).number)
        if cluster.faults > 1:  # with the liar, f
            cluster.corrupt(rotten.number)
    cluster.filter_sent = lambda sender, _to, message: None if sender == liar else message
    recover(cluster)
    low = min(node.stable for node in cluster.correct())
    cluster.run(lambda: all(node.stable > low for node in cluster.correct()), limit_ns=200 * SECOND)


def leave_behind(cluster, number):
    """Cut one off until the others keep none of the blocks that it lacks."""
    for node in cluster.nodes:
        if not node.up:
            cluster.restart(node.number)
    cluster.isolate(number)
    others = [node.number for node in cluster.correct() if node.number != number]
    top = max(node.height for node in cluster.nodes)
    cluster.run(cluster.all_at(top + 6, others), limit_ns=200 * SECOND)
    cluster.heal()


def lying_about_states(liar, kinds, random):
    sign = ModelCrypto(liar).sign
    wrong = [bytes(32), b"\1" * 32]

    def lie(sender, _to, message):
        if sender != liar or random.random() < 0.3:
            return message
        if not isinstance(message, kinds):
            return message if random.random() < 0.9 else None
        return lied(message)

    def lied(message):
        match message:
            case Checkpoint():
                digest = random.choice(wrong)
                return Checkpoint(message.height, digest, liar, sign(checkpoint_bytes(message.height, digest)))
            case StableCheckpoint():
                return StableCheckpoint(
                    message.height, random.choice(wrong), message.signatures[: random.choice([2, 9])]
                )
            case Manifest(snapshot=Snapshot() as snapshot):
                chunks = (*snapshot.chunks[1:], random.choice(wrong))
                return Manifest(message.height, msgspec.structs.replace(snapshot, chunks=chunks))
            case Chunk():
                return Chunk(message.height, message.place, random.choice([None, b"wrong", message.data]))
        return message  # a manifest that says that nothing is kept

    return lie


@given(n=SIZES, seed=st.integers(0, 2**32), steps=st.integers(150, 450))
@settings(QUICK, max_examples=12)
def test_short_logs_lost_blocks_rotten_states_and_lies_about_them(n, seed, steps):
    short_logs(n, seed, steps)


def digest_not_compared(patch):
    """CHECKPOINTs are counted, whatever they say."""

    def count(self, vote):
        votes = self._votes.setdefault(vote.height, {})
        votes[vote.replica] = vote
        quorum = self._context.members.quorum
        if len(votes) >= quorum and vote.height > self._log.stable and vote.height not in self._certificates:
            signatures = tuple((other.replica, other.signature) for _, other in sorted(votes.items())[:quorum])
            self._certified(StableCheckpoint(vote.height, vote.digest, signatures))

    patch.setattr(Checkpoints, "_count", count)


def own_digest_not_compared(patch):
    """A stable certificate is believed to be of our own state."""
    patch.setattr(Checkpoints, "_reached", Checkpoints._stabilise)


def outside_the_window(patch):
    """The high watermark moves with what is decided, not with what is stable."""
    patch.setattr(
        Log, "inside", lambda self, height: self.committed.height < height <= self.committed.height + self.size
    )
    patch.setattr(Log, "high", property(lambda self: self.committed.height + self.size))


def chunk_not_checked(patch):
    """A chunk is taken as it comes."""
    patch.setattr(StateTransfer, "_fits", lambda _self, _data, _digest: True)


def certificate_of_f_plus_one(patch):
    """As many CHECKPOINTs as prove one correct replica are taken for stable."""
    patch.setattr(Checkpoints, "_quorum", lambda self, height: self._members_at(height).faults + 1)


def some_short_logs():
    for seed in range(40):
        short_logs(4 + seed % 4, seed, 400)


BUGS = [digest_not_compared, own_digest_not_compared, outside_the_window, chunk_not_checked, certificate_of_f_plus_one]


@pytest.mark.parametrize("bug", BUGS)
def test_the_schedules_find_planted_bugs_of_checkpoints(bug, monkeypatch):
    """Each within a few of the schedules that are silent without it."""
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        some_short_logs()


@pytest.mark.parametrize("n", [4, 6, 7])
def test_a_third_of_all_messages_lost_only_slows_down(n):
    cluster = Cluster(n, seed=n)
    cluster.loss = 0.3
    cluster.demand()
    cluster.run(cluster.all_at(20), limit_ns=60 * SECOND)


def test_slow_links_need_no_view_change():
    cluster = Cluster(4, options=Options(view_change_timeout_ns=2 * SECOND))
    cluster.latency = (200 * MILLISECOND, 400 * MILLISECOND)
    cluster.demand()
    cluster.run(cluster.all_at(10), limit_ns=60 * SECOND)
    assert cluster.views() == [0] * 4


def test_links_slower_than_the_timeout_are_outgrown():
    """Partial synchrony: patience doubles until the network's delay fits in."""
    cluster = Cluster(4, options=Options(view_change_timeout_ns=100 * MILLISECOND))
    cluster.latency = (200 * MILLISECOND, 300 * MILLISECOND)
    cluster.demand()
    cluster.run(cluster.all_at(3), limit_ns=120 * SECOND, gossip=False)
