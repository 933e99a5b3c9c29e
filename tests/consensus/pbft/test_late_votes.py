"""Votes that complete nothing any more are passed over unread, and no others are."""

from __future__ import annotations

import pytest

from consensus.chain import commit_bytes
from consensus.pbft.certificates import prepare_bytes
from consensus.pbft.messages import Checkpoint, CommitVote, NewView, Prepare, PrePrepare, ViewChange
from consensus.pbft.timers import VALIDATE
from consensus.quorum import byzantine_quorum
from consensus.snapshots import checkpoint_bytes
from consensus.vocabulary import SetTimer
from tests.consensus.pbft.cluster import Cluster, ModelCrypto

OTHER = bytes(range(32))


def prepare(sender: int, view: int, height: int, block_hash: bytes) -> Prepare:
    signature = ModelCrypto(sender).sign(prepare_bytes(view, height, block_hash))
    return Prepare(view, height, block_hash, sender, signature)


def commit(sender: int, view: int, height: int, block_hash: bytes) -> CommitVote:
    signature = ModelCrypto(sender).sign(commit_bytes(view, height, block_hash))
    return CommitVote(view, height, block_hash, sender, signature)


def prepared(n: int) -> tuple[Cluster, bytes, int]:
    """A cluster whose last replica has height 1 prepared by as few PREPAREs as it needs; its hash, and who is left."""
    cluster = Cluster(n)
    block = cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    for sender in range(1, byzantine_quorum(n) - 1):
        cluster.give(sender, n - 1, prepare(sender, 0, 1, block.hash))
    return cluster, block.hash, byzantine_quorum(n) - 1


@pytest.mark.parametrize("n", [4, 6, 7])
def test_a_prepare_for_what_is_prepared_changes_nothing_whatever_it_says(n):
    cluster, block_hash, late = prepared(n)
    core = cluster.core(n - 1)
    before = core.state_hash()
    assert cluster.give(late, n - 1, prepare(late, 0, 1, block_hash)) == []
    assert cluster.give(late, n - 1, prepare(late, 0, 1, OTHER)) == []
    assert cluster.give(late, n - 1, Prepare(0, 1, block_hash, late, bytes(64))) == []
    assert core.state_hash() == before


def test_the_view_change_shows_the_certificate_all_the_same():
    cluster, block_hash, late = prepared(4)
    cluster.give(late, 3, prepare(late, 0, 1, block_hash))
    cluster.flights.clear()
    for node in (1, 2, 3):
        cluster.fire(node, "pbft.view-change")
    [shown] = [f.message for f in cluster.flights if isinstance(f.message, ViewChange) and f.sender == 3 and f.to == 1]
    [certificate] = shown.prepared
    assert (certificate.hash, len(certificate.prepares)) == (block_hash, 2)
    cluster.deliver()
    assert cluster.heights()[1:] == [1] * 3
    assert cluster.decided[1] == block_hash


def test_a_prepare_of_a_later_view_is_kept_although_its_height_is_prepared():
    """It came before the NEW-VIEW, and in that view it counts."""
    cluster, block_hash, _ = prepared(4)
    before = cluster.core(3).state_hash()
    cluster.give(2, 3, prepare(2, 1, 1, block_hash))
    assert cluster.core(3).state_hash() != before
    cluster.flights.clear()
    for node in (1, 2, 3):
        cluster.fire(node, "pbft.view-change")
    cluster.deliver(lambda f: isinstance(f.message, ViewChange | NewView))
    entered = [f.message for f in cluster.flights if f.sender == 3 and isinstance(f.message, CommitVote)]
    assert {vote.view for vote in entered} == {1}, "2's PREPARE and its own are a quorum with the primary's word"


def test_a_prepare_that_comes_before_the_new_view_is_kept_although_its_height_was_prepared_in_the_view_left():
    cluster, block_hash, _ = prepared(4)
    cluster.flights.clear()
    for node in (1, 2, 3):
        cluster.fire(node, "pbft.view-change")
    cluster.give(2, 3, prepare(2, 1, 1, block_hash))  # 3 has left view 0, and the NEW-VIEW is still on its way
    cluster.deliver(lambda f: isinstance(f.message, ViewChange | NewView))
    entered = [f.message for f in cluster.flights if f.sender == 3 and isinstance(f.message, CommitVote)]
    assert {vote.view for vote in entered} == {1}, "2's PREPARE and its own are a quorum with the primary's word"


@pytest.mark.parametrize("n", [4, 7])
def test_commits_of_liars_for_another_block_come_first_and_spoil_nothing(n):
    cluster, block_hash, _ = prepared(n)
    target, faults = n - 1, (n - 1) // 3
    for liar in range(faults):
        assert cluster.give(liar, target, commit(liar, 0, 1, OTHER)) == []
    honest = range(faults, target)
    for sender in list(honest)[: byzantine_quorum(n) - 1]:
        cluster.give(sender, target, commit(sender, 0, 1, block_hash))
    assert cluster.nodes[target].height == 1


def test_a_commit_for_what_is_certified_changes_nothing_while_the_body_is_missing():
    cluster = Cluster(4)
    for sender in (0, 1, 2):
        cluster.give(sender, 3, commit(sender, 0, 1, OTHER))
    core = cluster.core(3)
    before = core.state_hash()
    for last in (commit(2, 0, 1, bytes(32)), commit(0, 0, 1, OTHER)):
        assert cluster.give(last.replica, 3, last) == []
    assert core.state_hash() == before


def test_checkpoints_bring_nothing_before_a_quorum_agrees():
    cluster = Cluster(7)
    height, digest = cluster.options.checkpoint_interval, bytes(32)

    def said(sender: int, what: bytes) -> Checkpoint:
        return Checkpoint(height, what, sender, ModelCrypto(sender).sign(checkpoint_bytes(height, what)))

    for sender, what in ((1, digest), (2, OTHER), (3, digest), (4, digest), (5, digest)):
        assert cluster.give(sender, 0, said(sender, what)) == []
    effects = cluster.give(6, 0, said(6, digest))
    assert [type(effect) for effect in effects] == [SetTimer], "the state of a quorum is ahead: patience with catch-up"


@pytest.mark.parametrize(("text", "judged_again"), [(b"pay", False), (b"after 1", True)])
def test_only_what_waits_for_a_state_is_judged_again(text, judged_again):
    seen: list[SetTimer] = []
    cluster = Cluster(4, observe=lambda _, what: seen.append(what) if isinstance(what, SetTimer) else None)
    cluster.propose(0)
    cluster.propose(0, text)
    cluster.deliver()
    assert cluster.heights() == [2] * 4
    assert any(timer.name == VALIDATE for timer in seen) == judged_again
