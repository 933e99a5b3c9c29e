from __future__ import annotations

import pytest

from consensus.configuration import Configuration
from consensus.pbft.messages import ACCEPTED, CHECKPOINTS, Checkpoint, PrePrepare, StableCheckpoint
from consensus.properties import Violation
from consensus.properties.checkpoints import CheckpointSafety
from consensus.snapshots import Snapshot
from consensus.vocabulary import Broadcast, Install, Put, Trace
from tests.properties.blocks import chain

S = bytes(64)
RIGHT, WRONG = b"\1" * 32, b"\2" * 32


def watched(**settings) -> CheckpointSafety:
    return CheckpointSafety((0, 1, 2, 3), **settings)


def durable(oracle: CheckpointSafety, node: int, *records: Put) -> None:
    oracle.on_durable(1, node, 1, records, {})


def say(oracle: CheckpointSafety, node: int, digest: bytes = RIGHT, height: int = 2) -> None:
    message = Checkpoint(height, digest, node, S)
    durable(oracle, node, Put(CHECKPOINTS, height, message))
    oracle.on_leave(1, node, 1, Broadcast(message), {})


def hold(oracle: CheckpointSafety, node: int, signers=(0, 1, 2), digest: bytes = RIGHT, height: int = 2) -> None:
    proof = StableCheckpoint(height, digest, tuple((signer, S) for signer in signers))
    durable(oracle, node, Put(CHECKPOINTS, "stable", proof))


def agreed(**settings) -> CheckpointSafety:
    oracle = watched(**settings)
    for node in (0, 1, 2):
        say(oracle, node)
    return oracle


def broken(property_: str):
    return pytest.raises(Violation, match=property_)


def test_a_quorum_that_has_the_state_makes_it_stable_for_anyone():
    oracle = agreed()
    hold(oracle, 3)
    hold(oracle, 0)
    assert oracle.low == {3: 2, 0: 2}


def test_a_checkpoint_is_durable_before_it_is_said():
    with broken("durable before said"):
        watched().on_leave(1, 0, 1, Broadcast(Checkpoint(2, RIGHT, 0, S)), {})


def test_a_replica_says_one_digest_across_its_lives():
    oracle = agreed()
    with broken("no equivocation"):
        say(oracle, 0, WRONG)


def test_what_a_liar_says_is_its_own_business():
    oracle = agreed(liars=frozenset({3}))
    say(oracle, 3, WRONG)
    say(oracle, 3, RIGHT)
    hold(oracle, 3, signers=(3,), digest=WRONG)
    hold(oracle, 0, signers=(0, 1, 3))


@pytest.mark.parametrize("signers", [(0, 1), (0, 1, 2, 3), (0, 1, 1), (0, 1, 9)])
def test_exactly_a_quorum_of_members_signs(signers):
    with broken("a quorum is stable"):
        hold(agreed(), 3, signers)


def test_every_correct_signer_has_the_state():
    with broken("signers have the state"):
        hold(agreed(), 0, signers=(0, 1, 3))
    with broken("signers have the state"):
        hold(agreed(), 3, digest=WRONG)


def test_two_states_of_one_height_are_told_even_where_all_who_signed_lie():
    liars = (0, 1, 2, 3, 4)
    oracle = CheckpointSafety((*liars, 5, 6), liars=frozenset(liars))
    hold(oracle, 5, liars)
    with broken("one state"):
        hold(oracle, 6, liars, digest=WRONG)


def test_the_low_watermark_only_rises():
    oracle = agreed()
    hold(oracle, 0)
    with broken("low watermark rises"):
        hold(oracle, 0)
    with broken("low watermark rises"):
        oracle.on_start(2, 0, 2, {})


def test_who_contradicts_a_quorum_does_not_follow_it():
    oracle = agreed()
    say(oracle, 3, WRONG)
    with broken("diverged takes no part"):
        hold(oracle, 3)


def test_nothing_outside_the_window_is_accepted():
    blocks = chain(7)
    oracle = agreed(log_size=4)
    durable(oracle, 0, Put(ACCEPTED, 4, PrePrepare(0, blocks[3], S)))
    with broken("inside the window"):
        durable(oracle, 0, Put(ACCEPTED, 5, PrePrepare(0, blocks[4], S)))
    hold(oracle, 0)
    durable(oracle, 0, Put(ACCEPTED, 6, PrePrepare(0, blocks[5], S)))
    for outside in (2, 7):
        with broken("inside the window"):
            durable(oracle, 0, Put(ACCEPTED, outside, PrePrepare(0, blocks[outside - 1], S)))


def test_an_installed_state_is_one_that_a_correct_replica_has_for_sure():
    oracle = watched()
    snapshot = Snapshot(chain(2)[1].header, Configuration(voters=(0, 1, 2, 3)), ())
    say(oracle, 0, snapshot.digest)
    with broken("transferred states are canonical"):
        oracle.on_install(1, 3, 1, Install(2, snapshot, ()))
    say(oracle, 1, snapshot.digest)
    oracle.on_install(1, 3, 1, Install(2, snapshot, ()))


def test_other_members_sign_above_the_checkpoint_that_they_begin_at():
    oracle = agreed()
    for node in range(6):
        oracle.on_trace(1, node, 1, Trace("pbft.epoch", (2, 0, 1, 2, 3, 4, 5)))
        say(oracle, node, height=4)
    hold(oracle, 3)
    with broken("a quorum is stable"):
        hold(oracle, 0, height=4)
    hold(oracle, 1, signers=(0, 1, 2, 5), height=4)


def test_old_heights_are_forgotten():
    oracle = agreed(keep=2)
    hold(oracle, 3)
    for node in (0, 1, 2):
        say(oracle, node, height=8)
    hold(oracle, 3, height=8)
    assert {height for height, _ in oracle.said} == {8}
    assert list(oracle.stable) == [8]
