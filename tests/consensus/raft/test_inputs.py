"""Every message in every state: no exception from a peer's input, no change from a rejected one.

The lab brings five servers into as many states as its schedule reaches; then any well-typed message, made of
numbers and blocks that occur in the run or just beside, comes from anyone.
"""

from __future__ import annotations

from copy import deepcopy
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.chain import Certificate, commit_bytes
from consensus.configuration import Change, Configuration, Reconfiguration, Verb
from consensus.raft import RaftOptions
from consensus.raft.messages import (
    MESSAGES,
    AppendDeferral,
    AppendEntries,
    AppendFailure,
    AppendSuccess,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVote,
    PreVoteReply,
    ReadIndex,
    ReadIndexAnswer,
    RequestVote,
    RequestVoteReply,
    SnapshotChunk,
    TimeoutNow,
)
from consensus.raft.roles import Candidate, Follower, Leader, Observer, PreCandidate
from consensus.snapshots import Snapshot
from consensus.vocabulary import SECOND, Rejected
from tests.consensus.raft.lab import GENESIS, Lab, chunks_of, make_block, signature


def states() -> Lab:
    """A network of five and an observer: a leader, followers near and far, candidates of both kinds.

    The last of the five has received half of a snapshot.
    """
    lab = Lab(5, observers=1, options=RaftOptions(log_keep=2, window=4, snapshot_window=1), snapshots=100)
    lab.elect(0)
    lab.isolate(4)
    for number in range(8):
        lab.propose(0, f"{number}")
        lab.deliver_all()
    lab.heal()
    lab.fire(0, "raft.heartbeat")
    while lab.core(4).server.incoming is None or len(lab.core(4).server.incoming.chunks) < 2:
        lab.deliver(lab.flights[0])
    lab.isolate(3, 4)
    lab.propose(0, "half")
    lab.deliver_all()
    lab.propose(0, "sent")
    lab.now += SECOND * 2
    lab.fire(3, "raft.election")
    lab.fire(4, "raft.election")
    lab.receive(2, 4, PreVoteReply(2, granted=True))
    lab.receive(1, 4, PreVoteReply(2, granted=True))
    kinds = [Leader, Follower, Follower, PreCandidate, Candidate, Observer]
    assert [type(node.core.server.role) for node in lab.nodes] == kinds
    return lab


def joint_states() -> Lab:
    """The same roles around a joint configuration: 0, 1 and 2 give way to 2, 3 and 4 (1 stays, to learn).

    The leader is on its way out; 2 stands by both sets; 4 has a vote and does not know it; 5 looks on.
    """
    lab = Lab(3, observers=3, options=RaftOptions(log_keep=2, window=4, snapshot_window=1), snapshots=100)
    lab.elect(0)
    for number in range(3):
        lab.propose(0, f"{number}")
        lab.deliver_all()
    lab.isolate(4, 5)
    verbs = ((Verb.REMOVE, 0), (Verb.ADD_LEARNER, 1), (Verb.ADD_VOTER, 3), (Verb.ADD_VOTER, 4))
    lab.propose(0, change=Reconfiguration(tuple(Change(*verb) for verb in verbs), auto_leave=False))
    lab.deliver_all()
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    while lab.core(3).server.commit_index < 4:  # a snapshot brings it near, the log the rest
        lab.fire(0, "raft.heartbeat")
        lab.deliver_all()
    assert lab.core(0).server.electorate.configuration.joint
    lab.isolate(1, 2)
    lab.propose(0, "half")
    lab.deliver_all()
    lab.propose(0, "sent")
    lab.now += SECOND * 2
    lab.fire(1, "raft.election")
    lab.fire(2, "raft.election")
    for voter in (0, 3, 4):
        lab.receive(voter, 2, PreVoteReply(2, granted=True))
    kinds = [Leader, PreCandidate, Candidate, Follower, Observer, Observer]
    assert [type(node.core.server.role) for node in lab.nodes] == kinds
    return lab


LAB = states()
JOINT = joint_states()
NODES = st.sampled_from([*range(6), 99, -1])
NUMBERS = st.one_of(st.integers(-1, 12), st.sampled_from([2**62, 2**62 + 1, 2**63 - 1]))
SENT = LAB.core(0).server.log
BLOCKS = [*LAB.nodes[0].chain[1:], SENT.block_at(SENT.last_index)]
BLOCKS += JOINT.nodes[0].chain[1:]
BLOCKS += [make_block(block.height, block.parent, block.round + 1, 1, "bad") for block in BLOCKS]
BLOCKS += [make_block(block.height, block.parent, block.round + 1, 1, "late", state_height=99) for block in BLOCKS]
BLOCKS += [make_block(1, GENESIS.hash, 0, 1), make_block(9, bytes(32), 7, 1), make_block(-1, bytes(32), -1, 1)]


@st.composite
def signatures(draw) -> tuple[int, bytes]:
    member, block = draw(st.integers(0, 5)), draw(st.sampled_from(BLOCKS))
    good = signature(member, commit_bytes(max(block.round, 0), max(block.height, 0), block.hash))
    return member, draw(st.sampled_from([good, good, bytes(64), b""]))


@st.composite
def certificates(draw) -> Certificate:
    block = draw(st.sampled_from(BLOCKS))
    members = draw(st.lists(st.integers(0, 5), max_size=4))
    data = commit_bytes(max(block.round, 0), max(block.height, 0), block.hash)
    return Certificate(
        round=draw(st.one_of(st.just(block.round), NUMBERS)),
        height=draw(st.one_of(st.just(block.height), NUMBERS)),
        hash=block.hash,
        signatures=tuple((member, signature(member, data)) for member in members),
    )


CONFIGURATIONS = [Configuration(voters=tuple(range(5))), JOINT.core(0).server.electorate.configuration]
CHUNKS = chunks_of([GENESIS, *BLOCKS[:10]])
DIGESTS = st.sampled_from([LAB.nodes[4].core.server.incoming.digest, bytes(32)])


@st.composite
def snapshots(draw) -> Snapshot:
    """One of a chain that is or is not decided, whole or not."""
    return Snapshot(
        header=draw(st.sampled_from(BLOCKS)).header,
        configuration=draw(st.sampled_from(CONFIGURATIONS)),
        chunks=tuple(sha256(chunk).digest() for chunk in CHUNKS[: draw(st.integers(0, 5))]),
        certificate=draw(st.one_of(st.none(), certificates())),
    )


RUNS = st.one_of(
    st.lists(st.sampled_from(BLOCKS), max_size=3).map(tuple),
    st.integers(0, 9).flatmap(lambda start: st.integers(start, 10).map(lambda end: tuple(BLOCKS[start:end]))),
)
ANY_MESSAGE = st.one_of(
    st.builds(PreVote, NUMBERS, NUMBERS, NUMBERS),
    st.builds(PreVoteReply, NUMBERS, st.booleans()),
    st.builds(RequestVote, NUMBERS, NUMBERS, NUMBERS, st.booleans()),
    st.builds(RequestVoteReply, NUMBERS, st.booleans()),
    st.builds(AppendEntries, NUMBERS, NUMBERS, NUMBERS, RUNS, NUMBERS, st.one_of(st.none(), certificates()), NUMBERS),
    st.builds(AppendSuccess, NUMBERS, NUMBERS, st.one_of(st.none(), signatures().map(lambda one: one[1])), NUMBERS),
    st.builds(AppendFailure, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.builds(AppendDeferral, NUMBERS, NUMBERS, NUMBERS),
    st.builds(InstallSnapshot, NUMBERS, snapshots()),
    st.builds(SnapshotChunk, NUMBERS, DIGESTS, st.integers(-1, 6), st.sampled_from([*CHUNKS, b"", b"bad"])),
    st.builds(InstallSnapshotReply, NUMBERS, DIGESTS, st.lists(st.integers(-1, 6), max_size=4).map(tuple)),
    st.builds(ReadIndex, NUMBERS, NUMBERS, NUMBERS),
    st.builds(ReadIndexAnswer, NUMBERS, NUMBERS, NUMBERS, st.one_of(st.none(), NUMBERS)),
    st.builds(TimeoutNow, NUMBERS),
)


@settings(max_examples=400, deadline=None)
@given(
    inputs=st.lists(st.tuples(NODES, ANY_MESSAGE), min_size=1, max_size=4),
    receiver=st.integers(0, 5),
    lab=st.sampled_from([LAB, JOINT]),
)
def test_no_peer_input_raises_and_no_rejected_one_changes_anything(inputs, receiver, lab):
    core = deepcopy(lab.core(receiver))
    for sender, message in inputs:
        before = core.state_hash()
        effects = core.receive(lab.now, sender, message)
        if any(isinstance(effect, Rejected) for effect in effects):
            assert len(effects) == 1
            assert core.state_hash() == before
        assert core.server.commit_index <= core.server.log.last_index


def test_every_message_is_tried():
    assert set(MESSAGES) == {
        PreVote,
        PreVoteReply,
        RequestVote,
        RequestVoteReply,
        AppendEntries,
        AppendSuccess,
        AppendFailure,
        AppendDeferral,
        InstallSnapshot,
        SnapshotChunk,
        InstallSnapshotReply,
        ReadIndex,
        ReadIndexAnswer,
        TimeoutNow,
    }


def test_negative_and_enormous_terms_are_rejected_everywhere():
    for receiver in range(6):
        for term in (-1, 2**62 + 1):
            (effect,) = LAB.core(receiver).receive(LAB.now, 1 if receiver != 1 else 2, PreVote(term, 0, 0))
            assert isinstance(effect, Rejected)
