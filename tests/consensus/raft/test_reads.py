"""Linearizable reads: by ReadIndex, and by lease."""

from __future__ import annotations

import pytest

from consensus.raft import RaftOptions
from consensus.raft.messages import TimeoutNow
from consensus.vocabulary import MILLISECOND, LocalProtocolError, Readable
from tests.consensus.raft.lab import Lab

LEASE = 400 * MILLISECOND


def leading(count: int = 3, *, commit: bool = True, lease_ns: int = 0) -> Lab:
    lab = Lab(count, options=RaftOptions(lease_ns=lease_ns))
    if count > 1:
        lab.elect(0)
    if commit:
        lab.propose(0, "first")
        lab.deliver_all()
    return lab


def test_a_read_waits_for_a_round_of_heartbeats_begun_after_it():
    lab = leading()
    lab.fire(0, "raft.heartbeat")
    lab.read(0, 7)
    early = [flight for flight in lab.flights if flight.message.beat == 1]
    for flight in early:
        lab.deliver(flight)
    for flight in [flight for flight in lab.flights if flight.receiver == 0]:
        lab.deliver(flight)
    assert lab.answers == [], "those answers may be older than the read"
    lab.deliver_all()
    assert lab.answers == [Readable(context=7, height=1)]


def test_a_lone_voter_reads_at_once():
    lab = leading(1)
    lab.read(0, 7)
    assert lab.answers == [Readable(context=7, height=1)]


def test_a_read_before_the_first_commit_of_the_term_waits_for_it():
    lab = leading()
    lab.elect(1)
    assert not lab.core(1).wants_block()
    lab.read(1, 7)
    lab.deliver_all()
    assert lab.answers == []
    assert lab.core(1).wants_block()
    lab.propose(1)
    lab.deliver_all()
    assert lab.answers == [Readable(context=7, height=2)]


def test_a_deposed_leader_answers_no_read():
    lab = leading(5)
    lab.isolate(0, 1)
    lab.elect(2)
    lab.propose(2, "newer")
    lab.deliver_all()
    lab.read(0, 7)
    lab.deliver_all()
    assert lab.answers == []
    lab.run(2_000 * MILLISECOND)
    assert lab.answers == [Readable(context=7, height=None)]


def test_only_the_leader_reads():
    with pytest.raises(LocalProtocolError):
        leading().read(1, 7)


def test_a_lease_answers_at_once_until_it_ends():
    lab = leading(lease_ns=LEASE)
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    lab.now += LEASE - 1
    lab.read(0, 7)
    assert lab.answers == [Readable(context=7, height=1)]
    lab.now += 1
    lab.read(0, 8)
    assert len(lab.answers) == 1
    lab.deliver_all()
    assert lab.answers[1] == Readable(context=8, height=1)


def test_a_lease_is_counted_from_when_the_round_began():
    lab = leading(lease_ns=LEASE)
    lab.fire(0, "raft.heartbeat")
    lab.now += LEASE
    lab.deliver_all()
    lab.read(0, 7)
    assert lab.answers == []


def test_whoever_told_another_to_stand_has_no_lease_for_the_rest_of_the_term():
    lab = leading(lease_ns=LEASE)
    lab.transfer(0, 2)
    (late,) = [flight for flight in lab.flights if isinstance(flight.message, TimeoutNow)]
    lab.flights.remove(late)
    lab.now += lab.options.election_timeout_min_ns
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert lab.core(0).slot() is not None, "the transfer was given up"
    lab.isolate(0)
    lab.receive(0, 2, late.message)
    lab.deliver_all()
    assert lab.leader() == 2
    lab.propose(2, "newer")
    lab.deliver_all()
    lab.read(0, 7)
    assert lab.answers == []


def test_an_isolated_leaders_lease_ends_before_another_can_be_elected():
    lab = leading(lease_ns=LEASE)
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    lab.isolate(0)
    elected = lab.run(5_000 * MILLISECOND, until=lambda: lab.leader() in (1, 2))
    assert elected
    lab.propose(lab.leader(), "newer")
    lab.deliver_all()
    if lab.core(0).status().role == "leader":
        lab.read(0, 7)
    assert lab.answers == []
