"""Handing the leadership over."""

from __future__ import annotations

import pytest

from consensus.raft.messages import TimeoutNow
from consensus.raft.roles import Follower, Leader
from consensus.vocabulary import SECOND, LocalProtocolError, Rejected
from tests.consensus.raft.lab import Lab


def leading(count: int = 3) -> Lab:
    lab = Lab(count)
    lab.elect(0)
    return lab


def test_the_target_leads_the_next_term_without_any_silence():
    lab = leading()
    lab.transfer(0, 2)
    lab.deliver_all()
    assert lab.leader() == 2
    assert lab.core(2).server.term == 2
    assert isinstance(lab.core(0).server.role, Follower)


def test_no_block_is_proposed_meanwhile():
    lab = leading()
    lab.propose(0, "a")
    lab.transfer(0, 2)
    assert lab.core(0).slot() is None
    assert not any(isinstance(flight.message, TimeoutNow) for flight in lab.flights), "the target lacks a block"
    lab.deliver_all()
    assert lab.leader() == 2
    assert lab.core(2).server.log.last_index == 1


def test_a_transfer_to_a_dead_node_is_given_up():
    lab = leading()
    lab.crash(2)
    lab.transfer(0, 2)
    lab.run(SECOND)
    assert lab.core(0).slot() is not None
    assert lab.leaders == {1: 0}


def test_only_a_leader_transfers_and_only_to_another_voter():
    lab = leading()
    for me, target in ((1, 2), (0, 0), (0, 9)):
        with pytest.raises(LocalProtocolError):
            lab.transfer(me, target)


def test_timeout_now_is_heeded_from_the_own_leader_alone():
    lab = leading()
    (effect,) = lab.receive(1, 2, TimeoutNow(1))
    assert isinstance(effect, Rejected)
    (effect,) = lab.receive(1, 0, TimeoutNow(1))
    assert isinstance(effect, Rejected)
    (effect,) = lab.receive(0, 2, TimeoutNow(5))
    assert isinstance(effect, Rejected)
    assert lab.receive(0, 2, TimeoutNow(0)) == []
    lab.receive(0, 2, TimeoutNow(1))
    lab.deliver_all()
    assert isinstance(lab.core(2).server.role, Leader)
