"""The oracles of what Raft's servers were told: each speaks up at the event, and only then."""

import pytest

from consensus.configuration import Configuration
from consensus.properties import Violation
from consensus.properties.raft import RaftSafety
from consensus.raft.messages import (
    AppendEntries,
    AppendSuccess,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from consensus.raft.records import LOG, LogEntry
from consensus.vocabulary import Broadcast, Commit, Cut, Install, Put, Rejected, Send, Trace
from scenarios.adversary.oracles import HonestWords
from scenarios.adversary.raft_oracles import RaftWords
from tests.scenarios.adversary.blocks import chain, snapshot_of

VOTERS = (0, 1, 2)


@pytest.fixture
def safety():
    safety = RaftSafety(VOTERS)
    for node in VOTERS:
        safety.on_start(0, node, 1, {})
    return safety


@pytest.fixture
def oracle(safety):
    return RaftWords(safety)


def leads(oracle, node, term):
    oracle.on_trace(5, node, 1, Trace("raft.role", ("leader", term)))


def says(oracle, node, effect, durable=None):
    oracle.on_leave(5, node, 1, effect, durable or {})


def append(blocks=(), *, previous=0, commit=0, term=1):
    return AppendEntries(
        term=term,
        previous_index=previous,
        previous_term=min(previous, 1),
        blocks=tuple(blocks),
        commit=commit,
        certificate=None,
        beat=0,
    )


def votes(oracle, candidate, *voters, term=1):
    for voter in voters:
        oracle.on_receive(5, candidate, 1, voter, RequestVoteReply(term=term, granted=True))


def test_a_leader_of_a_majority_is_none_of_its_business(oracle):
    votes(oracle, 1, 2)
    leads(oracle, 1, 1)


def test_a_vote_that_comes_twice_is_one_vote():
    five = RaftSafety(range(5))
    five.on_start(0, 1, 1, {})
    oracle = RaftWords(five)
    votes(oracle, 1, 2, 2)
    with pytest.raises(Violation, match=r"votes counted.*it has the votes of 2 of the voters"):
        leads(oracle, 1, 1)


def test_a_majority_of_both_configurations_together_elects_nobody(oracle, safety):
    joint = Configuration(voters=(0, 1, 2), outgoing=(1, 3, 4))
    (block,) = chain(1)
    safety.logs[1] = {1: block.hash}
    safety.memberships.known = {1: {block.hash: (joint, True)}}
    votes(oracle, 1, 0, 2)
    with pytest.raises(Violation, match=r"it has the votes of 1 of the voters \(1, 3, 4\)"):
        leads(oracle, 1, 1)
    votes(oracle, 1, 4)
    leads(oracle, 1, 1)


def test_a_vote_for_a_shorter_log_is_told(oracle):
    request = RequestVote(term=3, last_index=5, last_term=1)
    oracle.on_durable(1, 2, 1, (), {LOG: {block.height: LogEntry(block) for block in chain(2, term=2)}})
    says(oracle, 1, Broadcast(request))
    oracle.on_receive(4, 2, 1, 1, request)
    with pytest.raises(Violation, match=r"vote: node 2 .* ended at \(2, 2\)"):
        says(oracle, 2, Send(1, RequestVoteReply(term=3, granted=True)))


def test_what_is_appended_while_a_slow_disk_writes_the_vote_does_not_matter(oracle):
    request = RequestVote(term=3, last_index=5, last_term=1)
    says(oracle, 1, Broadcast(request))
    oracle.on_receive(4, 2, 1, 1, request)
    oracle.on_durable(5, 2, 1, (), {LOG: {block.height: LogEntry(block) for block in chain(2, term=2)}})
    says(oracle, 2, Send(1, RequestVoteReply(term=3, granted=True)))


def test_the_promise_of_a_vote_for_a_shorter_log_is_told(oracle):
    request = PreVote(term=3, last_index=5, last_term=1)
    oracle.on_durable(1, 2, 1, (), {LOG: {block.height: LogEntry(block) for block in chain(2, term=2)}})
    says(oracle, 1, Broadcast(request))
    oracle.on_receive(4, 2, 1, 1, request)
    with pytest.raises(Violation, match=r"vote: node 2 .* would vote for 1 in term 3"):
        says(oracle, 2, Send(1, PreVoteReply(term=3, granted=True)))


def test_what_was_cut_off_is_gone_from_the_disk_when_it_is_acknowledged(oracle):
    one, two = chain(2)
    other = chain(1, term=2)[0]
    oracle.on_receive(4, 2, 1, 0, append(chain(2), term=1))
    ack = Send(0, AppendSuccess(term=1, match_index=1, signature=None, beat=0))
    says(oracle, 2, ack, {LOG: {1: LogEntry(one), 2: LogEntry(two)}})
    with pytest.raises(Violation, match=r"cut is durable.*entry 2, of term 1, after it"):
        says(oracle, 2, ack, {LOG: {1: LogEntry(other), 2: LogEntry(two)}})


def test_an_acknowledgement_beyond_what_was_sent_is_told(oracle):
    oracle.on_receive(4, 2, 1, 0, append(chain(2), term=1))
    says(oracle, 2, Send(0, AppendSuccess(term=1, match_index=2, signature=None, beat=0)))
    with pytest.raises(Violation, match="acknowledges entry 3"):
        says(oracle, 2, Send(0, AppendSuccess(term=1, match_index=3, signature=None, beat=0)))


def test_a_commit_beyond_what_was_vouched_for_is_told(oracle):
    first, second = chain(2)
    oracle.on_receive(4, 2, 1, 0, append((first,), commit=2))
    oracle.on_commit(5, 2, 1, Commit(1, first, None))
    with pytest.raises(Violation, match=r"commit vouched for: .* decides entry 2"):
        oracle.on_commit(5, 2, 1, Commit(2, second, None))


def test_a_leader_that_counts_an_older_term_is_told_at_its_first_word():
    oracle = RaftSafety(VOTERS)
    (block,) = chain(1, term=1)
    for node in VOTERS:
        oracle.on_start(0, node, 1, {})
        oracle.on_durable(1, node, 1, (), {LOG: {1: LogEntry(block)}})
    oracle.terms[0] = 2
    leads(oracle, 0, 2)
    oracle.on_commit(3, 0, 1, Commit(block.height, block, None))
    with pytest.raises(Violation, match=r"commit rule.*entry 1"):
        says(oracle, 0, Broadcast(append(previous=1, commit=1, term=2)))


def test_a_cut_of_the_log_leaves_the_snapshot_that_was_installed():
    """A server that installs a snapshot cuts its old log off; it holds the snapshot's entry all the same."""
    oracle = RaftSafety(VOTERS)
    blocks = chain(3)
    for node in VOTERS:
        oracle.on_start(0, node, 1, {})
    for block in blocks:
        for node in (0, 1):
            oracle.on_durable(1, node, 1, (), {LOG: {b.height: LogEntry(b) for b in blocks[: block.height]}})
        oracle.on_commit(1, 0, 1, Commit(block.height, block, None))
    oracle.on_persist(2, 2, 1, (Put(LOG, 1, LogEntry(blocks[0])),))
    oracle.on_install(2, 2, 1, Install(3, snapshot_of(blocks[-1]), ()))
    oracle.on_persist(2, 2, 1, (Cut(LOG, 0),))
    oracle.terms[2] = 2
    leads(oracle, 2, 2)  # complete: entry 3 is the snapshot's


@pytest.mark.parametrize(
    "reason", ["Garbled is no message", "blocks that nothing proves", "a body that nobody asked for"]
)
def test_what_an_honest_node_may_well_refuse(reason):
    HonestWords(VOTERS).on_rejected(1, 0, 1, Rejected(1, reason))


def test_an_impossible_message_of_an_honest_node_is_told():
    oracle = HonestWords(VOTERS)
    oracle.on_rejected(1, 0, 1, Rejected(7, "a signature does not verify"))
    with pytest.raises(Violation, match=r"honest words.*does not verify"):
        oracle.on_rejected(1, 0, 1, Rejected(1, "a signature does not verify"))
