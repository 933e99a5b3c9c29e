"""The oracle of logs and words: each of its properties is broken by hand, and what comes close to it is not."""

from __future__ import annotations

import pytest

from consensus.chain import BLOCKS
from consensus.configuration import Configuration
from consensus.properties import Violation
from consensus.properties.raft import RaftSafety
from consensus.properties.raft_logs import RaftLogs
from consensus.raft.messages import AppendEntries, AppendSuccess, PreVote, RequestVote
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Broadcast, Commit, Cut, Put, Send, Trace
from tests.properties.blocks import GENESIS, block, chain


class Group:
    """Three servers, told to both oracles in their order."""

    def __init__(self) -> None:
        safety = RaftSafety((0, 1, 2))
        self.oracles = (RaftLogs(safety), safety)
        self.disks = {node: {} for node in range(3)}
        for node in range(3):
            self.tell("on_start", node, self.disks[node])

    def tell(self, hook, node, *what, incarnation=1) -> None:
        for oracle in self.oracles:
            getattr(oracle, hook)(7, node, incarnation, *what)

    def term(self, node, term) -> None:
        self.disks[node][STATE] = {STATE_KEY: HardState(term, None)}
        self.tell("on_persist", node, (Put(STATE, STATE_KEY, HardState(term, None)),))

    def put(self, node, *records) -> None:
        self.tell("on_persist", node, tuple(records))
        for record in records:
            if isinstance(record, Put):
                self.disks[node].setdefault(LOG, {})[record.key] = record.value

    def role(self, node, role, term) -> None:
        self.term(node, term)
        self.tell("on_trace", node, Trace("raft.role", (role, term)))

    def say(self, node, message) -> None:
        for oracle in self.oracles[:1]:
            oracle.on_leave(8, node, 1, Broadcast(message), self.disks[node])

    def decide(self, node, *blocks) -> None:
        for decided in blocks:
            self.oracles[0].on_commit(8, node, 1, Commit(decided.height, decided, None))


@pytest.fixture
def group():
    return Group()


def entry(what) -> Put:
    return Put(LOG, what.height, LogEntry(what))


ONE, TWO, THREE = chain(3)


def append(term=1, commit=0) -> AppendEntries:
    return AppendEntries(term, 0, 0, (), commit, None, 1)


@pytest.mark.parametrize("change", [(Cut(LOG, 2),), (entry(block(2, ONE.hash, mark="x")),)], ids=["cut", "overwrite"])
def test_a_leader_keeps_its_log(group, change):
    group.role(0, "leader", 1)
    group.put(0, entry(ONE), entry(TWO))
    with pytest.raises(Violation, match=r"leader append-only.*it leads term 1, since node 0\.1 at 7 ns"):
        group.put(0, *change)


def test_who_no_longer_leads_may_cut_its_log_and_a_leader_may_write_the_same_again(group):
    group.role(0, "leader", 1)
    group.put(0, entry(ONE), entry(TWO))
    group.put(0, Cut(LOG, 3), entry(TWO))
    group.role(0, "follower", 2)
    group.put(0, Cut(LOG, 2))
    group.role(0, "leader", 3)
    group.tell("on_start", 0, group.disks[0], incarnation=2)
    group.put(0, Cut(LOG, 1))
    assert group.oracles[1].logs[0] == {}


def test_an_entry_links_to_the_one_below_it_in_that_log(group):
    other = block(2, ONE.hash, mark="x")
    group.put(0, entry(ONE), entry(other))
    group.put(0, Cut(LOG, 2), entry(TWO), entry(THREE))
    with pytest.raises(Violation, match=r"linked log.* entry 3 on parent"):
        group.put(0, Cut(LOG, 2), entry(other), entry(THREE))
    group.put(1, entry(ONE), entry(other))
    with pytest.raises(Violation, match="linked log"):
        group.put(1, entry(THREE))


def test_an_acknowledged_entry_is_the_leader_s(group):
    group.role(0, "leader", 1)
    group.put(0, entry(ONE))
    group.term(1, 1)
    group.put(1, entry(ONE))
    group.term(2, 1)
    group.put(2, entry(block(1, GENESIS, mark="x")))
    group.tell("on_leave", 0, Broadcast(append()), group.disks[0])
    group.say(1, AppendSuccess(1, 1, None, 1))
    with pytest.raises(Violation, match=r"equal log.*node 0, which leads term 1, holds"):
        group.say(2, AppendSuccess(1, 1, None, 1))


def test_who_installed_a_snapshot_acknowledges_that_and_not_what_a_crash_left_below_it(group):
    """The snapshot is on the disk; the crash came before the log that contradicts it was cut."""
    group.role(0, "leader", 1)
    group.put(0, entry(ONE), entry(TWO), entry(THREE))
    group.term(1, 1)
    left = {what.height: LogEntry(what) for what in chain(3, mark="x")}
    group.disks[1] |= {LOG: left, SNAPSHOT: {MANIFEST: snapshot(TWO)}}
    group.tell("on_start", 1, group.disks[1], incarnation=2)
    group.say(1, AppendSuccess(1, 2, None, 1))
    with pytest.raises(Violation, match=r"equal log.* acknowledges entry 3"):
        group.say(1, AppendSuccess(1, 3, None, 1))
    group.disks[1][SNAPSHOT] = {MANIFEST: snapshot(chain(2, mark="x")[1])}
    with pytest.raises(Violation, match=r"equal log.* acknowledges entry 2"):
        group.say(1, AppendSuccess(1, 2, None, 1))


def snapshot(of):
    return Snapshot(header=of.header, configuration=Configuration(voters=(0, 1, 2)), chunks=(), certificate=None)


def test_an_acknowledgement_of_a_term_that_is_over_is_not_judged_by_what_came_later(group):
    group.role(0, "leader", 1)
    group.put(0, entry(ONE))
    group.tell("on_leave", 0, Broadcast(append()), group.disks[0])
    group.role(0, "follower", 2)
    group.disks[1] = {STATE: {STATE_KEY: HardState(2, None)}, LOG: {1: LogEntry(block(1, GENESIS, mark="x"))}}
    group.say(1, AppendSuccess(1, 1, None, 1))
    assert group.oracles[1].terms[0] == 2


def test_a_leader_announces_what_it_decided(group):
    group.role(0, "leader", 1)
    group.decide(0, ONE)
    group.say(0, append(commit=1))
    with pytest.raises(Violation, match=r"commit is decided.*it decided no more than 1"):
        group.say(0, append(commit=2))
    group.tell("on_start", 0, {BLOCKS: {1: ONE, 2: TWO}} | group.disks[0], incarnation=2)
    group.say(0, append(commit=2))


def test_a_term_is_durable_before_it_is_said_and_never_falls(group):
    group.term(0, 3)
    group.say(0, PreVote(4, 0, 0))
    group.say(0, RequestVote(3, 0, 0))
    with pytest.raises(Violation, match=r"term said.*it spoke in term 3"):
        group.say(0, append(term=2))
    with pytest.raises(Violation, match=r"term said.*its disk says term 3"):
        group.say(0, append(term=4))


def test_an_entry_is_proposed_by_the_leader_of_its_term(group):
    group.put(0, entry(ONE))  # of term 1, by node 0
    group.role(1, "leader", 1)
    group.tell("on_leave", 1, Broadcast(append()), group.disks[1])
    with pytest.raises(Violation, match=r"proposer: node 2\.1 .* proposed by node 0; but node 1 leads that term"):
        group.put(2, entry(ONE))


def test_other_words_do_not_concern_it(group):
    group.oracles[0].on_leave(8, 0, 1, Send(1, object()), {})
    assert group.oracles[0]._said == {}
