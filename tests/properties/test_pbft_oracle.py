from __future__ import annotations

import msgspec
import pytest

from consensus.configuration import Change, Reconfiguration, Verb
from consensus.pbft.messages import (
    ACCEPTED,
    PREPARED,
    VIEW,
    CommitVote,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Reproposal,
    ViewChange,
)
from consensus.properties import Electorates, Violation
from consensus.properties.pbft import Claim, PbftSafety
from consensus.vocabulary import Broadcast, Commit, Drop, Put
from tests.properties.blocks import GENESIS, block, chain

S = bytes(64)
ONE, OTHER = chain(1)[0], chain(1, mark="x")[0]


def watched(**settings) -> PbftSafety:
    return PbftSafety((0, 1, 2, 3), **settings)


def accepted(view: int, what=ONE) -> dict:
    return {ACCEPTED: {what.height: PrePrepare(view, what, S)}, PREPARED: {what.height: proof(view, what)}}


def proof(view: int, what=ONE) -> PreparedCertificate:
    return PreparedCertificate(view, what.header, S, ())


def say(oracle: PbftSafety, node: int, message, disk=None, incarnation: int = 1) -> None:
    for space, entries in (accepted(message.view) if disk is None else disk).items():
        oracle.on_durable(1, node, incarnation, tuple(Put(space, key, value) for key, value in entries.items()), {})
    oracle.on_leave(1, node, incarnation, Broadcast(message), {})


def prepare(node: int, view: int = 0, what=ONE) -> Prepare:
    return Prepare(view, what.height, what.hash, node, S)


def commit(node: int, view: int = 0, what=ONE) -> CommitVote:
    return CommitVote(view, what.height, what.hash, node, S)


def view_change(node: int, view: int, *proofs, height: int = 0) -> ViewChange:
    return ViewChange(view, node, height, GENESIS, None, tuple(proofs), bytes([node]) * 64)


def enter(oracle: PbftSafety, node: int, view: int, *blocks, base: int = 0) -> None:
    changes = tuple(view_change(n, view, height=base) for n in range(3))
    proposals = tuple(Reproposal(b.height, b.hash, S) for b in blocks)
    oracle.on_durable(2, node, 1, (Put(VIEW, "new-view", NewView(view, changes, proposals, S)),), {})


@pytest.mark.parametrize("vote", [prepare, commit])
def test_a_replica_never_says_two_things_in_one_place(vote) -> None:
    oracle = watched()
    say(oracle, 1, vote(1))
    say(oracle, 1, vote(1), incarnation=2)
    say(oracle, 1, vote(1, view=4, what=OTHER), disk=accepted(4, OTHER))
    with pytest.raises(Violation, match=r"no equivocation: .*node 1\.2"):
        say(oracle, 1, vote(1, what=OTHER), disk=accepted(0, OTHER), incarnation=2)


def test_a_primary_never_proposes_two_blocks_at_one_height() -> None:
    oracle = watched()
    say(oracle, 0, PrePrepare(0, ONE, S))
    with pytest.raises(Violation, match="no equivocation"):
        say(oracle, 0, PrePrepare(0, OTHER, S), disk=accepted(0, OTHER))


def test_nothing_is_asked_of_liars_but_their_votes_count() -> None:
    oracle = watched(liars=frozenset({3}))
    for what in (ONE, OTHER):
        say(oracle, 3, commit(3, what=what), disk={})
    for node in (0, 1):
        say(oracle, node, commit(node))
    assert oracle.heights[1].certified["commit", 0].hash == ONE.hash


@pytest.mark.parametrize(
    "disk",
    [{}, accepted(0, OTHER)],
    ids=["nothing", "another block"],
)
def test_a_vote_that_rests_on_nothing_durable(disk) -> None:
    for message in (prepare(1), commit(1)):
        with pytest.raises(Violation, match="durable before said"):
            say(watched(), 1, message, disk=disk)


def test_a_vote_may_leave_late_when_its_record_is_outdated_or_gone_again() -> None:
    oracle = watched()
    for value in (proof(0), proof(1, OTHER)):
        oracle.on_durable(1, 1, 1, (Put(PREPARED, 1, value),), {})
    oracle.on_durable(1, 1, 1, (Drop(PREPARED, 2),), {})
    say(oracle, 1, commit(1), disk={})
    assert (1, "commit", 0) in oracle.heights[1].said


def test_what_lies_far_below_is_forgotten() -> None:
    oracle, blocks = watched(keep=2), chain(5)
    for height, what in enumerate(blocks, 1):
        say(oracle, 1, commit(1, what=what), disk=accepted(0, what))
        oracle.on_commit(1, 1, 1, Commit(height, what, None))
    assert sorted(oracle.heights) == [4, 5]


def test_who_asked_for_a_view_takes_no_part_in_lower_ones() -> None:
    oracle = watched()
    say(oracle, 1, view_change(1, 2))
    with pytest.raises(Violation, match="view left"):
        say(oracle, 1, prepare(1, view=1))


def test_a_commit_that_was_said_must_be_reported() -> None:
    for report, fine in (
        (view_change(1, 1, proof(0)), True),
        (view_change(1, 1, height=1), True),
        (view_change(1, 1), False),
    ):
        oracle = watched()
        say(oracle, 1, commit(1))
        if fine:
            say(oracle, 1, report)
        else:
            with pytest.raises(Violation, match="prepared is reported"):
                say(oracle, 1, report)


def test_a_new_view_or_a_decision_that_contradicts_a_commit_takes_the_duty_to_report_it() -> None:
    oracle = watched()
    say(oracle, 1, commit(1))
    enter(oracle, 1, 1, OTHER)
    say(oracle, 1, view_change(1, 2))

    two = block(2, ONE.hash)
    oracle = watched()
    say(oracle, 0, PrePrepare(0, two, S), disk=accepted(0, two))
    say(oracle, 1, commit(1, what=two), disk=accepted(0, two))
    oracle.on_commit(1, 1, 1, Commit(1, OTHER, None))
    say(oracle, 1, view_change(1, 1, height=1))
    assert oracle.asked[1].view == 1


def test_quorums_that_prepare_two_blocks_in_one_view() -> None:
    oracle = watched(liars=frozenset({2, 3}))
    for node in (1, 2, 3):
        say(oracle, node, prepare(node))
    say(oracle, 2, prepare(2, what=OTHER))
    say(oracle, 3, prepare(3, what=OTHER))
    with pytest.raises(Violation, match="conflicting certificates"):
        say(oracle, 0, PrePrepare(0, OTHER, S), disk=accepted(0, OTHER))


def test_quorums_that_commit_two_blocks_at_one_height() -> None:
    oracle = watched()
    for node in (0, 1, 2):
        say(oracle, node, commit(node))
    say(oracle, 1, commit(1, view=1, what=OTHER), disk=accepted(1, OTHER))
    say(oracle, 2, commit(2, view=1, what=OTHER), disk=accepted(1, OTHER))
    with pytest.raises(Violation, match="conflicting certificates"):
        say(oracle, 3, commit(3, view=1, what=OTHER), disk=accepted(1, OTHER))


@pytest.mark.parametrize("order", ["commits first", "view first"])
def test_a_new_view_that_forgets_what_a_quorum_committed(order: str) -> None:
    oracle = watched()
    steps = [lambda: [say(oracle, node, commit(node)) for node in (0, 1, 2)], lambda: enter(oracle, 3, 1, OTHER)]
    first, second = steps if order == "commits first" else reversed(steps)
    first()
    with pytest.raises(Violation, match="new view keeps decisions"):
        second()


def test_a_new_view_that_begins_above_or_prescribes_what_was_committed_is_fine() -> None:
    oracle = watched()
    for node in (0, 1, 2):
        say(oracle, node, commit(node))
    enter(oracle, 3, 1, ONE)
    enter(oracle, 3, 2, base=1)
    assert [view for _, view, _ in sorted(oracle.new_views)] == [1, 2]


def test_two_new_views_of_one_view() -> None:
    oracle = watched()
    enter(oracle, 0, 1, ONE)
    with pytest.raises(Violation, match="one new view"):
        enter(oracle, 2, 1, OTHER)


# Members that change at checkpoints


def replaced(*, liars: frozenset[int] = frozenset()) -> tuple[PbftSafety, tuple]:
    """Block 1 asks for node 0 to be replaced by node 4; every second height is a checkpoint. Height 2 is decided."""
    blocks = chain(3)
    change = Reconfiguration((Change(Verb.ADD_VOTER, 4), Change(Verb.REMOVE, 0)))
    electorates = Electorates((0, 1, 2, 3), 2, lambda asked: change if asked.height == 1 else None)
    oracle = watched(electorates=electorates, liars=liars)
    for decided in blocks[:2]:
        oracle.on_commit(1, 1, 1, Commit(decided.height, decided, None))
    return oracle, blocks


def test_a_quorum_is_one_of_those_who_decide_that_height() -> None:
    """Old members' votes above the checkpoint complete nothing; those of new ones do."""
    other = chain(3, mark="x")[2]
    oracle, (_, _, third) = replaced(liars=frozenset({0, 4}))
    for node in (0, 1, 2):
        oracle._count(Claim(node, "commit", 0, 3, other.hash, "a test"))
    for node in (1, 3, 4):
        oracle._count(Claim(node, "commit", 1, 3, third.hash, "a test"))
    assert oracle.heights[3].certified["commit", 0].hash == third.hash


def test_a_view_left_in_one_epoch_may_be_worked_in_in_the_next() -> None:
    oracle, (_, _, third) = replaced()
    say(oracle, 1, msgspec.structs.replace(view_change(1, 3), epoch=0), disk={})
    say(oracle, 1, prepare(1, view=0, what=third), disk=accepted(0, third))
    say(oracle, 1, msgspec.structs.replace(view_change(1, 2, height=2), epoch=2), disk={})
    with pytest.raises(Violation, match="view left"):
        say(oracle, 1, commit(1, view=0, what=third), disk=accepted(0, third))


def test_a_new_view_must_keep_what_its_own_epoch_decided() -> None:
    oracle, (_, _, third) = replaced()
    for node in (1, 2, 3):
        say(oracle, node, commit(node, view=0, what=third), disk=accepted(0, third))
    old = tuple(view_change(node, 1) for node in range(3))
    oracle.on_durable(2, 3, 1, (Put(VIEW, "new-view", NewView(1, old, (), S)),), {})
    new = tuple(msgspec.structs.replace(view_change(node, 1, height=2), epoch=2) for node in (1, 2, 4))
    with pytest.raises(Violation, match="new view keeps decisions"):
        oracle.on_durable(2, 3, 1, (Put(VIEW, "new-view", NewView(1, new, (), S)),), {})


def test_a_lying_primary_may_have_said_two_new_views() -> None:
    oracle = watched(liars=frozenset({1}))
    enter(oracle, 2, 1, ONE)
    enter(oracle, 3, 1, OTHER)
    assert len(oracle.new_views) == 2


def test_two_changes_between_checkpoints() -> None:
    change = Reconfiguration((Change(Verb.ADD_VOTER, 4),))
    electorates = Electorates((0, 1, 2, 3), 4, lambda _block: change)
    electorates.follow(chain(2)[0])
    with pytest.raises(Violation, match="one change"):
        electorates.follow(chain(2)[1])
