"""What a server has promised, and whom it voted for, outlives every change of its role."""

from __future__ import annotations

from consensus.raft import RaftOptions
from consensus.raft.messages import PreVoteReply, RequestVote, RequestVoteReply
from consensus.raft.roles import Candidate, Follower, Leader, Observer
from consensus.vocabulary import MILLISECOND, SECOND, Send
from tests.consensus.raft.lab import Lab
from tests.consensus.raft.test_membership import ADD, LEARN, asked

PROMISE_NS = RaftOptions().election_timeout_min_ns


def test_a_restarted_server_that_only_now_finds_that_it_has_a_vote_still_stands_by_its_leader():
    """Its leader may count on its answers already (a lease), by a change that it had not got when it crashed."""
    lab = Lab(2, observers=1)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.propose(0, change=asked((ADD, 2)))
    lab.deliver_all()
    lab.run(200 * MILLISECOND)
    run = lab.run_of(0, 1)
    lab.nodes[2].store["blocks"].pop(2)  # as if the crash came first
    lab.nodes[2].store["raft.log"].pop(2)
    lab.crash(2)
    lab.restart(2)
    assert isinstance(lab.core(2).server.role, Observer)
    lab.adopt(2, *run[1])
    assert isinstance(lab.core(2).server.role, Follower)
    assert lab.receive(1, 2, RequestVote(9, 9, 8)) == []
    lab.now += PROMISE_NS
    assert isinstance(lab.receive(1, 2, RequestVote(9, 9, 8))[-1], Send), "its time is over"


def test_a_late_refusal_does_not_end_a_restarted_observers_promise():
    lab = Lab(3, observers=1)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.adopt(3, lab.nodes[0].chain[1], lab.nodes[0].certified[1])
    lab.crash(3)
    lab.restart(3)
    lab.receive(1, 3, PreVoteReply(5, granted=False))
    assert lab.core(3).server.term == 5
    assert lab.receive(1, 3, RequestVote(9, 9, 8)) == []


def test_a_candidate_whose_log_is_replaced_gives_up_the_election():
    """The votes that are on their way to it are for the log that it had."""
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "lost")
    lab.isolate(0)
    lab.elect(1)
    lab.propose(1, "kept")
    lab.deliver_all()
    lab.core(0).server.enter_term(7)
    lab.core(0).server.become_follower(lab.now, 7)
    lab.core(0).server.role = Candidate(votes={0: True}, timeout=1, stood_at=0)
    lab.adopt(0, lab.nodes[1].chain[1], lab.nodes[1].certified[1])
    assert isinstance(lab.core(0).server.role, Follower)
    lab.receive(2, 0, RequestVoteReply(7, granted=True))
    assert not isinstance(lab.core(0).server.role, Leader)


def test_an_observer_that_is_asked_again_repeats_its_vote():
    """A learner voted, for a leader that it may have been promoted by, and has looked on since."""
    lab = Lab(2, observers=1)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.propose(0, change=asked((LEARN, 2)))
    lab.deliver_all()
    lab.crash(0)
    lab.crash(1)
    lab.run(3 * SECOND)
    request = RequestVote(5, 9, 4)
    assert lab.receive(1, 2, request)[-1] == Send(1, RequestVoteReply(5, granted=True))
    lab.run(3 * SECOND)
    assert isinstance(lab.core(2).server.role, Observer)
    assert lab.receive(1, 2, request)[-1] == Send(1, RequestVoteReply(5, granted=True))
    lab.run(3 * SECOND)
    assert lab.receive(0, 2, request)[-1] == Send(0, RequestVoteReply(5, granted=False)), "one vote a term"
