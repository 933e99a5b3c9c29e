"""Snapshots: offered, sent chunk by chunk, kept over restarts, checked, installed; and what must be refused."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from consensus.configuration import Configuration
from consensus.raft import RaftOptions, installation
from consensus.raft.configurations import Configurations
from consensus.raft.log import Log
from consensus.raft.messages import (
    AppendEntries,
    AppendSuccess,
    InstallSnapshot,
    InstallSnapshotReply,
    SnapshotChunk,
)
from consensus.raft.progress import Behind, Installing, Replicate
from consensus.raft.records import INCOMING, LOG
from consensus.snapshots import SNAPSHOT, Snapshot
from consensus.vocabulary import Cut, Drop, Install, LocalProtocolError, Persist, Rejected, Send
from tests.consensus.raft.lab import Lab, chunks_of, make_block
from tests.consensus.raft.schedule import swarm


def behind(*, snapshots: int = 100, blocks: int = 9, keep: int = 2, window: int = 2) -> Lab:
    """Three servers; node 2 was away for ``blocks`` blocks of which the log keeps only the last, and is back."""
    lab = Lab(3, options=RaftOptions(log_keep=keep, snapshot_window=window), snapshots=snapshots)
    lab.elect(0)
    lab.isolate(2)
    for number in range(blocks):
        lab.propose(0, f"{number}")
        lab.deliver_all()
    lab.heal()
    return lab


def offered(lab: Lab) -> Snapshot:
    """Have the leader find out that node 2 needs a snapshot; the one that is now on its way to it."""
    lab.fire(0, "raft.heartbeat")
    while not (offers := [flight.message for flight in lab.flights if isinstance(flight.message, InstallSnapshot)]):
        lab.deliver(lab.flights[0])
    return offers[0].snapshot


def state_of(lab: Lab):
    return lab.core(0).server.role.progress[2].state


def test_the_leader_offers_the_state_of_the_latest_height_executed():
    lab = behind()
    snapshot = offered(lab)
    assert snapshot.height == 9
    assert snapshot.header == lab.decided[9].header
    assert snapshot.configuration == Configuration(voters=(0, 1, 2))
    assert snapshot.chunks == tuple(sha256(chunk).digest() for chunk in chunks_of(lab.nodes[0].chain))
    assert snapshot.certificate == lab.nodes[0].certified[9]
    assert isinstance(state_of(lab), Installing)


def test_an_application_that_keeps_none_leaves_it_to_catch_up():
    lab = behind(snapshots=0)
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert isinstance(state_of(lab), Behind)
    assert lab.core(2).status().height == 0


def test_one_that_keeps_some_later_is_asked_again_at_each_heartbeat():
    lab = behind(snapshots=0)
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    lab.nodes[0].application.kept = 1
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert isinstance(state_of(lab), Replicate)
    assert lab.core(2).status().height == 9


def test_chunks_come_within_the_window_and_the_last_one_installs():
    lab = behind(window=2)
    offered(lab)
    most = 0
    while lab.flights:
        most = max(most, sum(isinstance(flight.message, SnapshotChunk) for flight in lab.flights))
        lab.deliver(lab.flights[0])
    assert most == 2
    assert [block.hash for block in lab.nodes[2].chain] == [block.hash for block in lab.nodes[0].chain]
    assert lab.core(2).status().height == 9
    assert lab.core(2).server.log.base_index == 9
    assert isinstance(state_of(lab), Replicate)
    assert INCOMING not in {space for space, records in lab.nodes[2].store.items() if records}


def test_every_chunk_is_durable_before_it_is_acknowledged():
    lab = behind()
    offered(lab)
    lab.held.add(2)
    lab.deliver_all()
    assert not any(flight.sender == 2 for flight in lab.flights)
    queue = lab.nodes[2].queue
    place = next(i for i, effect in enumerate(queue) if isinstance(effect, Persist))
    answer = next(i for i, effect in enumerate(queue) if isinstance(effect, Send) and effect.to == 0 and i > place)
    assert isinstance(queue[answer].message, InstallSnapshotReply)
    assert place < answer


def test_a_lost_chunk_is_sent_again_after_a_silent_heartbeat():
    lab = behind(window=1)
    offered(lab)
    while not any(isinstance(flight.message, SnapshotChunk) for flight in lab.flights):
        lab.deliver(lab.flights[0])
    lab.flights.clear()
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert lab.core(2).status().height == 0, "the answers to that heartbeat may have been older"
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert lab.core(2).status().height == 9


def test_the_log_keeps_what_follows_a_snapshot_that_is_being_received():
    lab = behind(window=1, keep=2)
    offered(lab)
    held = [flight for flight in lab.flights if flight.receiver == 2]
    lab.flights = []
    for number in range(6):
        lab.propose(0, f"more {number}")
        lab.flights = [flight for flight in lab.flights if flight.receiver != 2]
        lab.deliver_all()
    assert lab.core(0).status().height == 15
    assert lab.core(0).server.log.base_index <= 9
    lab.flights = held
    lab.deliver_all()
    assert isinstance(state_of(lab), Replicate)
    assert lab.core(2).status().height == 15


def test_but_not_for_ever():
    lab = behind(window=1, keep=2)
    offered(lab)
    for number in range(20):
        lab.propose(0, f"more {number}")
        lab.flights = [flight for flight in lab.flights if 2 not in (flight.sender, flight.receiver)]
        lab.deliver_all()
    assert lab.core(0).server.log.base_index > 9
    for _ in range(3):
        lab.fire(0, "raft.heartbeat")
        lab.deliver_all()
    assert lab.core(2).status().height == 29


def test_what_catch_up_brings_meanwhile_ends_it():
    lab = behind(window=1)
    offered(lab)
    while not lab.core(2).server.incoming:
        lab.deliver(lab.flights[0])
    lab.flights.clear()
    for height in range(1, 10):
        lab.adopt(2, lab.nodes[0].chain[height], lab.nodes[0].certified.get(height))
    assert lab.core(2).server.incoming is None
    assert not lab.nodes[2].store[INCOMING]
    for _ in range(3):
        lab.fire(0, "raft.heartbeat")
        lab.deliver_all()
    assert isinstance(state_of(lab), Replicate)


def installed_over(*terms: int) -> tuple[Lab, Snapshot, list[bytes]]:
    """A follower with an uncommitted log of these terms, and the snapshot of height 2 that a leader of term 3 has."""
    lab = Lab(3)
    one = make_block(1, lab.decided[0].hash, 1, 0, "one")
    two = make_block(2, one.hash, 2, 0, "two")
    lab.decided |= {1: one, 2: two}
    lab.decided_in |= {1: 1, 2: 2}
    last, server = lab.decided[0], lab.core(1).server
    lab.receive(0, 1, AppendEntries(max(terms), 0, 0, (), 0, None, 1))
    for height, term in enumerate(terms, start=1):
        known = {1: one, 2: two}.get(height)
        fits = known is not None and known.round == term and known.parent == last.hash
        last = known if fits else make_block(height, last.hash, term, 0, "other")
        server.append(last, server.electorate)
    lab.nodes[1].queue += server.take_effects()
    lab.drain(1)
    lab.flights.clear()
    chunks = chunks_of([lab.decided[0], one, two])
    voters = Configuration(voters=(0, 1, 2))
    return lab, Snapshot(two.header, voters, tuple(sha256(chunk).digest() for chunk in chunks)), chunks


def test_a_log_that_agrees_keeps_what_follows():
    lab, snapshot, chunks = installed_over(1, 2, 2)
    lab.receive(0, 1, InstallSnapshot(3, snapshot))
    effects = lab.receive(0, 1, SnapshotChunk(3, snapshot.digest, 0, chunks[0]))
    log = lab.core(1).server.log
    assert (log.base_index, log.last_index, lab.core(1).status().height) == (2, 3, 2)
    assert [effect.height for effect in effects if isinstance(effect, Install)] == [2]
    (persist,) = [effect for effect in effects if isinstance(effect, Persist) and effect.records[0].space == LOG]
    assert persist.records == (Drop(LOG, 3), Cut(INCOMING, 0))
    lab.crash(1)
    lab.restart(1)
    log = lab.core(1).server.log
    assert (log.base_index, log.last_index, lab.core(1).status().height) == (2, 3, 2)


def test_a_log_that_disagrees_goes():
    lab, snapshot, chunks = installed_over(1, 1, 1)
    lab.receive(0, 1, InstallSnapshot(3, snapshot))
    lab.receive(0, 1, SnapshotChunk(3, snapshot.digest, 0, chunks[0]))
    log = lab.core(1).server.log
    assert (log.base_index, log.last_index, log.last_term, log.last_hash) == (2, 2, 2, snapshot.header.hash)
    assert not lab.nodes[1].store[LOG]


def test_a_crash_between_the_state_and_the_log_cuts_what_does_not_follow():
    lab, snapshot, chunks = installed_over(1, 1, 1)
    lab.receive(0, 1, InstallSnapshot(3, snapshot))
    lab.held.add(1)
    lab.receive(0, 1, SnapshotChunk(3, snapshot.digest, 0, chunks[0]))
    place = next(i for i, effect in enumerate(lab.nodes[1].queue) if effect.records[0].space == SNAPSHOT)
    lab.drain(1, place + 1)
    lab.crash(1)
    lab.held.clear()
    assert lab.nodes[1].store[LOG], "the crash came before the log was cut"
    lab.restart(1)
    log = lab.core(1).server.log
    assert (log.base_index, log.last_index, lab.core(1).status().height) == (2, 2, 2)
    assert lab.core(1).server.incoming is None


def other(snapshot: Snapshot, **changes) -> Snapshot:
    return msgspec.structs.replace(snapshot, **changes)


def test_what_is_impossible_is_rejected_without_change():
    lab, snapshot, _ = installed_over(1, 2, 2)
    voters = snapshot.configuration.voters
    certificate = lab.nodes[0].certified.get(2)
    assert certificate is None
    lab.receive(0, 1, AppendEntries(3, 2, 2, (), 1, None, 1))
    for wrong in (
        other(snapshot, header=make_block(0, bytes(32), 1, 0).header),
        other(snapshot, header=make_block(2, bytes(32), 4, 0).header),
        other(snapshot, header=make_block(2, bytes(32), 2, 0, "a second one of term 2").header),
        other(snapshot, header=make_block(1, bytes(32), 1, 0, "not the committed one").header),
        other(snapshot, configuration=Configuration(voters=())),
        other(snapshot, configuration=Configuration(voters=voters, learners=(9,))),
    ):
        (effect,) = lab.receive(0, 1, InstallSnapshot(3, wrong))
        assert isinstance(effect, Rejected), wrong
    (effect,) = lab.receive(2, 1, InstallSnapshot(3, snapshot))
    assert effect.reason == "0 leads term 3 already"


def test_a_chunk_that_the_manifest_does_not_list_is_rejected_without_change():
    lab, snapshot, chunks = installed_over(1, 1)
    lab.receive(0, 1, InstallSnapshot(3, snapshot))
    for place, chunk in ((0, b"bad"), (1, chunks[0]), (-1, chunks[0])):
        (effect,) = lab.receive(0, 1, SnapshotChunk(3, snapshot.digest, place, chunk))
        assert isinstance(effect, Rejected)


def test_places_that_cannot_be_wanted_are_rejected_without_change():
    lab = behind()
    snapshot = offered(lab)
    for wanted in ((1, 0), (0, 0), (-1,), (len(snapshot.chunks),)):
        (effect,) = lab.receive(2, 0, InstallSnapshotReply(1, snapshot.digest, wanted))
        assert isinstance(effect, Rejected)


def test_an_older_offer_of_the_same_leader_is_ignored_and_that_of_a_later_one_taken():
    lab, snapshot, chunks = installed_over(1, 1)
    older = other(snapshot, header=lab.decided[1].header)
    lab.receive(0, 1, InstallSnapshot(3, snapshot))
    lab.flights.clear()
    lab.receive(0, 1, InstallSnapshot(3, older))
    assert lab.flights == []
    assert lab.core(1).server.incoming.digest == snapshot.digest
    lab.receive(2, 1, InstallSnapshot(4, older))
    assert lab.core(1).server.incoming.digest == older.digest
    lab.receive(2, 1, SnapshotChunk(4, snapshot.digest, 0, chunks[0]))
    assert lab.core(1).server.incoming.chunks == {}, "a chunk of a snapshot that was given up"


def test_what_is_committed_already_is_answered_by_where_we_stand():
    lab = behind()
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    lab.flights.clear()
    chain = lab.nodes[0].chain
    stale = Snapshot(chain[4].header, Configuration(voters=(0, 1, 2)), (bytes(32),))
    before = lab.core(2).server.log.last_index
    lab.receive(0, 2, InstallSnapshot(1, stale))
    assert [flight.message for flight in lab.flights] == [AppendSuccess(1, 9, None, lab.core(2).server.role.beat)]
    assert lab.core(2).server.log.last_index == before
    assert lab.core(2).server.incoming is None


def test_only_what_is_committed_can_be_executed():
    with pytest.raises(LocalProtocolError):
        Lab(3).core(0).executed(0, 1)


def test_nothing_is_forgotten_that_is_not_executed():
    lab = Lab(3, options=RaftOptions(log_keep=2))
    lab.elect(0)
    lab.slow.add(0)
    for number in range(9):
        lab.propose(0, f"{number}")
        lab.deliver_all()
    assert lab.core(0).server.log.base_index == 0
    assert lab.core(1).server.log.base_index > 0
    lab.slow.clear()
    lab.execute(lab.nodes[0])
    assert lab.core(0).server.log.base_index == 6


def test_servers_that_lag_behind_short_logs_keep_every_property():
    labs = [swarm(seed, 250, lagging=True) for seed in range(20)]
    assert sum(len(lab.installed) for lab in labs) > 8
    assert sum(len(lab.rejections) for lab in labs) > 0, "chunks are damaged on their way"


def _restart_without_its_term(self, index, _term, block_hash):
    self.__init__(index, 0, block_hash)
    return False


_install = Configurations.install

BUGS = {
    "a chunk is not compared with the manifest": (installation, "_require_listed", lambda *_: None),
    "a compacted entry has term 0": (Log, "restart", _restart_without_its_term),
    "a snapshot's configuration is dropped": (
        Configurations,
        "install",
        lambda self, height, _: _install(self, height, Configuration(voters=(0, 1, 2))),
    ),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name, monkeypatch):
    owner, attribute, broken = BUGS[name]
    monkeypatch.setattr(owner, attribute, broken)
    with pytest.raises((AssertionError, IndexError, KeyError, LocalProtocolError)):  # noqa: PT012  the first that fails
        for seed in range(300):
            swarm(seed, 250, lagging=True)
