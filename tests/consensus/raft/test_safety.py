"""Random schedules under the lab's oracles: the safety properties of the paper's figure 3, then progress."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from consensus.configuration import ConfigurationError
from consensus.raft import election, membership, reads, replication
from consensus.raft.electorate import Electorate
from consensus.raft.log import Log
from consensus.raft.server import Server
from consensus.raft.tally import Tally
from consensus.vocabulary import LocalProtocolError
from tests.consensus.raft.schedule import Steps, swarm

WHICH = st.integers(0, 2**10)


class RaftSchedule(RuleBasedStateMachine):
    """The steps of ``schedule.py`` as Hypothesis chooses, and shrinks, them."""

    steps: Steps

    @initialize(count=st.sampled_from([3, 4, 5]), seed=st.integers(0, 2**10), keep=st.sampled_from([2, 100]))
    def build(self, count, seed, keep):
        self.steps = Steps(count, seed, keep, observers=seed % 3)

    @rule(which=WHICH, copy=st.booleans())
    def deliver(self, which, copy):
        self.steps.deliver(which, copy=copy)

    @rule(count=st.integers(1, 12))
    def deliver_in_order(self, count):
        self.steps.deliver_in_order(count)

    @rule(count=st.integers(1, 12), which=WHICH)
    def fire_and_deliver(self, which, count):
        self.steps.fire(which)
        self.steps.deliver_in_order(count)

    @rule(which=WHICH)
    def drop(self, which):
        self.steps.drop(which)

    @rule(which=WHICH)
    def fire(self, which):
        self.steps.fire(which)

    @rule()
    def propose(self):
        self.steps.propose()

    @rule(which=WHICH)
    def crash_or_restart(self, which):
        self.steps.crash_or_restart(which)

    @rule(which=WHICH)
    def stop_or_go_on_writing(self, which):
        self.steps.stop_or_go_on_writing(which)

    @rule(which=WHICH, count=st.integers(1, 3))
    def write_a_little(self, which, count):
        self.steps.write_a_little(which, count)

    @rule(which=WHICH)
    def isolate_or_heal(self, which):
        self.steps.isolate_or_heal(which)

    @rule()
    def catch_up(self):
        self.steps.catch_up()

    @rule(which=WHICH)
    def read(self, which):
        self.steps.read(which)

    @rule(which=WHICH)
    def reconfigure(self, which):
        self.steps.reconfigure(which)

    @rule(which=WHICH)
    def transfer(self, which):
        self.steps.transfer(which)

    def teardown(self):
        if hasattr(self, "steps"):
            self.steps.heal_and_agree()


TestRaftSchedule = RaftSchedule.TestCase
TestRaftSchedule.settings = settings(
    max_examples=50,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_a_swarm_of_random_schedules_keeps_every_property():
    labs = [swarm(seed, 250) for seed in range(70)]
    assert sum(len(lab.decided) for lab in labs) > 400, "the schedules must get somewhere"
    assert sum(len(lab.leaders) > 1 for lab in labs) > 15
    assert sum(answer.height is not None for lab in labs for answer in lab.answers) > 100
    assert sum(len(lab.installed) for lab in labs) > 10
    assert sum(lab.changes for lab in labs) > 40
    refused = [rejected.reason for lab in labs for _, rejected in lab.rejections]
    assert all("is not the one that the manifest lists" in reason for reason in refused), "honest messages are possible"


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_great_many_random_schedules():
    for seed in range(1_000, 6_000):
        swarm(seed, 400)


@dataclass
class Bug:
    """A rule broken on purpose: the oracles must see it."""

    owner: object
    name: str
    broken: object


def _forget_the_vote(server, term, voted_for=None):
    server.term, server.voted_for = term, voted_for
    server._hard_state_changed = voted_for is None


def _count_learners_too(self, configuration, members_hash=None):
    _electorate(self, configuration, members_hash)
    self.electors = configuration.members
    self._sets = tuple(((*voters, *configuration.learners), needed) for voters, needed in self._sets)
    self._majorities = tuple((frozenset(voters), needed) for voters, needed in self._sets)


_electorate = Electorate.__init__

BUGS = {
    "a quorum of the union of two configurations": Bug(
        Electorate, "is_quorum", lambda self, nodes: 2 * len({*nodes} & {*self.electors}) > len(self.electors)
    ),
    "a learner's word counts": Bug(Electorate, "__init__", _count_learners_too),
    "a change of members before a commit in the own term": Bug(
        membership, "may_change", lambda server: server.configurations.since <= server.commit_index
    ),
    "a change of members before the last one is decided": Bug(
        membership, "may_change", lambda server: server.log.term_at(server.commit_index) == server.term
    ),
    "a server stands by a removal that is not decided": Bug(
        Server, "may_stand", lambda self: self.me in self.electorate.electors
    ),
    "a change of members travels without a proof": Bug(
        replication, "_commit_told", lambda server, _: (server.commit_index, server.certificate)
    ),
    "a candidate with a shorter log gets votes": Bug(Log, "is_up_to_date", lambda *_: True),
    "a candidate's own vote is not durable": Bug(Server, "enter_term", _forget_the_vote),
    "a vote is given twice in a term": Bug(Server, "vote_for", lambda *_: None),
    "one acknowledgement too few commits": Bug(
        Tally, "is_committed", lambda self, index, who: len(self.signatures.get(index, ())) + 1 >= who.quorum_min
    ),
    "one vote too few elects": Bug(
        election, "_is_won", lambda server, votes: sum(votes.values()) + 1 >= server.electorate.quorum_min
    ),
    "a read is answered before the term's first commit": Bug(reads, "has_committed_in_term", lambda _: True),
    "a follower beyond the log gets no snapshot, nor is left to catch-up": Bug(
        replication, "_help_if_behind", lambda *_: None
    ),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name, monkeypatch):
    bug = BUGS[name]
    monkeypatch.setattr(bug.owner, bug.name, bug.broken)
    with pytest.raises((AssertionError, IndexError, KeyError, ConfigurationError, LocalProtocolError)):  # noqa: PT012  the first seed that fails ends it
        for seed in range(300):
            swarm(seed, 250)
