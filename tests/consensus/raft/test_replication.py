"""Replication at the leader: pipelining, repair, the commit rule, certificates."""

from __future__ import annotations

import pytest

from consensus.chain import commit_bytes, verify_certificate
from consensus.raft import RaftOptions
from consensus.raft.messages import AppendDeferral, AppendEntries, AppendFailure, AppendSuccess
from consensus.raft.progress import Behind, Probe, Progress, Replicate
from consensus.raft.roles import Leader
from consensus.vocabulary import SECOND, Broadcast, Commit, LocalProtocolError, Persist, Send
from tests.consensus.raft.lab import Lab, LabCrypto, appends, make_block, signature


def leading(count: int = 3, **options) -> Lab:
    lab = Lab(count, options=RaftOptions(**options))
    lab.elect(0)
    return lab


def progress(lab: Lab, peer: int) -> Progress:
    role = lab.core(0).server.role
    assert isinstance(role, Leader)
    return role.progress[peer]


def lose_answers(lab: Lab) -> None:
    """Deliver what is under way, and lose what it gives rise to."""
    for flight in list(lab.flights):
        lab.deliver(flight)
    lab.flights.clear()


def test_a_block_commits_everywhere_with_a_certificate():
    lab = leading()
    block = lab.propose(0, "a")
    lab.deliver_all()
    for node in lab.nodes:
        assert node.chain[1:] == [block]
        certificate = node.certified[1]
        assert [member for member, _ in certificate.signatures] == [0, 1]
        assert verify_certificate(certificate, lab.voters, 2, LabCrypto(9).verify) is None


def test_a_lone_voter_commits_at_once_but_durably_first():
    lab = Lab(1)
    slot = lab.core(0).slot()
    effects = lab.core(0).propose(0, make_block(slot.height, slot.parent, slot.round, 0, "a"))
    assert [type(effect) for effect in effects] == [Persist, Commit]


def test_the_leader_persists_before_it_sends():
    lab = leading()
    slot = lab.core(0).slot()
    effects = lab.core(0).propose(lab.now, make_block(slot.height, slot.parent, slot.round, 0, "a"))
    assert [type(effect) for effect in effects] == [Persist, Broadcast]


def test_proposals_are_pipelined_up_to_the_window():
    lab = leading(window=3)
    for name in "abc":
        lab.propose(0, name)
    assert lab.core(0).slot() is None
    assert [[block.height for block in one.blocks] for one in appends(lab)] == [[1], [1], [2], [2], [3], [3]]
    lab.deliver_all()
    assert lab.core(0).slot() is not None
    assert lab.core(0).status().height == 3


def test_a_proposal_must_fit_the_slot():
    lab = leading()
    slot = lab.core(0).slot()
    for wrong in (
        make_block(slot.height + 1, slot.parent, slot.round, 0),
        make_block(slot.height, bytes(32), slot.round, 0),
        make_block(slot.height, slot.parent, slot.round + 1, 0),
    ):
        with pytest.raises(LocalProtocolError):
            lab.core(0).propose(lab.now, wrong)
    with pytest.raises(LocalProtocolError):
        lab.core(1).propose(lab.now, make_block(1, slot.parent, slot.round, 1))
    assert lab.core(1).slot() is None


def test_a_lost_block_is_repaired_by_the_next():
    lab = leading()
    lab.propose(0, "a")
    lab.flights.clear()
    lab.propose(0, "b")
    lab.deliver_all()
    assert [len(node.chain) for node in lab.nodes] == [3, 3, 3]


def test_a_lost_block_is_repaired_by_a_heartbeat():
    lab = leading()
    lab.propose(0, "a")
    lab.flights.clear()
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert [len(node.chain) for node in lab.nodes] == [2, 2, 2]


def test_a_lost_acknowledgement_is_repaired_by_a_heartbeat():
    lab = leading()
    lab.propose(0, "a")
    lose_answers(lab)
    lab.fire(0, "raft.heartbeat")
    lab.deliver_all()
    assert [len(node.chain) for node in lab.nodes] == [2, 2, 2]


def test_a_conflicting_tail_is_skipped_a_term_at_a_time():
    lab = Lab(3, options=RaftOptions(window=50))
    lab.elect(0)
    lab.propose(0, "common")
    lab.deliver_all()
    for number in range(20):
        lab.propose(0, f"lost {number}")
    lab.isolate(0)
    lab.elect(1)
    assert lab.core(1).slot().height == 2
    lab.propose(1, "kept")
    lab.deliver_all()
    lab.heal()
    lab.flights.clear()
    lab.run(3 * SECOND)
    assert {len(node.chain) for node in lab.nodes} == {3}
    assert lab.core(0).server.log.last_index == 2


def test_the_next_index_follows_the_rule_of_the_conflicting_term():
    lab = leading(window=50)
    for number in range(6):
        lab.propose(0, str(number))
    lab.flights.clear()
    state = progress(lab, 1)
    lab.receive(1, 0, AppendFailure(1, 6, 3, 0, 0))
    assert state.next_index == 3
    assert isinstance(state.state, Probe)
    (request,) = appends(lab)
    assert request.previous_index == 2


def test_a_stale_refusal_is_ignored():
    lab = leading()
    lab.propose(0, "a")
    lab.deliver_all()
    assert isinstance(progress(lab, 1).state, Replicate)
    assert lab.receive(1, 0, AppendFailure(1, 1, 1, 0, 0)) == []
    assert isinstance(progress(lab, 1).state, Replicate)


def test_limits_of_one_message():
    lab = leading(window=50, append_blocks_max=4)
    lab.isolate(2)
    for number in range(10):
        lab.propose(0, f"{number}")
    lab.heal()
    lab.flights.clear()
    lab.fire(0, "raft.heartbeat")
    lab.receive(2, 0, AppendFailure(1, 10, 1, 0, 1))
    sent = [flight.message for flight in lab.flights if flight.receiver == 2 and flight.message.blocks]
    assert [[block.height for block in message.blocks] for message in sent] == [[1, 2, 3, 4]]
    lab.deliver_all()
    assert lab.core(2).status().height == 10


def test_messages_in_flight_are_limited():
    lab = leading(window=50, inflight_max=2)
    for number in range(5):
        lab.propose(0, f"{number}")
    assert len([flight for flight in lab.flights if flight.receiver == 1]) == 2
    lab.deliver_all()
    assert lab.core(1).status().height == 5


def test_an_unsigned_or_forged_acknowledgement_is_rejected():
    lab = leading()
    block = lab.propose(0, "a")
    lose_answers(lab)
    good = commit_bytes(1, 1, block.hash)
    for wrong in (None, bytes(64), signature(2, good), signature(1, commit_bytes(2, 1, block.hash)), b""):
        lab.receive(1, 0, AppendSuccess(1, 1, wrong, 0))
        assert lab.rejections[-1][1].sender == 1
    assert lab.core(0).status().height == 0
    lab.receive(1, 0, AppendSuccess(1, 1, signature(1, good), 0))
    assert lab.core(0).status().height == 1


def test_impossible_answers_are_rejected():
    lab = leading()
    lab.propose(0, "a")
    for wrong in (
        AppendSuccess(1, 2, None, 0),
        AppendSuccess(2, 1, None, 0),
        AppendSuccess(1, -1, None, 0),
        AppendFailure(1, 1, -1, 0, 0),
        AppendFailure(1, 1, 2, 0, 0),
        AppendFailure(1, 2, 1, 0, 0),
        AppendFailure(1, 1, 1, 9, 0),
        AppendDeferral(1, 2, 0),
        AppendDeferral(3, 0, 0),
    ):
        lab.receive(1, 0, wrong)
    assert len(lab.rejections) == 9


def test_answers_to_an_earlier_term_are_ignored():
    lab = leading()
    lab.run(SECOND)
    lab.elect(1)
    before = lab.core(0).state_hash()
    assert lab.receive(2, 0, AppendSuccess(1, 0, None, 0)) == []
    assert lab.core(0).state_hash() == before


def test_an_acknowledgement_counts_once():
    lab = leading(5)
    block = lab.propose(0, "a")
    lose_answers(lab)
    signed = AppendSuccess(1, 1, signature(1, commit_bytes(1, 1, block.hash)), 0)
    lab.receive(1, 0, signed)
    lab.receive(1, 0, signed)
    assert lab.core(0).status().height == 0
    lab.receive(2, 0, AppendSuccess(1, 1, signature(2, commit_bytes(1, 1, block.hash)), 0))
    assert lab.core(0).status().height == 1


def test_an_older_terms_entry_waits_for_one_of_this_term():
    lab = Lab(3)
    lab.elect(0)
    lab.propose(0, "old")
    for flight in list(lab.flights):
        lab.deliver(flight)
    lab.crash(0)
    lab.flights.clear()
    lab.elect(1)
    lab.run(SECOND)
    assert lab.core(1).status().height == 0, "both hold it, but it is not of this term"
    assert lab.core(1).wants_block()
    assert not lab.core(2).wants_block()
    lab.propose(1)
    assert not lab.core(1).wants_block()
    lab.deliver_all()
    assert [len(lab.nodes[me].chain) for me in (1, 2)] == [3, 3]
    assert list(lab.nodes[2].certified) == [2], "the older block is vouched for by the newer"


def test_older_terms_entries_do_not_fill_a_new_leaders_window():
    lab = Lab(3, options=RaftOptions(window=2))
    lab.elect(0)
    lab.propose(0, "a")
    lab.propose(0, "b")
    lose_answers(lab)
    lab.crash(0)
    lab.elect(1)
    assert lab.core(1).slot() is not None, "or nothing would ever commit again"
    lab.propose(1)
    assert lab.core(1).slot() is None
    lab.deliver_all()
    assert len(lab.nodes[1].chain) == 4


def test_a_leader_with_nothing_open_wants_no_block():
    lab = leading()
    assert not lab.core(0).wants_block()
    lab.propose(0, "a")
    lab.deliver_all()
    lab.elect(1)
    assert not lab.core(1).wants_block()


def test_a_deferred_block_is_sent_again_at_once():
    lab = leading()
    lab.propose(0, "a")
    while lab.core(0).status().height == 0:
        lab.deliver(lab.flights[0])
    lab.flights.clear()  # the news of the commitment is lost
    lab.propose(0, "b")  # it states the state after block 1, which the others have not executed
    flight = lab.flights[0]
    effects = lab.deliver(flight)
    assert [e.message for e in effects if isinstance(e, Send)] == [AppendDeferral(1, 1, 0)]
    assert [e.height for e in effects if isinstance(e, Commit)] == [1]
    lab.deliver_all()
    assert [len(node.chain) for node in lab.nodes] == [3, 3, 3]


def test_repeated_deferrals_wait_for_heartbeats():
    lab = leading()
    lab.propose(0, "a")
    lab.flights.clear()
    assert len([e for e in lab.receive(1, 0, AppendDeferral(1, 0, 0)) if isinstance(e, Send)]) == 1
    assert lab.receive(1, 0, AppendDeferral(1, 0, 0)) == []
    lab.fire(0, "raft.heartbeat")
    assert [one.receiver for one in lab.flights if one.message.blocks] == [1, 1]


def test_a_follower_beyond_the_log_is_left_to_catch_up_and_found_again():
    lab = leading(log_keep=4)
    lab.isolate(2)
    for number in range(30):
        lab.propose(0, f"{number}")
        lab.deliver_all()
    assert lab.core(0).server.log.base_index > 10
    lab.heal()
    lab.run(SECOND // 2)
    assert isinstance(progress(lab, 2).state, Behind)
    assert lab.core(2).status().leader == 0, "it is kept from standing"
    for height in range(1, 31):
        lab.adopt(2, lab.nodes[0].chain[height], lab.nodes[0].certified.get(height))
    lab.propose(0, "next")
    lab.run(SECOND // 2)
    assert isinstance(progress(lab, 2).state, Replicate)
    assert lab.core(2).status().height == 31
    assert 31 in lab.nodes[2].certified


def test_progress_keeps_its_invariant():
    state = Progress(next_index=5, heard_at=0)
    state.become_probe(0)
    assert state.next_index == 1
    assert state.acknowledge(3)
    assert not state.acknowledge(2)
    state.become_probe(2)
    assert state.next_index == 4
    state.become_replicate()
    with pytest.raises(LocalProtocolError):
        state.become_replicate()


def test_thirty_percent_loss_only_slows():
    lab = Lab(6, seed=11)
    lab.loss = 0.3
    for number in range(40):
        assert lab.run(30 * SECOND, until=lambda: lab.leader() is not None and lab.core(lab.leader()).slot())
        lab.propose(lab.leader(), f"{number}")
    heights = lambda: {len(node.chain) for node in lab.nodes}  # noqa: E731
    assert lab.run(30 * SECOND, until=lambda: heights() == {max(heights())})
    assert len(lab.leaders) <= 3


def test_a_heartbeat_carries_the_commit_index_and_its_certificate():
    lab = leading()
    lab.propose(0, "a")
    lab.deliver_all()
    lab.fire(0, "raft.heartbeat")
    for message in appends(lab):
        assert isinstance(message, AppendEntries)
        assert (message.commit, message.certificate) == (1, lab.nodes[0].certified[1])
        assert message.beat == 1
