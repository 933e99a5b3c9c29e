"""A core set to any state, stepped by hand: the example of the room's face, and what cannot be."""

from __future__ import annotations

import pytest

from consensus.configuration import Configuration
from consensus.protocols import Setup
from consensus.raft.messages import PreVote, PreVoteReply
from consensus.raft.restore import image_of, restore
from consensus.snapshots import Snapshot
from consensus.vocabulary import SECOND, Broadcast, Send
from tests.consensus.raft.lab import GENESIS, LabApplication, LabCrypto, make_block

FIRST = make_block(1, GENESIS.hash, 1, 0, "first")
SECOND_BLOCK = make_block(2, FIRST.hash, 1, 0, "second")
SETUP = Setup(
    me=0,
    voters=(0, 1, 2),
    genesis=GENESIS.hash,
    application=LabApplication(executed=9),
    crypto=LabCrypto(0),
    image={},
    random=lambda: 0,
)


def test_a_core_is_stepped_by_hand():
    core = restore(SETUP, term=1, voted_for=None, log=[FIRST, SECOND_BLOCK], commit_index=1)
    core.start(0)
    assert (core.status().role, core.status().height, core.server.log.last_index) == ("follower", 1, 2)
    assert core.receive(1, 2, PreVote(2, 2, 1)) == [Send(2, PreVoteReply(1, granted=False))], "it stands by its leader"
    assert Broadcast(PreVote(2, 2, 1)) in core.timer(2 * SECOND, "raft.election")
    assert core.status().role == "pre-candidate"


def test_a_core_is_set_to_what_follows_a_snapshot():
    snapshot = Snapshot(FIRST.header, Configuration(voters=(0, 1)), ())
    core = restore(SETUP, term=1, voted_for=None, log=[SECOND_BLOCK], commit_index=1, snapshot=snapshot)
    core.start(0)
    assert (core.server.log.base_index, core.server.log.last_index, core.status().height) == (1, 2, 1)
    assert core.status().configuration == Configuration(voters=(0, 1))


def test_states_that_no_server_can_be_in_are_refused():
    snapshot = Snapshot(FIRST.header, Configuration(voters=(0, 1)), ())
    for term, log, commit, base in (
        (1, [SECOND_BLOCK], 0, None),
        (1, [FIRST], 2, None),
        (0, [FIRST], 0, None),
        (1, [FIRST], 1, snapshot),
        (1, [SECOND_BLOCK], 0, snapshot),
    ):
        with pytest.raises(ValueError, match=r"log|entry"):
            image_of(term, None, log, commit, base)
