"""Linearizable reads: by ReadIndex, and by lease."""

from __future__ import annotations

from consensus.raft import RaftOptions
from consensus.raft.messages import AppendEntries, ReadIndex, ReadIndexAnswer, TimeoutNow
from consensus.vocabulary import MILLISECOND, Readable, Send
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


def test_a_late_refusal_of_an_earlier_term_confirms_no_round_of_this_one():
    """What we asked in an earlier term is refused in the name of this one, in which we lead again."""
    lab = leading()
    term = lab.core(0).status().round
    late = AppendEntries(term - 1, 0, 0, (), 0, None, 1)
    refusals = [effect.message for effect in lab.receive(0, 1, late) if isinstance(effect, Send)]
    assert [(refusal.term, refusal.beat) for refusal in refusals] == [(term, 1)]
    lab.flights.clear()
    lab.read(0, 7)  # begins the round of beat 1
    before = lab.core(0).state_hash()
    assert lab.receive(1, 0, refusals[0]) == []
    assert (lab.core(0).state_hash(), lab.answers) == (before, [])


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


def test_a_follower_asks_its_leader():
    lab = leading()
    lab.read(1, 7)
    (question,) = [flight for flight in lab.flights if flight.sender == 1]
    assert isinstance(question.message, ReadIndex)
    assert question.receiver == 0
    lab.deliver_all()
    assert lab.answers == [Readable(context=7, height=1)]


def test_a_follower_may_be_told_of_an_index_that_it_has_not_reached():
    lab = leading()
    lab.propose(0, "second")
    for flight in [flight for flight in lab.flights if flight.receiver == 2]:
        lab.deliver(flight)
    lab.deliver(next(flight for flight in lab.flights if flight.receiver == 0))
    assert lab.core(0).status().height == 2
    lab.isolate(1)
    lab.heal()
    lab.read(1, 7)
    while not lab.answers:
        lab.deliver(next(flight for flight in lab.flights if not isinstance(flight.message, AppendEntries)))
        lab.flights.sort(key=lambda flight: flight.receiver == 1)
        while 2 in [flight.receiver for flight in lab.flights]:
            lab.deliver(next(flight for flight in lab.flights if flight.receiver == 2))
    assert lab.answers == [Readable(context=7, height=2)]
    assert lab.core(1).status().height == 1


def test_whoever_knows_no_leader_says_so_at_once():
    lab = Lab(3, observers=1)
    lab.read(1, 7)
    lab.read(3, 8)
    assert lab.answers == [Readable(context=7, height=None), Readable(context=8, height=None)]


def test_a_question_that_is_lost_is_given_up_after_an_election_timeout():
    lab = leading()
    lab.read(1, 7)
    start = lab.now
    lab.now += lab.options.election_timeout_min_ns // 2
    lab.read(1, 8)
    lab.flights.clear()
    lab.fire(1, "raft.reads")
    assert lab.answers == [Readable(context=7, height=None)]
    assert lab.now == start + lab.options.election_timeout_min_ns
    lab.fire(1, "raft.reads")
    assert lab.answers[1:] == [Readable(context=8, height=None)]
    assert "raft.reads" not in lab.nodes[1].timers


def test_a_question_is_given_up_when_another_leader_is_heard():
    lab = leading()
    lab.read(1, 7)
    lab.flights.clear()
    lab.elect(2)
    assert lab.answers == [Readable(context=7, height=None)]


def test_a_leader_that_is_deposed_says_so_to_those_who_asked():
    lab = leading(5)
    lab.read(1, 7)
    (question,) = [flight for flight in lab.flights if flight.sender == 1]
    lab.deliver(question)
    lab.flights.clear()
    lab.receive(2, 0, AppendEntries(9, 1, 1, (), 0, None, 1))
    (answer,) = [flight.message for flight in lab.flights if flight.receiver == 1]
    assert isinstance(answer, ReadIndexAnswer)
    assert answer.index is None


def test_a_late_answer_is_not_taken_for_that_of_a_later_question():
    """The mistake of etcd's issue 20418: contexts that are used again."""
    lab = leading()
    lab.read(1, 7)
    lab.deliver(next(flight for flight in lab.flights if isinstance(flight.message, ReadIndex)))
    while not (answers := [flight for flight in lab.flights if isinstance(flight.message, ReadIndexAnswer)]):
        lab.deliver(lab.flights[0])
    late = answers[0].message
    lab.crash(1)
    lab.flights.clear()
    lab.restart(1)
    lab.propose(0, "newer")
    lab.deliver_all()
    lab.read(1, 8)
    assert lab.flights[-1].message.number == late.number
    lab.receive(0, 1, late)
    assert lab.answers == []
    lab.deliver_all()
    assert lab.answers == [Readable(context=8, height=2)]


def test_more_reads_than_may_wait_are_turned_away():
    lab = Lab(3, options=RaftOptions(reads_max=1))
    lab.elect(0)
    lab.read(0, 7)
    lab.read(0, 8)
    assert lab.answers == [Readable(context=8, height=None)]
    lab.read(1, 9)
    lab.read(1, 10)
    assert lab.answers[1:] == [Readable(context=10, height=None)]
    lab.deliver_all()
    assert lab.answers[2:] == [Readable(context=9, height=None)]


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
