"""Every kind of peer input in every kind of state: never an exception, and what is refused changes nothing."""

from __future__ import annotations

import functools

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consensus.chain import Certificate
from consensus.configuration import Configuration
from consensus.pbft import MESSAGES, RECORDS, Options
from consensus.pbft.messages import (
    Checkpoint,
    Chunk,
    CommitVote,
    Fetch,
    FetchChunk,
    Fetched,
    FetchManifest,
    FetchStable,
    Manifest,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Reproposal,
    StableCheckpoint,
    StatusReport,
    ViewChange,
)
from consensus.protocols import Slot
from consensus.snapshots import Snapshot
from consensus.vocabulary import Broadcast, Commit, Persist, Rejected
from tests.consensus.pbft.cluster import GENESIS, Cluster, ModelCrypto, make_block

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

views = st.integers(0, 4) | st.integers(0, 2**63 - 1)
heights = st.integers(0, 6) | st.integers(0, 2**63 - 1)
members = st.integers(0, 5)


@functools.cache
def material():
    """Real hashes, signatures, certificates and messages of a run with two view changes."""
    cluster = Cluster(4)
    seen = []
    cluster.filter_sent = lambda _sender, _to, message: (seen.append(message), message)[1]
    for view in range(3):
        for _ in range(2):
            if cluster.core(view).slot() is not None:
                cluster.propose(view)
        cluster.deliver(lambda f: not isinstance(f.message, CommitVote) or f.to == 3)
        cluster.demand()
        for number in range(3):
            cluster.fire(number, "pbft.view-change")
        cluster.deliver(lambda f: f.to != 3)
        cluster.drop()
    a_state_transfer(seen)
    return tuple(dict.fromkeys(msgspec.msgpack.encode(message) for message in seen))


any_message = functools.reduce(lambda a, b: a | b, MESSAGES)
decode = msgspec.msgpack.Decoder(any_message).decode

hashes = st.sampled_from([GENESIS, bytes(32), b"\1" * 32])
signatures = st.sampled_from([bytes(64), b"\2" * 64])
blocks = st.builds(
    lambda height, parent, round_, proposer, raw: make_block(Slot(height, parent, round_), proposer, (raw,)),
    heights,
    hashes,
    views,
    members,
    st.sampled_from([b"pay", b"bad", b"after 9"]),
)
signed = st.lists(st.tuples(members, signatures), max_size=4).map(tuple)
certificates = st.none() | st.builds(Certificate, views, heights, hashes, signed)
prepared = st.builds(PreparedCertificate, views, blocks.map(lambda block: block.header), signatures, signed)
view_changes = st.builds(
    ViewChange, views, members, heights, hashes, certificates, st.lists(prepared, max_size=3).map(tuple), signatures
)
snapshots = st.none() | st.builds(
    Snapshot,
    blocks.map(lambda block: block.header),
    st.just(Configuration(voters=(0, 1, 2, 3))),
    st.lists(hashes, max_size=3).map(tuple),
    certificates,
)
forged = st.one_of(
    st.builds(PrePrepare, views, blocks, signatures),
    st.builds(Prepare, views, heights, hashes, members, signatures),
    st.builds(CommitVote, views, heights, hashes, members, signatures),
    view_changes,
    st.builds(
        NewView,
        views,
        st.lists(view_changes, max_size=4).map(tuple),
        st.lists(st.builds(Reproposal, heights, hashes, signatures), max_size=3).map(tuple),
        signatures,
    ),
    st.builds(Fetch, heights, hashes),
    st.builds(Fetched, blocks),
    st.builds(StatusReport, views, heights),
    st.builds(Checkpoint, heights, hashes, members, signatures),
    st.builds(StableCheckpoint, heights, hashes, signed),
    st.builds(FetchStable, heights),
    st.builds(FetchManifest, heights),
    st.builds(Manifest, heights, snapshots),
    st.builds(FetchChunk, heights, st.integers(0, 9) | heights),
    st.builds(Chunk, heights, st.integers(0, 9) | heights, st.none() | st.just(b"chunk")),
    st.sampled_from(["text", None, 7, b"", ("pbft.prepare", 1)]),
)
real = st.integers(0, 10**6).map(lambda index: decode(material()[index % len(material())]))


@st.composite
def mutated(draw):
    """A real message with one field of another."""
    message, other = draw(real), draw(real)
    fields = [f for f in message.__struct_fields__ if f in other.__struct_fields__]
    if not fields:
        return message
    name = draw(st.sampled_from(fields))
    return msgspec.structs.replace(message, **{name: getattr(other, name)})


def in_state(state):
    """A cluster that was driven into one of the states of a replica's life."""
    cluster = Cluster(4)
    if state == "fresh":
        return cluster
    if state == "fetching":
        return a_state_transfer()
    for _ in range(2):
        cluster.propose(0)
    cluster.deliver(lambda f: isinstance(f.message, PrePrepare))
    if state != "accepted":
        cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    if state in {"changing", "next view"}:
        cluster.drop()
        cluster.demand()
        for number in cluster.voters:
            cluster.fire(number, "pbft.view-change")
        cluster.deliver(lambda f: isinstance(f.message, ViewChange | NewView) and state == "next view")
    cluster.drop()
    return cluster


STATES = ["fresh", "accepted", "prepared", "changing", "next view", "fetching"]


@given(st.lists(st.tuples(members, forged | real | mutated()), max_size=40), st.integers(0, 3), st.sampled_from(STATES))
@SETTINGS
def test_no_peer_input_raises_and_what_is_refused_changes_nothing(inputs, me, state):
    cluster = in_state(state)
    core = cluster.core(me)
    for sender, message in inputs:
        before = core.state_hash()
        effects = core.receive(cluster.now, sender, message)
        if any(isinstance(effect, Rejected) for effect in effects):
            assert len(effects) == 1
            assert core.state_hash() == before
        cluster.carry_out(me, effects)


@given(st.lists(st.tuples(members, forged), max_size=30), st.sampled_from(STATES))
@SETTINGS
def test_forgeries_alone_decide_and_say_nothing(inputs, state):
    cluster = in_state(state)
    before = cluster.core(2).state_hash()
    for sender, message in inputs:
        effects = cluster.core(2).receive(0, sender, message)
        assert not any(isinstance(effect, Commit | Persist | Broadcast) for effect in effects)
    assert cluster.core(2).state_hash() == before


def test_what_lies_above_the_high_watermark_is_not_kept():
    cluster = Cluster(4, options=Options(log_size=8, checkpoint_interval=4))
    before = cluster.core(1).state_hash()
    for height in range(9, 200):
        block = make_block(Slot(height, GENESIS, 0), 0)
        signature = ModelCrypto(2).sign(b"")
        assert cluster.core(1).receive(0, 0, PrePrepare(0, block, signature)) == []
        assert cluster.core(1).receive(0, 2, Prepare(0, height, block.hash, 2, signature)) == []
        assert cluster.core(1).receive(0, 2, CommitVote(0, height, block.hash, 2, signature)) == []
    assert cluster.core(1).state_hash() == before


def test_a_peer_takes_one_place_for_its_votes_however_many_views_it_votes_in():
    from consensus.pbft.certificates import prepare_bytes  # noqa: PLC0415 - only here

    cluster = Cluster(4)
    for view in range(0, 400, 4):
        data = prepare_bytes(view, 1, GENESIS)
        cluster.give(2, 1, Prepare(view, 1, GENESIS, 2, ModelCrypto(2).sign(data)))
    assert len(cluster.core(1)._context.log.entry(1).prepares) == 1
    assert cluster.core(1)._context.heard == {2: 396}
    assert not cluster.core(1)._context.behind


@pytest.mark.parametrize("kind", [Prepare, CommitVote])
def test_a_vote_in_another_name_is_refused(kind):
    cluster = Cluster(4)
    vote = kind(0, 1, GENESIS, 3, bytes(64))
    assert cluster.core(1).receive(0, 2, vote) == [
        Rejected(2, f"{'PREPARE' if kind is Prepare else 'COMMIT'} in the name of 3")
    ]


def test_only_voters_are_heard():
    cluster = Cluster(4, observers=1)
    assert cluster.core(1).receive(0, 4, StatusReport(0)) == [Rejected(4, "not another voter")]


def test_messages_and_records_go_through_msgpack_unchanged():
    record = msgspec.msgpack.Decoder(functools.reduce(lambda a, b: a | b, RECORDS))
    kinds = set()
    transfer = a_state_transfer()
    for node in (a_view_change().nodes[2], transfer.nodes[0], transfer.nodes[3]):
        for space, values in node.image.items():
            for value in values.values() if space.startswith("pbft.") else ():
                assert record.decode(msgspec.msgpack.encode(value)) == value
                kinds.add(type(value))
    assert kinds == set(RECORDS)
    for raw in material():
        assert msgspec.msgpack.encode(decode(raw)) == raw


def a_view_change():
    cluster = Cluster(4)
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, CommitVote))
    cluster.demand()
    for number in (1, 2, 3):
        cluster.fire(number, "pbft.view-change")
    cluster.deliver(lambda f: f.to != 0 and not isinstance(f.message, CommitVote))
    return cluster


def a_state_transfer(seen=None):
    """Node 3 was cut off for longer than anybody keeps blocks, and has two of four chunks by now.

    All that is sent is added to ``seen``.
    """
    cluster = Cluster(4, options=Options(checkpoint_interval=2, log_size=4, transfer_window=2))
    seen = [] if seen is None else seen
    cluster.filter_sent = lambda _sender, _to, message: (seen.append(message), message)[1]
    cluster.isolate(3)
    for _ in range(8):
        cluster.propose(0)
        cluster.deliver()
    cluster.heal()
    cluster.propose(0)
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, Chunk))
    cluster.fire(3, "pbft.transfer")
    cluster.deliver(lambda f: not isinstance(f.message, Chunk))
    for flight in [f for f in cluster.flights if isinstance(f.message, Chunk)]:
        cluster.flights.remove(flight)
        cluster.give(flight.sender, 3, flight.message)
    cluster.propose(0)
    cluster.propose(0)
    cluster.deliver(lambda f: not isinstance(f.message, Chunk | Checkpoint))
    return cluster
