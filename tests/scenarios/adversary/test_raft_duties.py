"""What a Raft server owes the others: each duty is called in at the event, and what is done in time goes unnoticed."""

import pytest

from consensus.properties import Violation
from consensus.properties.raft import RaftSafety
from consensus.raft.messages import (
    AppendEntries,
    AppendFailure,
    AppendSuccess,
    InstallSnapshot,
    PreVote,
    PreVoteReply,
    ReadIndex,
    ReadIndexAnswer,
    RequestVote,
)
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.vocabulary import Broadcast, Commit, Put, Rejected, Send, Trace
from scenarios.adversary.raft_duties import EQUAL_WAITS, RaftDuties
from scenarios.adversary.raft_leading import PATIENCE, RaftLeading
from tests.scenarios.adversary.blocks import chain, snapshot_of


@pytest.fixture
def oracle():
    safety = RaftSafety((0, 1, 2))
    return started(safety, RaftDuties(safety, lapse_ns=600))


@pytest.fixture
def leading():
    safety = RaftSafety((0, 1, 2))
    return started(safety, RaftLeading(safety, settled=True))


def started(safety, oracle):
    for node in (0, 1, 2, 3):
        for watching in (safety, oracle):
            watching.on_start(0, node, 1, {STATE: {STATE_KEY: HardState(term=2, voted_for=None)}})
    return oracle


def append(*, term=2, previous=0, blocks=(), commit=0, beat=0):
    return AppendEntries(term, previous, min(previous, 1), tuple(blocks), commit, None, beat)


def does(oracle, node, *effects):
    oracle.on_effects(5, node, 1, list(effects))


REFUSAL = AppendFailure(2, 0, 0, 0, 0)


def test_a_stale_leader_is_answered_or_the_silence_is_told(oracle):
    for answer in (Send(0, REFUSAL), Rejected(0, "garbled")):
        oracle.on_receive(5, 1, 1, 0, append(term=1))
        does(oracle, 1, answer)
    oracle.on_receive(5, 1, 1, 0, append(term=1))
    with pytest.raises(Violation, match=r"answer: node 1.1 .* AppendEntries of term 1 by node 0"):
        does(oracle, 1, Send(2, REFUSAL))


def test_silence_without_a_single_effect_is_told_at_the_next_message(oracle):
    oracle.on_receive(5, 1, 1, 0, PreVote(3, 0, 0))
    does(oracle, 1, Send(0, PreVoteReply(2, granted=False)))
    oracle.on_receive(6, 1, 1, 0, PreVote(3, 0, 0))
    with pytest.raises(Violation, match="PreVote of term 3"):
        oracle.on_receive(7, 1, 1, 2, append())


def test_a_leader_that_keeps_its_commit_index_to_itself_is_told(leading):
    (block,) = chain(1)
    does(leading, 0, Commit(1, block, None), Broadcast(append(previous=1, commit=1)))
    with pytest.raises(Violation, match="commit announced"):
        does(leading, 0, Broadcast(append(previous=1, commit=0)))


def neglect(leading, rounds, *, between=None):
    does(leading, 0, Send(2, append(blocks=chain(1))))
    for beat in range(1, rounds + 1):
        does(leading, 0, Broadcast(append(beat=beat)))
        if between is not None:
            between(beat)
        leading.on_receive(5, 0, 1, 1, AppendSuccess(term=2, match_index=0, signature=None, beat=beat))


def test_a_follower_that_is_left_where_it_is_is_told(leading):
    with pytest.raises(Violation, match=r"follower fed.* node 1 has 0"):
        neglect(leading, PATIENCE)


def test_a_follower_to_which_a_snapshot_goes_is_not_neglected(leading):
    offer = Send(1, InstallSnapshot(term=2, snapshot=snapshot_of(chain(1)[0])))
    neglect(leading, 3 * PATIENCE, between=lambda beat: does(leading, 0, offer) if beat == 2 else None)


def test_a_follower_that_refuses_is_not_neglected(leading):
    neglect(
        leading,
        3 * PATIENCE,
        between=lambda beat: leading.on_receive(5, 0, 1, 1, REFUSAL) if beat % 3 == 0 else None,
    )


def test_silence_to_a_candidate_is_told_where_no_leader_is_heard(oracle):
    request = RequestVote(3, 0, 0)
    oracle.on_receive(500, 1, 1, 0, request)  # it stands by the leader that it may have heard before its restart
    oracle.on_receive(600, 1, 1, 2, append())
    oracle.on_receive(1200, 1, 1, 0, request)
    oracle.on_receive(1201, 1, 1, 0, request)
    with pytest.raises(Violation, match=r"RequestVote of term 3.* said nothing"):
        does(oracle, 1)


def test_who_has_no_vote_does_not_stand(oracle):
    oracle.on_trace(5, 2, 1, Trace("raft.role", ("pre-candidate", 2)))
    oracle.on_trace(5, 3, 1, Trace("raft.role", ("follower", 2)))
    with pytest.raises(Violation, match="stands by right: node 3"):
        oracle.on_trace(6, 3, 1, Trace("raft.role", ("candidate", 2)))


def test_members_change_only_after_a_commit_of_the_term(oracle):
    first, second, third = chain(3, term=2)
    known = oracle._safety.memberships  # what the oracle of safety read off the blocks
    known.application = object()
    known.known = {block.height: {block.hash: (known.founded, True)} for block in (second, third)}
    oracle.on_persist(5, 1, 1, (Put(LOG, 2, LogEntry(second)),))  # as a follower does
    oracle.on_trace(5, 1, 1, Trace("raft.role", ("leader", 2)))
    with pytest.raises(Violation, match="change in its term"):
        oracle.on_persist(5, 1, 1, (Put(LOG, 2, LogEntry(second)),))
    oracle.on_commit(6, 1, 1, Commit(1, first, None))
    oracle.on_persist(7, 1, 1, (Put(LOG, 3, LogEntry(third)),))


def test_a_server_acts_by_the_configuration_that_its_log_says(oracle):
    oracle.on_trace(5, 1, 1, Trace("raft.configuration", ((0, 1, 2), (), ())))
    oracle.on_receive(6, 1, 1, 0, append())
    oracle.on_trace(7, 1, 1, Trace("raft.configuration", ((0, 1), (), ())))
    with pytest.raises(Violation, match=r"configuration: node 1.1 at 7 ns acts by voters \(0, 1\)"):
        oracle.on_receive(8, 1, 1, 0, append())


def lets_read(leading, *, confirmed_in):
    """Node 1 asks the leader 0 in round 3 of its heartbeats; node 2 answers round ``confirmed_in``."""
    does(leading, 0, Broadcast(append(beat=3)))
    leading.on_receive(5, 0, 1, 1, ReadIndex(term=2, life=9, number=1))
    does(leading, 0, Broadcast(append(beat=4)))
    leading.on_receive(6, 0, 1, 2, AppendSuccess(term=2, match_index=0, signature=None, beat=confirmed_in))
    does(leading, 0, Send(1, ReadIndexAnswer(term=2, life=9, number=1, index=0)))
    leading.on_receive(7, 0, 1, 2, AppendSuccess(term=2, match_index=0, signature=None, beat=4))


def test_a_read_is_confirmed_by_a_round_that_began_after_it(leading):
    lets_read(leading, confirmed_in=4)


def test_a_read_that_an_earlier_round_confirms_is_told(leading):
    with pytest.raises(Violation, match=r"read confirmed: node 0.1 .* lets node 1 read.*1 of the voters"):
        lets_read(leading, confirmed_in=3)


def stand(oracle, waits):
    now = 0
    for wait in waits:
        oracle.on_trace(now, 1, 1, Trace("raft.role", ("pre-candidate", 2)))
        now += wait
        oracle.on_timer(now, 1, 1, "raft.election")


def test_equal_waits_are_told_and_drawn_ones_are_not(oracle):
    stand(oracle, [300, 300, 300, 301] * 3)
    with pytest.raises(Violation, match="timeouts drawn"):
        stand(oracle, [300] * EQUAL_WAITS)
