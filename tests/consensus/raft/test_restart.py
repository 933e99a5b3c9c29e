"""Restarts from durable state, and catch-up."""

from __future__ import annotations

import pytest

from consensus.chain import BLOCKS
from consensus.configuration import Change, Reconfiguration, Verb
from consensus.raft import RaftOptions
from consensus.raft.records import LOG
from consensus.vocabulary import SECOND, Commit, Cut, LocalProtocolError, Persist
from tests.consensus.raft.lab import Lab, make_block


def test_a_restarted_network_goes_on_where_it_was():
    lab = Lab(3, seed=1)
    lab.elect(0)
    for name in "abc":
        lab.propose(0, name)
    lab.deliver_all()
    for me in lab.voters:
        lab.crash(me)
    for me in lab.voters:
        lab.restart(me)
        assert lab.core(me).status().height == 3
    assert lab.run(10 * SECOND, until=lambda: lab.leader() is not None)
    lab.propose(lab.leader(), "d")
    lab.run(SECOND)
    assert {len(node.chain) for node in lab.nodes} == {5}
    assert min(lab.leaders) < max(lab.leaders), "a term is never led again"


def test_uncommitted_entries_stand_in_our_own_log():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.propose(0, "b")
    lab.crash(0)
    lab.flights.clear()
    lab.restart(0)
    log = lab.core(0).server.log
    assert (log.last_index, log.last_term, lab.core(0).status().height) == (2, 1, 0)


def test_what_was_not_durable_is_gone():
    lab = Lab(3)
    lab.elect(0)
    lab.held.add(0)
    lab.propose(0, "a")
    assert lab.flights == [], "nothing is said before it is durable"
    lab.crash(0)
    lab.restart(0)
    assert lab.core(0).server.log.last_index == 0


def test_start_emits_no_commit_again():
    lab = Lab(1)
    lab.propose(0, "a")
    lab.crash(0)
    lab.restart(0)
    assert lab.core(0).status().height == 1
    lab.propose(0, "b")
    assert len(lab.nodes[0].chain) == 3


def test_a_head_without_certificate_asks_for_a_block():
    lab = Lab(1)
    lab.propose(0, "a")
    lab.crash(0)
    del lab.nodes[0].store["certificates"]
    lab.restart(0)
    assert lab.core(0).wants_block()


def test_the_log_on_disk_is_dropped_where_the_ledger_holds_it():
    lab = Lab(3, options=RaftOptions(log_keep=5))
    lab.elect(0)
    for number in range(40):
        lab.propose(0, f"{number}")
        lab.deliver_all()
    for node in lab.nodes:
        assert max(node.store[LOG]) == 40
        assert min(node.store[LOG]) > 25
        assert len(node.store[BLOCKS]) == 40
        assert len(node.core.server.log.hashes()) <= 11
    lab.crash(1)
    lab.restart(1)
    assert lab.core(1).status().height == 40
    assert lab.core(1).server.log.base_index == 35


def test_a_log_that_does_not_follow_the_ledger_is_cut():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.propose(0, "b")
    lab.crash(0)
    lab.flights.clear()
    lab.nodes[0].store[BLOCKS] = {1: make_block(1, lab.decided[0].hash, 2, 1, "other")}
    lab.restart(0)
    assert lab.core(0).server.log.last_index == 1
    assert sorted(lab.nodes[0].store[LOG]) == [1]


def test_adopted_blocks_commit_and_replace_what_conflicts():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "lost")
    lab.isolate(0)
    lab.elect(1)
    lab.propose(1, "kept")
    lab.deliver_all()
    block, certificate = lab.nodes[1].chain[1], lab.nodes[1].certified[1]
    effects = lab.adopt(0, block, certificate)
    assert lab.core(0).status().role == "follower"
    assert lab.core(0).status().round == 2, "a decided block of a later term proves that term"
    (persist,) = [effect for effect in effects if isinstance(effect, Persist)]
    assert persist.records[-1] == Cut(space=LOG, start=1)
    assert [effect.height for effect in effects if isinstance(effect, Commit)] == [1]
    lab.crash(0)
    lab.restart(0)
    assert lab.core(0).server.log.last_hash == block.hash


def test_an_adopted_block_that_we_hold_only_commits():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver(lab.flights[0])
    (commit,) = [effect for effect in lab.adopt(1, lab.core(0).server.log.block_at(1)) if isinstance(effect, Commit)]
    assert commit.certificate is None
    assert lab.core(1).server.log.last_index == 1


def test_observers_only_adopt():
    lab = Lab(3, observers=1)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    assert lab.nodes[3].timers == {}
    lab.adopt(3, lab.nodes[0].chain[1], lab.nodes[0].certified[1])
    status = lab.core(3).status()
    assert (status.role, status.height, status.round) == ("observer", 1, 1)
    assert lab.core(3).slot() is None
    assert not lab.core(3).wants_block()
    assert lab.core(3).certifies(lab.nodes[0].chain[1], lab.nodes[0].certified[1])
    lab.crash(3)
    lab.restart(3)
    assert lab.core(3).status().height == 1


def test_adopting_out_of_place_is_our_own_fault():
    lab = Lab(3)
    lab.elect(0)
    for wrong in (make_block(2, bytes(32), 1, 0), make_block(1, bytes(32), 1, 0)):
        with pytest.raises(LocalProtocolError):
            lab.core(0).adopt(lab.now, wrong, None)


def test_a_stale_leader_yields_to_a_decided_block_of_an_older_term():
    lab = Lab(5)
    lab.elect(0)
    lab.propose(0, "old")
    lab.deliver(next(flight for flight in lab.flights if flight.receiver == 2))
    lab.isolate(0, 2)
    lab.elect(1)
    lab.propose(1, "stale")
    lab.heal()
    lab.isolate(1)
    lab.elect(2)
    lab.propose(2)
    lab.deliver_all()
    decided = lab.nodes[2].chain[1]
    assert decided.round < lab.core(1).server.term
    assert lab.core(1).status().role == "leader"
    lab.adopt(1, decided)
    assert lab.core(1).status().role == "follower"
    assert lab.core(1).server.log.last_hash == decided.hash


def test_a_certificate_of_another_term_or_block_certifies_nothing():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "a")
    lab.propose(0, "b")
    lab.deliver_all()
    one, two = lab.nodes[0].chain[1:]
    assert lab.core(1).certifies(two, lab.nodes[0].certified[2])
    assert not lab.core(1).certifies(one, lab.nodes[0].certified[2])


def test_what_a_lone_voter_decided_and_had_not_written_binds_nobody():
    """It lost another's decision with its own: nothing of either had left it."""
    lab = Lab(2, judged=True)
    lab.elect(0)
    lab.propose(0, "a")
    lab.deliver_all()
    lab.held.add(0)
    lab.propose(0, "by both")
    lab.propose(0, change=Reconfiguration((Change(Verb.REMOVE, 1),)))
    assert lab.core(0).status().height == 3, "its own vote is enough now"
    lab.crash(0)
    lab.held.clear()
    lab.restart(0)
    assert lab.core(0).status().height == 1
    assert lab.run(10 * SECOND, until=lambda: lab.leader() is not None)
    lab.propose(lab.leader(), "by both, again")
    lab.run(SECOND)
    assert {len(node.chain) for node in lab.nodes} == {3}
