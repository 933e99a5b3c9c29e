from __future__ import annotations

import pytest

from consensus.chain import BLOCKS
from consensus.properties import Violation
from consensus.properties.raft import RaftSafety
from consensus.raft.messages import AppendEntries, AppendSuccess, RequestVote, RequestVoteReply
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.vocabulary import Broadcast, Commit, Cut, Put, Send, Trace
from tests.properties.blocks import GENESIS, block, chain


def watched(*disks) -> RaftSafety:
    oracle = RaftSafety((0, 1, 2))
    for node in range(3):
        oracle.on_start(0, node, 1, disks[node] if node < len(disks) else {})
    return oracle


def state(term: int, vote: int | None = None) -> dict:
    return {STATE: {STATE_KEY: HardState(term, vote)}}


def log(*blocks) -> dict:
    return {LOG: {b.height: LogEntry(b) for b in blocks}}


def leads(oracle: RaftSafety, node: int, term: int) -> None:
    oracle.on_trace(5, node, 1, Trace("raft.role", ("leader", term)))


def append(term: int) -> Broadcast:
    return Broadcast(AppendEntries(term, 0, 0, (), 0, None, 1))


def test_two_leaders_in_one_term() -> None:
    oracle = watched()
    leads(oracle, 0, 3)
    leads(oracle, 1, 4)
    oracle.on_leave(6, 0, 1, append(3), {})
    with pytest.raises(Violation, match="election safety"):
        leads(oracle, 2, 3)
    with pytest.raises(Violation, match="election safety"):
        oracle.on_leave(6, 2, 1, append(4), {})


def test_one_vote_a_term_whatever_lives_lie_between() -> None:
    oracle = watched()
    oracle.on_leave(1, 0, 1, Send(1, RequestVoteReply(2, True)), state(2, 1))
    oracle.on_leave(1, 0, 1, Send(2, RequestVoteReply(2, False)), state(2, 1))
    oracle.on_leave(1, 0, 2, Send(1, RequestVoteReply(2, True)), state(2, 1))
    with pytest.raises(Violation, match=r"node 0\.2 .* votes for 0 in term 2; but for 1"):
        oracle.on_leave(1, 0, 2, Broadcast(RequestVote(2, 0, 0)), state(2, 0))


@pytest.mark.parametrize("disk", [{}, state(1, 1), state(2, None), state(2, 2)])
def test_a_vote_that_is_not_durable_when_it_leaves(disk) -> None:
    with pytest.raises(Violation, match="durable vote"):
        watched().on_leave(1, 0, 1, Send(1, RequestVoteReply(2, True)), disk)


def test_a_term_that_falls_and_a_vote_that_changes_on_disk() -> None:
    def store(oracle, value):
        oracle.on_durable(1, 0, 1, (Put(STATE, STATE_KEY, value),), {})

    oracle = watched()
    for value in (HardState(1, None), HardState(1, 2), HardState(1, 2), HardState(3, None)):
        store(oracle, value)
    for wrong in (HardState(2, None),):
        with pytest.raises(Violation, match="hard state"):
            store(oracle, wrong)
    store(oracle, HardState(3, 0))
    for wrong in (HardState(3, 1), HardState(3, None)):
        with pytest.raises(Violation, match="hard state"):
            store(oracle, wrong)


def test_two_entries_of_one_index_and_term() -> None:
    oracle = watched()
    one, other = chain(1)[0], chain(1, mark="x")[0]
    oracle.on_durable(1, 0, 1, (Put(LOG, 1, LogEntry(one)),), {})
    oracle.on_durable(1, 1, 1, (Put(LOG, 1, LogEntry(one)),), {})
    with pytest.raises(Violation, match="log matching"):
        oracle.on_durable(1, 2, 1, (Put(LOG, 1, LogEntry(other)),), {})


def test_an_acknowledged_entry_must_be_on_disk() -> None:
    one, two = chain(2)
    ack = Send(0, AppendSuccess(1, 2, None, 1))
    watched().on_leave(1, 1, 1, ack, log(one, two))
    watched().on_leave(1, 1, 1, ack, {BLOCKS: {2: two}})
    with pytest.raises(Violation, match="durable log"):
        watched().on_leave(1, 1, 1, ack, log(one))


def decide(oracle: RaftSafety, node: int, decided) -> None:
    oracle.on_commit(3, node, 1, Commit(decided.height, decided, None))


def test_a_decision_lies_on_a_majority_of_disks() -> None:
    one = chain(1)[0]
    decide(watched(log(one), {BLOCKS: {1: one}}), 0, one)
    with pytest.raises(Violation, match="it lies on the disks of 1 of the voters"):
        decide(watched(log(one), log(block(1, GENESIS, mark="x"))), 0, one)


def test_a_leader_that_lacks_what_was_decided_in_an_earlier_term() -> None:
    one = chain(1)[0]
    oracle = watched(log(one) | state(1), log(one) | state(1))
    decide(oracle, 0, one)
    leads(oracle, 1, 2)
    leads(oracle, 2, 1)
    with pytest.raises(Violation, match="leader completeness"):
        leads(oracle, 2, 3)


def test_truncating_takes_an_entry_out_of_a_leader_s_log() -> None:
    one = chain(1)[0]
    oracle = watched(log(one) | state(1), log(one) | state(1))
    decide(oracle, 0, one)
    oracle.on_persist(4, 1, 1, (Cut(LOG, 1),))
    with pytest.raises(Violation, match="leader completeness"):
        leads(oracle, 1, 2)
