"""Membership: what is a quorum, which configuration decides which height, what proves a chain across changes."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.chain import Certificate, commit_bytes
from consensus.configuration import Change, Configuration, ConfigurationError, Reconfiguration, Verb
from consensus.raft import RaftOptions
from consensus.raft.configurations import Configurations
from consensus.raft.electorate import Electorate
from consensus.raft.messages import AppendEntries, AppendSuccess, PreVote, PreVoteReply, RequestVoteReply, TimeoutNow
from consensus.raft.roles import Candidate, Follower, Leader, Observer, PreCandidate
from consensus.vocabulary import SECOND, Broadcast, LocalProtocolError, Rejected, Send
from tests.consensus.raft.lab import GENESIS, Lab, LabApplication, make_block, signature

ADD, LEARN, REMOVE = Verb.ADD_VOTER, Verb.ADD_LEARNER, Verb.REMOVE
JOINT = Configuration(voters=(2, 3, 4), outgoing=(0, 1, 2), learners=(5,))


def asked(*changes, **options) -> Reconfiguration:
    return Reconfiguration(tuple(Change(verb, node) for verb, node in changes), **options)


# -- Quorums -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "enough"),
    [
        ({0, 1, 2, 3}, True),
        ({0, 2, 3}, True),
        ({0, 1, 3}, False),  # three of five, but one of the new voters
        ({2, 3, 4}, False),  # all new voters, but one of the old
        ({2, 3, 4, 5}, False),  # a learner does not count
        ({0, 3, 5, 9}, False),
    ],
)
def test_a_joint_configuration_needs_a_majority_of_each_set(nodes, enough):
    assert Electorate(JOINT).is_quorum(nodes) == enough


sets = st.sets(st.integers(0, 6), min_size=1).map(lambda one: tuple(sorted(one)))
configurations = st.builds(Configuration, voters=sets, outgoing=st.one_of(st.just(()), sets))


def _majorities(configuration, nodes):
    voting = [voters for voters in (configuration.voters, configuration.outgoing) if voters]
    return all(2 * len(nodes & set(voters)) > len(voters) for voters in voting)


@given(configurations, st.sets(st.integers(0, 8)))
def test_quorums_agree_with_counting(configuration, nodes):
    one = Electorate(configuration)
    assert one.is_quorum(nodes) == _majorities(configuration, nodes)
    assert one.is_blocked(nodes) == (not _majorities(configuration, set(range(9)) - nodes))
    chosen = one.least_quorum(nodes)
    assert (chosen is not None) == one.is_quorum(nodes)
    if chosen is not None:
        assert one.fault_of_signers(chosen) is None
        assert set(chosen) <= nodes & set(one.electors)
        assert list(chosen) == sorted(chosen)


@given(configurations, st.dictionaries(st.integers(0, 6), st.integers(0, 5)))
def test_what_a_quorum_has_reached(configuration, values):
    reached = Electorate(configuration).reached(values, least=-1)
    there = [value for value in range(-1, 6) if _majorities(configuration, _at_least(values, value))]
    assert reached == max(there)


def _at_least(values, value):
    return set(range(9)) if value == -1 else {node for node, reached in values.items() if reached >= value}


@given(configurations, st.lists(st.tuples(st.sampled_from(list(Verb)), st.integers(0, 6)), min_size=1, max_size=3))
def test_quorums_of_a_configuration_and_of_the_next_always_meet(configuration, changes):
    """What a certificate's reach rests on (:func:`consensus.raft.certificates.proven`)."""
    try:
        after = configuration.left() if configuration.joint else configuration.changed(asked(*changes))
    except ConfigurationError:
        return
    before, later = Electorate(configuration), Electorate(after)
    for quorum in _quorums(before):
        others = set(range(9)) - quorum
        assert not later.is_quorum(others)


def _quorums(electorate):
    electors = electorate.electors
    return [
        set(nodes)
        for size in range(1, len(electors) + 1)
        for nodes in combinations(electors, size)
        if electorate.fault_of_signers(nodes) is None
    ]


def test_a_certificate_with_one_signature_more_than_a_quorum_is_none():
    assert "more than a quorum" in str(Electorate(JOINT).fault_of_signers((0, 1, 2, 3)))
    assert "no quorum" in str(Electorate(JOINT).fault_of_signers((0, 1, 3)))
    assert Electorate(JOINT).fault_of_signers((0, 1, 3, 4)) is None, "four where three may do, but each is needed"


# -- Which height is decided by whom -------------------------------------------------------------------


def chain_with(*changes: Reconfiguration | None) -> tuple[Configurations, list]:
    """A chain of one block for each entry, on three founders, and the configurations that it makes."""
    application = LabApplication(founders=(0, 1, 2))
    known, blocks, last = Configurations(application, Configuration(voters=(0, 1, 2))), [], GENESIS
    for change in changes:
        before = known.latest.configuration
        after = before if change is None else before.changed(change)
        last = make_block(
            last.height + 1, last.hash, 1, 0, change=change, members=application.members_hash(after) or b""
        )
        known.read([last])
        blocks.append(last)
    return known, blocks


def test_a_configuration_decides_from_the_block_on_that_carries_it():
    known, _ = chain_with(None, asked((ADD, 3)), None, asked((REMOVE, 0)))
    assert [known.at(height).configuration.voters for height in range(6)] == [
        (0, 1, 2),
        (0, 1, 2),
        (0, 1, 2, 3),
        (0, 1, 2, 3),
        (1, 2, 3),
        (1, 2, 3),
    ]
    assert [known.ending_after(height) for height in range(6)] == [2, 2, 4, 4, None, None]


def test_truncation_takes_configurations_back_and_compaction_forgets_them():
    known, _ = chain_with(None, asked((ADD, 3)), None, asked((REMOVE, 0)))
    known.truncate(4)
    assert (known.since, known.latest.configuration.voters) == (2, (0, 1, 2, 3))
    known.compact(3)
    assert known.history() == ((2, Configuration(voters=(0, 1, 2, 3))),)
    known.truncate(4)
    assert known.since == 2


def test_a_header_that_names_others_than_those_who_decide_is_refused():
    known, blocks = chain_with(None)
    wrong = make_block(2, blocks[-1].hash, 1, 0, change=asked((ADD, 3)))
    with pytest.raises(ConfigurationError, match="does not name those who decide it"):
        known.following(known.latest, wrong)


# -- Messages ------------------------------------------------------------------------------------------


def test_a_stranger_is_answered_but_its_word_counts_for_nothing():
    lab = Lab(3, observers=2)
    (answer,) = lab.receive(4, 2, PreVote(1, 0, 0))
    assert isinstance(answer, Send), "it may be a voter by a change that we have not heard of"
    lab.now += 2 * SECOND
    lab.fire(0, "raft.election")
    lab.flights.clear()
    lab.core(0).server.become_candidate(lab.now)
    for stranger in (3, 4):
        lab.receive(stranger, 0, RequestVoteReply(1, granted=True))
    assert isinstance(lab.core(0).server.role, Candidate)
    lab.receive(1, 0, RequestVoteReply(1, granted=True))
    assert isinstance(lab.core(0).server.role, Leader)
    lab.propose(0, "a")
    data = commit_bytes(1, 1, lab.core(0).server.log.last_hash)
    lab.receive(4, 0, AppendSuccess(1, 1, signature(4, data), 0))
    assert lab.core(0).server.commit_index == 0


def test_broadcasts_name_their_receivers_once_these_are_not_the_founders():
    lab = Lab(3, observers=1)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    seen: list = []
    lab.observe = lambda _me, effects: seen.extend(one for one in effects if isinstance(one, Broadcast))
    lab.run(200_000_000)
    assert {one.to for one in seen} == {None}
    lab.propose(0, change=asked((ADD, 3)))
    lab.deliver_all()
    seen.clear()
    lab.run(200_000_000)
    assert {one.to for one in seen} == {(1, 2, 3)}


def test_a_block_whose_change_makes_no_sense_is_rejected_from_a_peer_and_refused_from_our_side():
    lab = Lab(3)
    block = make_block(1, GENESIS.hash, 1, 0, change=asked((ADD, 2)))
    (effect,) = lab.receive(0, 1, AppendEntries(1, 0, 0, (block,), 0, None, 0))
    assert isinstance(effect, Rejected)
    assert "changes nothing" in effect.reason
    lab.elect(0)
    with pytest.raises(LocalProtocolError, match="changes nothing"):
        lab.core(0).propose(lab.now, make_block(1, GENESIS.hash, 1, 0, change=asked((ADD, 2))))
    assert lab.core(0).server.log.last_index == 0


def test_a_late_timeout_now_does_not_make_a_removed_server_stand():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.propose(0, change=asked((REMOVE, 2)))
    lab.deliver_all()
    run = lab.run_of(0, 2)
    lab.adopt(2, *run[0])
    assert isinstance(lab.core(2).server.role, Follower)
    lab.receive(0, 2, TimeoutNow(1))
    assert isinstance(lab.core(2).server.role, Follower)
    with pytest.raises(LocalProtocolError, match="no voter beside us"):
        lab.transfer(0, 2)


def test_a_learner_that_hears_no_leader_waits_as_an_observer_and_is_not_handed_the_leadership():
    lab = Lab(2, observers=1)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.propose(0, change=asked((LEARN, 2)))
    lab.deliver_all()
    assert isinstance(lab.core(2).server.role, Follower)
    with pytest.raises(LocalProtocolError, match="no voter beside us"):
        lab.transfer(0, 2)
    lab.crash(0)
    lab.crash(1)
    lab.run(5 * SECOND)
    assert isinstance(lab.core(2).server.role, Observer)
    assert lab.core(2).server.term == 1


def test_a_restarted_server_goes_by_the_configuration_of_its_log():
    lab = Lab(3, observers=1, options=RaftOptions(log_keep=1))
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.propose(0, change=asked((ADD, 3)))
    lab.deliver_all()
    for text in "bcdefg":
        lab.propose(0, text)
        lab.deliver_all()
    assert lab.core(1).server.log.base_index > 2, "the block that carries it is no longer in the log"
    lab.crash(1)
    lab.restart(1)
    assert lab.core(1).status().configuration == Configuration(voters=(0, 1, 2, 3))
    assert lab.core(1).server.peers == (0, 2, 3)


# -- Proofs --------------------------------------------------------------------------------------------


def certified(block, *signers) -> Certificate:
    data = commit_bytes(block.round, block.height, block.hash)
    return Certificate(block.round, block.height, block.hash, tuple((one, signature(one, data)) for one in signers))


def test_a_certificate_proves_one_change_of_members_and_not_two():
    _, (one, two, three) = chain_with(None, asked((REMOVE, 0)), asked((REMOVE, 1)))
    stranger = Lab(3).core(2)
    assert stranger.proves([(one, None), (two, certified(two, 1, 2))]) == 2
    assert stranger.proves([(one, None), (two, certified(two, 0, 1))]) == 0, "not by whom it removes"
    assert stranger.proves([(one, None), (two, None), (three, certified(three, 2))]) == 0, "whoever 2 may be"
    assert stranger.proves([(one, None), (two, certified(two, 1, 2)), (three, certified(three, 2))]) == 3


def test_a_joint_certificate_needs_both_majorities():
    _, (one, two) = chain_with(None, asked((REMOVE, 0), (REMOVE, 1), (ADD, 3), (ADD, 4)))
    stranger = Lab(3, observers=2).core(2)
    assert stranger.proves([(one, None), (two, certified(two, 2, 3, 4))]) == 0
    assert stranger.proves([(one, None), (two, certified(two, 0, 2, 3))]) == 2
    assert stranger.proves([(one, None), (two, certified(two, 0, 1, 2, 3))]) == 0, "one signature too many"


def test_whoever_is_sent_a_change_is_sent_a_proof_from_the_configuration_before_it():
    """Two changes behind, a follower that lost every word of their commitment can still prove its chain to others."""
    lab = Lab(3, observers=2)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.isolate(2)
    for change in (asked((ADD, 3)), asked((ADD, 4)), asked((REMOVE, 1))):
        lab.propose(0, change=change)
        lab.deliver_all()
    lab.heal()
    lab.run(SECOND)
    assert len(lab.nodes[2].chain) == 5
    assert lab.provable(2) == 4


def test_a_restart_finds_the_proof_of_a_configuration_that_is_older_than_its_log():
    """The only certificate under it may be of a block that is no longer at hand."""
    lab = Lab(3, observers=2, options=RaftOptions(log_keep=1))
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.propose(0, change=asked((ADD, 3)))
    lab.deliver_all()
    for text in "bcd":
        lab.propose(0, text)
        lab.deliver_all()
    for height in (3, 4, 5):
        lab.nodes[1].store["certificates"].pop(height, None)
    assert 2 in lab.nodes[1].store["certificates"]
    lab.crash(1)
    lab.restart(1)
    assert lab.core(1).server.log.base_index == 4
    voucher = lab.core(1).server.configurations.voucher(5)
    assert voucher is not None
    assert voucher.height == 2


def test_a_leader_that_adopts_the_decision_that_removes_it_steps_down():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    block = lab.propose(0, change=asked((REMOVE, 0)))
    for flight in list(lab.flights):
        lab.deliver(flight)
    lab.flights.clear()
    assert isinstance(lab.core(0).server.role, Leader)
    lab.adopt(0, block, certified(block, 1, 2))
    assert isinstance(lab.core(0).server.role, Observer)
    assert lab.core(0).slot() is None


@pytest.mark.parametrize("pre_vote", [True, False])
def test_who_asks_for_votes_and_learns_that_it_has_none_itself_gives_up(pre_vote):
    """Its log says so already, but not that the block is committed: until then it may have to stand."""
    lab = Lab(4, options=RaftOptions(pre_vote=pre_vote))
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    block = lab.propose(0, change=asked((LEARN, 3)))
    for flight in list(lab.flights):
        lab.deliver(flight)
    lab.flights.clear()
    lab.isolate(3)
    lab.run(5 * SECOND, until=lambda: isinstance(lab.core(3).server.role, PreCandidate | Candidate))
    term = lab.core(3).server.term
    lab.adopt(3, block, certified(block, 0, 1))
    assert isinstance(lab.core(3).server.role, Observer)
    lab.receive(1, 3, PreVoteReply(term=term + 1, granted=True) if pre_vote else RequestVoteReply(term, granted=True))
    assert isinstance(lab.core(3).server.role, Observer)
    lab.heal()
    learns = lab.run(5 * SECOND, until=lambda: isinstance(lab.core(3).server.role, Follower))
    assert learns, "a learner, once a leader speaks to it"
