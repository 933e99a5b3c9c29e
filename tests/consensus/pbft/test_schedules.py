"""Random schedules: loss, reordering, duplicates, partitions, crashes and a lying primary, for every shape of n.

The cluster's own oracles watch every step (agreement, gaps, certificates, self-contradiction); at the end the network
heals and everything must be decided everywhere.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consensus.chain import commit_bytes
from consensus.pbft import Options
from consensus.pbft.certificates import pre_prepare_bytes, prepare_bytes
from consensus.pbft.messages import CommitVote, Prepare, PrePrepare
from consensus.protocols import Slot
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
