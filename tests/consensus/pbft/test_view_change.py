"""View changes: silent and lying primaries, what was prepared, what was decided."""

from __future__ import annotations

import pytest

from consensus.pbft.certificates import pre_prepare_bytes
from consensus.pbft.messages import CommitVote, Fetch, NewView, Prepare, PrePrepare, ViewChange
from consensus.protocols import Slot
from consensus.vocabulary import SECOND
from tests.consensus.pbft.cluster import Cluster, ModelCrypto, make_block

SIZES = [4, 5, 6, 7]


def isinstance_of(*kinds):
    return lambda flight: isinstance(flight.message, kinds)


def change_view(cluster, *numbers):
    """These nodes lose patience with their primary."""
    cluster.demand(*numbers)
    for number in numbers:
        if not cluster.core(number).status().changing:
            cluster.fire(number, "pbft.view-change")


@pytest.mark.parametrize("n", SIZES)
def test_a_silent_primary_is_replaced_and_requests_are_decided(n):
    cluster = Cluster(n)
    cluster.crash(0)
    cluster.demand()
    cluster.run(cluster.all_at(3, range(1, n)))
    assert set(cluster.views()[1:]) == {1}


@pytest.mark.parametrize("n", SIZES)
def test_without_requests_nobody_changes_the_view(n):
    cluster = Cluster(n)
    cluster.crash(0)
    while cluster.step():
        assert cluster.now < 10 * SECOND
    assert set(cluster.views()[1:]) == {0}


@pytest.mark.parametrize("n", [7, 8, 10])
def test_silent_new_primaries_are_passed_over_with_growing_patience(n):
    cluster = Cluster(n)
    cluster.crash(0)
    cluster.crash(1)
    cluster.demand()
    cluster.run(cluster.all_at(1, range(2, n)))
    assert set(cluster.views()[2:]) == {2}
    core = cluster.core(3)
    assert core._patience.doublings == 0  # came down again with the decision
    assert 4 * SECOND < cluster.now < 5 * SECOND


def test_patience_doubles_while_nothing_is_decided():
    cluster = Cluster(4)
    change_view(cluster, 1, 2, 3)
    timeouts = []
    for _ in range(3):
        cluster.deliver(isinstance_of(ViewChange))
        cluster.drop()
        timeouts.append(cluster.core(3)._patience.timeout)
        change_view(cluster, 0, 1, 2, 3)
    assert timeouts == [2 * SECOND, 4 * SECOND, 8 * SECOND]


@pytest.mark.parametrize("n", SIZES)
def test_a_prepared_but_uncommitted_block_keeps_its_digest(n):
    cluster = Cluster(n)
    blocks = [cluster.propose(0) for _ in range(3)]
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    cluster.drop()
    cluster.crash(0)
    change_view(cluster, *range(1, n))
    cluster.deliver()
    assert cluster.heights()[1:] == [3] * (n - 1)
    assert [cluster.decided[height] for height in (1, 2, 3)] == [block.hash for block in blocks]
    assert cluster.nodes[1].image["certificates"][1].round == 1
    assert cluster.nodes[1].image["blocks"][1].round == 0


@pytest.mark.parametrize("n", SIZES)
def test_a_block_decided_at_one_node_alone_survives(n):
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote) or f.to == n - 1)
    assert cluster.heights() == [0] * (n - 1) + [1]
    cluster.drop()
    cluster.crash(n - 1)
    if cluster.faults > 1:
        cluster.crash(0)
    up = [node.number for node in cluster.nodes if node.up]
    change_view(cluster, *up)
    cluster.demand(*up)
    cluster.run(cluster.all_at(2, up))
    assert cluster.decided[1] == block.hash


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_what_was_decided_survives_views_that_prepare_nothing(n, restart):
    """Certificates of view 0 are kept through views 1 and 2, where the NEW-VIEW is heard and no vote after it."""
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    cluster.drop()
    for _ in range(2):
        change_view(cluster, *range(n))
        cluster.deliver(isinstance_of(ViewChange, NewView))
        cluster.drop()
        for number in range(n) if restart else ():
            cluster.crash(number)
            cluster.restart(number)
            cluster.drop()
    assert set(cluster.views()) == {2}
    change_view(cluster, *range(n))
    cluster.deliver(isinstance_of(ViewChange, NewView))
    cluster.deliver()
    assert cluster.heights() == [1] * n
    assert cluster.decided == {1: block.hash}


def test_a_block_that_nobody_prepared_may_be_forgotten():
    cluster = Cluster(4)
    lost = cluster.propose(0)
    cluster.drop()
    change_view(cluster, 1, 2, 3)
    cluster.deliver(lambda f: f.to != 0)
    block = cluster.propose(1)
    cluster.deliver()
    assert cluster.decided[1] == block.hash != lost.hash
    assert cluster.heights() == [1] * 4


def test_a_new_view_that_contradicts_what_a_backup_prepared_is_obeyed():
    """Node 3 alone has a block prepared; the NEW-VIEW is made of the other three."""
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.deliver(isinstance_of(PrePrepare))
    cluster.deliver(lambda f: isinstance(f.message, Prepare) and f.to == 3)
    assert cluster.core(3)._context.log.entry(1).prepared is not None
    cluster.drop()
    change_view(cluster, 0, 1, 2)
    cluster.deliver(lambda f: f.to != 3)
    cluster.deliver(isinstance_of(NewView))
    assert cluster.core(3)._context.log.entry(1).prepared is None
    assert cluster.nodes[3].image["pbft.prepared"] == {}
    other = cluster.propose(1, b"another")
    cluster.deliver()
    assert cluster.heights() == [1] * 4
    assert cluster.decided[1] == other.hash
    cluster.restart(3)
    cluster.propose(1)
    cluster.deliver()
    assert cluster.heights() == [2] * 4


def test_the_chain_of_the_highest_view_wins_even_where_a_longer_old_one_exists():
    """Node 3 prepared two blocks in view 0; view 1, without it, prepares another first block at node 2."""
    cluster = Cluster(4)
    cluster.propose(0, b"old 1")
    cluster.propose(0, b"old 2")
    cluster.deliver(isinstance_of(PrePrepare))
    cluster.deliver(lambda f: isinstance(f.message, Prepare) and f.to == 3)
    cluster.drop()
    change_view(cluster, 0, 1, 2)
    cluster.deliver(lambda f: f.to != 3)
    new = cluster.propose(1, b"new 1")
    cluster.deliver(lambda f: f.to != 3 and isinstance(f.message, PrePrepare))
    cluster.deliver(lambda f: f.to == 2 and isinstance(f.message, Prepare))
    cluster.drop()
    change_view(cluster, 0, 2)  # f + 1: node 3 joins them in view 2
    cluster.deliver(lambda f: 1 not in (f.to, f.sender))
    assert cluster.decided[1] == new.hash
    assert {cluster.heights()[number] for number in (0, 2, 3)} == {1}


def test_bodies_that_a_replica_lacks_are_fetched():
    cluster = Cluster(4)
    block = cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3 and not isinstance(f.message, CommitVote))
    cluster.drop()
    cluster.crash(0)
    change_view(cluster, 1, 2, 3)
    cluster.deliver(lambda f: not isinstance(f.message, Fetch))
    assert cluster.heights()[3] == 0
    assert [f.sender for f in cluster.flights if isinstance(f.message, Fetch)] == [3]
    cluster.deliver()
    assert cluster.heights()[1:] == [1] * 3
    assert cluster.decided[1] == block.hash


def test_a_fetched_body_that_is_not_its_headers_is_asked_for_again():
    cluster = Cluster(4, byzantine=[1])
    cluster.propose(0)
    cluster.deliver(lambda f: f.to != 3 and not isinstance(f.message, CommitVote))
    cluster.drop()
    change_view(cluster, 1, 2, 3)

    def lie(sender, _to, message):
        if type(message).__name__ == "Fetched" and sender == 1:
            return type(message)(type(message.block)(message.block.header, (b"a lie",)))
        return message

    cluster.filter_sent = lie
    cluster.demand()
    cluster.run(cluster.all_at(2))


def test_a_replica_joins_the_smallest_higher_view_that_f_plus_one_ask_for():
    cluster = Cluster(7)
    change_view(cluster, 1, 2)
    cluster.deliver()
    assert cluster.views() == [0, 1, 1, 0, 0, 0, 0]
    change_view(cluster, 3)
    cluster.deliver(isinstance_of(ViewChange))
    assert cluster.views() == [1] * 7


def test_a_replica_that_left_alone_is_passive_and_comes_in_with_the_next_view():
    cluster = Cluster(4)
    change_view(cluster, 3)
    cluster.demand(waiting=False)
    cluster.deliver()
    cluster.propose(0)
    cluster.deliver()
    assert cluster.heights() == [1, 1, 1, 0]
    assert cluster.core(3).status().changing
    cluster.catch_up(3, 0)
    cluster.crash(0)
    cluster.demand(1, 2)
    cluster.run(cluster.all_at(3, [1, 2, 3]))
    assert cluster.views()[1:] == [1, 1, 1]


def test_a_node_cut_off_for_long_is_let_into_the_present_view():
    cluster = Cluster(7, seed=3)
    cluster.demand()
    cluster.run(cluster.all_at(2))
    cluster.isolate(5, 6)
    cluster.crash(0)
    start = cluster.now
    cluster.run(lambda: cluster.now > start + 10 * SECOND, limit_ns=20 * SECOND)
    assert max(cluster.heights()) > 0
    cluster.restart(0)
    cluster.heal()
    top = max(cluster.heights())
    cluster.run(cluster.all_at(top + 10), limit_ns=5 * SECOND)
    assert len(set(cluster.views())) == 1


def test_a_faulty_replica_that_alone_knows_a_certificate_cannot_stop_the_rest():
    """Node 3 collects every COMMIT of heights 1 and 2 and keeps the blocks to itself."""
    cluster = Cluster(4, byzantine=[3])
    first, second = cluster.propose(0), cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote) or f.to == 3)
    assert cluster.heights() == [0, 0, 0, 2]
    cluster.drop()
    change_view(cluster, 1, 2, 3)
    cluster.deliver(lambda f: f.to != 0)
    assert cluster.heights()[1:3] == [2, 2]
    assert cluster.decided == {1: first.hash, 2: second.hash}
    assert 1 not in cluster.nodes[1].image["certificates"]
    cluster.restart(1)
    cluster.propose(1)
    cluster.deliver()
    assert cluster.heights()[1:3] == [3, 3]


@pytest.mark.parametrize("n", SIZES)
def test_an_equivocating_primary_breaks_nothing_and_is_replaced(n):
    """The primary tells every other backup of another block, with good signatures."""
    cluster = Cluster(n, byzantine=[0], seed=n)
    twins = {}

    def equivocate(sender, to, message):
        if sender != 0 or not isinstance(message, PrePrepare) or to % 2 or message.view:
            return message
        if message.block.hash not in twins:
            header = message.block.header
            block = make_block(Slot(header.height, header.parent, header.round), 0, (b"twin",))
            twins[message.block.hash] = signed_pre_prepare(message.view, block, 0)
        return twins[message.block.hash]

    cluster.filter_sent = equivocate
    cluster.demand()
    cluster.run(cluster.all_at(3), limit_ns=30 * SECOND)
    assert twins


def signed_pre_prepare(view, block, primary):
    data = pre_prepare_bytes(view, block.height, block.hash)
    return PrePrepare(view, block, ModelCrypto(primary).sign(data))


def test_two_pre_prepares_for_one_place_are_refused():
    cluster = Cluster(4)
    block = cluster.propose(0)
    other = make_block(Slot(1, block.parent, 0), 0, (b"other",))
    message = next(f.message for f in cluster.flights if f.to == 1)
    cluster.give(0, 1, message)
    assert cluster.give(0, 1, message) == []
    before = cluster.core(1).state_hash()
    cluster.give(0, 1, signed_pre_prepare(0, other, 0))
    assert cluster.nodes[1].rejected[-1].reason == "two PRE-PREPAREs for one height in one view"
    assert cluster.core(1).state_hash() == before


@pytest.mark.parametrize("n", SIZES)
def test_a_new_view_passed_on_by_anyone_is_good_and_a_changed_one_is_not(n):
    cluster = Cluster(n)
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    cluster.drop()
    change_view(cluster, *range(1, n))
    cluster.deliver(lambda f: not isinstance(f.message, NewView))
    good = next(f.message for f in cluster.flights if isinstance(f.message, NewView))
    cluster.drop()
    target = n - 1
    bad = [
        NewView(good.view, good.view_changes[:-1], good.pre_prepares, good.signature),
        NewView(good.view, good.view_changes, (), good.signature),
        NewView(good.view, good.view_changes[::-1], good.pre_prepares, good.signature),
        NewView(good.view + n, good.view_changes, good.pre_prepares, good.signature),
        NewView(good.view, good.view_changes, good.pre_prepares, bytes(64)),
    ]
    for message in bad:
        before = cluster.core(target).state_hash()
        cluster.give(2, target, message)
        assert len(cluster.nodes[target].rejected) == bad.index(message) + 1
        assert cluster.core(target).state_hash() == before
    cluster.give(2, target, good)
    assert not cluster.core(target).status().changing


def test_a_complaint_about_a_primary_that_has_just_begun_is_too_early():
    cluster = Cluster(4)
    change_view(cluster, 1, 2, 3)
    cluster.deliver()
    cluster.demand(waiting=False)
    for number in cluster.voters:
        cluster.carry_out(number, cluster.core(number).complain(cluster.now + 1 * SECOND))
    assert cluster.views() == [1] * 4
    for number in cluster.voters:
        cluster.carry_out(number, cluster.core(number).complain(cluster.now + 3 * SECOND))
    cluster.deliver()
    assert cluster.views() == [2] * 4
