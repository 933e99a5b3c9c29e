"""Limits: how much may be under way to a follower, uncommitted, or not executed; and that one block always goes."""

from __future__ import annotations

import pytest

from consensus.raft import RaftOptions, limits
from consensus.vocabulary import LocalProtocolError
from tests.consensus.raft.lab import Lab, appends, make_block


def leading(**options: int) -> Lab:
    lab = Lab(3, options=RaftOptions(**options))
    lab.elect(0)
    lab.deliver_all()
    return lab


def busy(lab: Lab) -> str | None:
    said = lab.core(0).status().busy
    assert (lab.core(0).slot() is None) == (said is not None)
    return said


def test_bytes_under_way_to_a_follower_are_limited_but_one_message_goes():
    lab = leading(inflight_bytes_max=10)
    lab.propose(0, "x" * 50)
    lab.propose(0, "y")
    assert [[block.height for block in message.blocks] for message in appends(lab)] == [[1], [1]]
    lab.deliver_all()
    assert lab.core(2).server.log.last_index == 2


def test_small_blocks_are_pipelined_up_to_the_bytes():
    lab = leading(inflight_bytes_max=10)
    for _ in range(4):
        lab.propose(0, "x" * 4)
    sent = [block.height for message in appends(lab) for block in message.blocks]
    assert sent == [1, 1, 2, 2, 3, 3]


def test_the_window_counts_blocks():
    lab = leading(window=2)
    lab.propose(0, "a")
    assert busy(lab) is None
    lab.propose(0, "b")
    assert busy(lab) == limits.WINDOW
    lab.deliver_all()
    assert busy(lab) is None


def test_uncommitted_bytes_are_limited_but_one_block_goes():
    lab = leading(uncommitted_bytes_max=10)
    lab.propose(0, "x" * 50)
    assert busy(lab) == limits.UNCOMMITTED_BYTES
    lab.deliver_all()
    lab.propose(0, "x" * 9)
    assert busy(lab) is None
    lab.propose(0, "y")
    assert busy(lab) == limits.UNCOMMITTED_BYTES


def test_bytes_that_are_not_executed_are_limited():
    lab = leading(unapplied_bytes_max=10)
    lab.slow.add(0)
    lab.propose(0, "x" * 10)
    lab.deliver_all()
    assert busy(lab) == limits.UNAPPLIED_BYTES
    lab.slow.clear()
    lab.execute(lab.nodes[0])
    assert busy(lab) is None


def test_the_first_block_of_a_term_goes_whatever_is_uncommitted():
    lab = leading(window=1, uncommitted_bytes_max=1)
    lab.isolate(2)
    lab.propose(0, "left")
    lab.deliver(next(flight for flight in lab.flights if flight.receiver == 1))
    lab.flights.clear()
    lab.heal()
    lab.elect(1)
    assert lab.core(1).server.log.last_index > lab.core(1).status().height
    assert lab.core(1).slot() is not None
    lab.propose(1)
    assert lab.core(1).status().busy == limits.WINDOW


def test_a_transfer_makes_a_leader_busy():
    lab = leading()
    lab.transfer(0, 2)
    assert busy(lab) == limits.TRANSFER


def test_nobody_but_a_leader_is_busy():
    lab = leading(window=1)
    lab.propose(0, "a")
    assert lab.core(1).status().busy is None


def test_what_does_not_fit_is_not_proposed():
    lab = leading(window=1)
    lab.propose(0, "a")
    log = lab.core(0).server.log
    with pytest.raises(LocalProtocolError, match="no slot"):
        lab.core(0).propose(lab.now, make_block(2, log.last_hash, 1, 0, "b"))
    lab.deliver_all()
    with pytest.raises(LocalProtocolError, match="does not fit the slot"):
        lab.core(0).propose(lab.now, make_block(2, bytes(32), 1, 0, "b"))
