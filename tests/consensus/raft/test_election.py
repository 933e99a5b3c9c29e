"""Elections: who stands, who votes, who is left in peace."""

from __future__ import annotations

import pytest

from consensus.configuration import Configuration
from consensus.protocols import Status
from consensus.raft import RaftOptions
from consensus.raft.messages import (
    AppendEntries,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from consensus.raft.roles import Candidate, Follower, Leader, PreCandidate
from consensus.vocabulary import SECOND, LocalProtocolError, Send, SetTimer
from tests.consensus.raft.lab import Lab


def status_of(voters, role, **fields):
    return Status(role=role, height=0, configuration=Configuration(voters=tuple(range(voters))), **fields)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_a_fresh_network_elects_one_leader(count):
    lab = Lab(count, seed=count)
    assert lab.run(10 * SECOND, until=lambda: lab.leader() is not None)
    lab.run(SECOND)
    leader = lab.leader()
    for node in lab.nodes:
        status = node.core.status()
        assert (status.leader, status.round, status.changing) == (leader, 1, False)


def test_an_idle_network_holds_no_election():
    lab = Lab(5, seed=4)
    lab.run(60 * SECOND)
    assert lab.leaders == {1: lab.leader()}


def test_pre_votes_come_before_a_new_term():
    lab = Lab(3)
    lab.fire(1, "raft.election")
    assert isinstance(lab.core(1).server.role, PreCandidate)
    assert lab.core(1).server.term == 0
    assert [type(flight.message) for flight in lab.flights] == [PreVote, PreVote]
    lab.deliver(lab.flights[0])
    lab.deliver(lab.flights[-1])
    assert isinstance(lab.core(1).server.role, Candidate)
    assert lab.core(1).server.term == 1


def test_a_candidate_without_a_majority_raises_no_term():
    lab = Lab(3)
    lab.elect(0)
    lab.isolate(2)
    lab.run(30 * SECOND)
    assert lab.core(2).server.term == 1
    assert lab.core(2).status() == status_of(3, "pre-candidate", round=1, leader=None, changing=True)
    lab.heal()
    lab.run(2 * SECOND)
    assert lab.core(2).status().leader == 0
    assert lab.leaders == {1: 0}


def test_a_vote_is_given_once_a_term():
    lab = Lab(3)
    asking = RequestVote(term=5, last_index=0, last_term=0)
    lab.now = 10 * SECOND
    (reply,) = [e.message for e in lab.receive(0, 2, asking) if isinstance(e, Send)]
    assert reply == RequestVoteReply(term=5, granted=True)
    (reply,) = [e.message for e in lab.receive(1, 2, asking) if isinstance(e, Send)]
    assert reply == RequestVoteReply(term=5, granted=False)
    (reply,) = [e.message for e in lab.receive(0, 2, asking) if isinstance(e, Send)]
    assert reply == RequestVoteReply(term=5, granted=True), "the same candidate may ask again"


def test_a_vote_outlives_a_crash():
    lab = Lab(3)
    lab.receive(0, 2, RequestVote(term=5, last_index=0, last_term=0))
    lab.crash(2)
    lab.restart(2)
    lab.now = 10 * SECOND
    (reply,) = [e.message for e in lab.receive(1, 2, RequestVote(5, 0, 0)) if isinstance(e, Send)]
    assert reply == RequestVoteReply(term=5, granted=False)


def test_a_restarted_voter_stands_by_the_leader_it_may_have_heard():
    lab = Lab(3)
    lab.elect(0)
    lab.crash(2)
    lab.restart(2)
    assert lab.receive(1, 2, RequestVote(9, 0, 0)) == []
    lab.now += lab.options.election_timeout_min_ns
    assert lab.receive(1, 2, RequestVote(9, 0, 0)) != []


def test_a_candidate_with_an_incomplete_log_gets_no_vote():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.now += 10 * SECOND
    (reply,) = [e.message for e in lab.receive(2, 1, RequestVote(9, 0, 0)) if isinstance(e, Send)]
    assert reply == RequestVoteReply(term=9, granted=False)
    assert lab.core(1).server.term == 9, "the term is news, though the vote is refused"


def test_a_candidate_that_cannot_win_does_not_hold_up_another_s_next_attempt():
    lab = Lab(3, options=RaftOptions(pre_vote=False))
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.fire(2, "raft.election")
    if not isinstance(lab.core(2).server.role, Candidate):  # it slept on, as it had heard the leader
        lab.fire(2, "raft.election")
    due = lab.nodes[2].timers["raft.election"]
    lab.now = (lab.now + due) // 2
    effects = lab.receive(1, 2, RequestVote(9, 0, 0))
    assert (lab.core(2).status().role, lab.core(2).status().round) == ("follower", 9)
    assert not [e for e in effects if isinstance(e, SetTimer)], "it waits for as long as it would have, and no longer"
    lab.fire(2, "raft.election")
    assert lab.now == due
    assert (lab.core(2).status().role, lab.core(2).status().round) == ("candidate", 10)


def test_whoever_hears_a_leader_ignores_candidates_and_their_term():
    lab = Lab(3)
    lab.elect(0)
    for voter in (0, 1):
        before = lab.core(voter).state_hash()
        assert lab.receive(2, voter, RequestVote(term=7, last_index=9, last_term=6)) == []
        assert lab.core(voter).state_hash() == before
    (reply,) = [e.message for e in lab.receive(2, 1, PreVote(7, 9, 6)) if isinstance(e, Send)]
    assert reply == PreVoteReply(term=1, granted=False)


def test_a_transferred_candidate_is_heard_although_the_leader_lives():
    lab = Lab(3)
    lab.elect(0)
    lab.receive(2, 1, RequestVote(term=2, last_index=0, last_term=0, transfer=True))
    assert lab.core(1).server.voted_for == 2


def test_a_pre_vote_neither_resets_the_wait_nor_changes_anything():
    lab = Lab(3)
    before = lab.core(1).state_hash()
    effects = lab.receive(2, 1, PreVote(1, 0, 0))
    assert effects == [Send(to=2, message=PreVoteReply(term=1, granted=True))]
    assert lab.core(1).state_hash() == before


def test_a_refused_pre_vote_teaches_a_later_term():
    lab = Lab(3)
    lab.fire(1, "raft.election")
    lab.receive(2, 1, PreVoteReply(term=8, granted=False))
    assert isinstance(lab.core(1).server.role, Follower)
    assert lab.core(1).server.term == 8


def test_a_follower_sleeps_on_when_it_heard_a_leader_meanwhile():
    lab = Lab(3)
    lab.now = lab.nodes[1].timers["raft.election"] - 1
    lab.receive(0, 1, AppendEntries(1, 0, 0, (), 0, None, 0))
    effects = lab.fire(1, "raft.election")
    assert [type(effect) for effect in effects] == [SetTimer]
    assert isinstance(lab.core(1).server.role, Follower)


def test_requests_are_repeated_to_those_who_have_not_answered():
    lab = Lab(5)
    lab.fire(0, "raft.election")
    lab.receive(1, 0, PreVoteReply(0, granted=False))
    lab.flights.clear()
    lab.fire(0, "raft.heartbeat")
    assert [flight.receiver for flight in lab.flights] == [2, 3, 4]


def test_a_candidate_that_a_majority_refused_waits_for_another_timeout():
    lab = Lab(3)
    lab.fire(0, "raft.election")
    lab.receive(1, 0, PreVoteReply(0, granted=False))
    assert isinstance(lab.core(0).server.role, PreCandidate)
    lab.receive(2, 0, PreVoteReply(0, granted=False))
    assert isinstance(lab.core(0).server.role, Follower)
    assert "raft.heartbeat" not in lab.nodes[0].timers


def test_late_and_doubled_votes_count_once():
    lab = Lab(5)
    lab.fire(0, "raft.election")
    lab.receive(1, 0, PreVoteReply(1, granted=True))
    lab.receive(1, 0, PreVoteReply(1, granted=True))
    assert isinstance(lab.core(0).server.role, PreCandidate)
    lab.receive(2, 0, PreVoteReply(1, granted=True))
    lab.receive(1, 0, RequestVoteReply(1, granted=True))
    lab.receive(1, 0, RequestVoteReply(1, granted=True))
    lab.receive(3, 0, PreVoteReply(1, granted=True))
    assert isinstance(lab.core(0).server.role, Candidate)
    lab.receive(2, 0, RequestVoteReply(1, granted=True))
    assert isinstance(lab.core(0).server.role, Leader)


def test_check_quorum_deposes_a_leader_that_no_majority_answers():
    lab = Lab(5)
    lab.elect(0)
    lab.isolate(0, 1)
    lab.run(3 * SECOND)
    assert not isinstance(lab.core(0).server.role, Leader)
    assert lab.leader() in (2, 3, 4)


def test_a_leader_cut_from_a_minority_stays():
    lab = Lab(5)
    lab.elect(0)
    lab.isolate(3, 4)
    lab.run(10 * SECOND)
    assert lab.leaders == {1: 0}
    lab.heal()
    lab.run(3 * SECOND)
    assert lab.leaders == {1: 0}


def test_a_leader_steps_down_before_a_later_term():
    lab = Lab(3)
    lab.elect(0)
    lab.receive(1, 0, AppendEntries(4, 0, 0, (), 0, None, 0))
    assert lab.core(0).status() == status_of(3, "follower", round=4, leader=1)
    assert "raft.election" in lab.nodes[0].timers
    assert "raft.heartbeat" not in lab.nodes[0].timers


def test_a_single_voter_leads_at_once():
    lab = Lab(1)
    assert lab.core(0).status() == status_of(1, "leader", round=1, leader=0)


def test_elections_survive_heavy_loss():
    lab = Lab(9, seed=3)
    lab.loss = 0.3
    assert lab.run(30 * SECOND, until=lambda: lab.leader() is not None)


def test_a_network_whose_leader_dies_elects_another():
    lab = Lab(3, seed=2)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.crash(0)
    assert lab.run(5 * SECOND, until=lambda: lab.leader() is not None)
    lab.restart(0)
    lab.run(2 * SECOND)
    assert lab.core(0).status().leader == lab.leader()


def test_our_own_misuse_raises():
    lab = Lab(3)
    core = lab.core(0)
    with pytest.raises(LocalProtocolError):
        core.start(0)
    with pytest.raises(LocalProtocolError):
        core.timer(0, "coffee")
    with pytest.raises(LocalProtocolError):
        core.server.become_leader(0)
    with pytest.raises(LocalProtocolError):
        core.server.enter_term(0)
