"""AppendEntries at its receiver: what is taken, refused, rejected."""

from __future__ import annotations

import msgspec
import pytest

from consensus.chain import Certificate, commit_bytes
from consensus.configuration import Change, Configuration, Reconfiguration, Verb
from consensus.raft.messages import AppendEntries, AppendFailure, AppendSuccess, PreVote, RequestVote
from consensus.vocabulary import Commit, Cut, Persist, Put, Rejected, Send
from tests.consensus.raft.lab import GENESIS, Lab, make_block, signature

LEAVE = Reconfiguration((Change(Verb.REMOVE, 2),))


def chain(*terms: int, on: object = GENESIS, name: str = "x") -> list:
    blocks, last = [], on
    for term in terms:
        last = make_block(last.height + 1, last.hash, term, 0, name)
        blocks.append(last)
    return blocks


def append(term, previous, blocks, *, commit=0, certificate=None, beat=0) -> AppendEntries:
    return AppendEntries(term, previous.height, previous.round, tuple(blocks), commit, certificate, beat)


def certificate_of(block, members=(0, 1), round_=None) -> Certificate:
    round_ = block.round if round_ is None else round_
    data = commit_bytes(round_, block.height, block.hash)
    signatures = tuple((member, signature(member, data)) for member in members)
    return Certificate(round=round_, height=block.height, hash=block.hash, signatures=signatures)


def sent(effects):
    return [effect.message for effect in effects if isinstance(effect, Send)]


def test_blocks_are_durable_before_they_are_acknowledged():
    lab = Lab(3)
    one, two = chain(1, 1)
    effects = lab.receive(0, 2, append(1, GENESIS, [one, two]))
    kinds = [type(effect) for effect in effects if isinstance(effect, Persist | Send)]
    assert kinds == [Persist, Send]
    data = commit_bytes(1, 2, two.hash)
    assert sent(effects) == [AppendSuccess(1, 2, signature(2, data), 0)]
    assert sorted(lab.nodes[2].store["raft.log"]) == [1, 2]


def test_an_acknowledgement_of_an_older_terms_entry_is_not_signed():
    lab = Lab(3)
    (one,) = chain(1)
    assert sent(lab.receive(0, 2, append(2, GENESIS, [one]))) == [AppendSuccess(2, 1, None, 0)]


def test_what_only_tells_of_a_commitment_is_not_answered():
    lab = Lab(3)
    (one,) = chain(1)
    assert sent(lab.receive(0, 2, append(1, GENESIS, [], beat=3))) != []
    assert sent(lab.receive(0, 2, append(1, GENESIS, [one], beat=3))) != []
    effects = lab.receive(0, 2, append(1, one, [], commit=1, beat=3))
    assert sent(effects) == []
    assert [effect.height for effect in effects if isinstance(effect, Commit)] == [1]
    assert sent(lab.receive(0, 2, append(1, one, [], commit=1, beat=4))) != [], "a new round of heartbeats"
    assert sent(lab.receive(0, 2, append(2, one, [], commit=1, beat=0))) != [], "a new leadership of the same node"


def test_an_older_term_is_refused_and_told_ours():
    lab = Lab(3)
    lab.receive(0, 2, append(5, GENESIS, []))
    before = lab.core(2).state_hash()
    assert sent(lab.receive(1, 2, append(4, GENESIS, chain(4)))) == [AppendFailure(5, 0, 0, 0, 0)]
    assert lab.core(2).state_hash() == before


def test_a_gap_is_refused_with_the_logs_end():
    lab = Lab(3)
    one, two, three = chain(1, 1, 1)
    lab.receive(0, 2, append(1, GENESIS, [one]))
    assert sent(lab.receive(0, 2, append(1, two, [three], beat=7))) == [AppendFailure(1, 2, 2, 0, 7)]


def test_a_conflict_names_the_first_index_of_its_term():
    lab = Lab(3)
    lab.receive(0, 2, append(2, GENESIS, chain(1, 2, 2, 2)))
    other = chain(1, 1, 1, 3)
    assert sent(lab.receive(1, 2, append(3, other[3], []))) == [AppendFailure(3, 4, 2, 2, 0)]


def test_only_a_conflict_truncates_and_only_from_there():
    lab = Lab(3)
    mine = chain(1, 1, 1)
    lab.receive(0, 2, append(1, GENESIS, mine))
    theirs = [*mine[:2], *chain(2, 2, on=mine[1])]
    effects = lab.receive(1, 2, append(2, GENESIS, theirs))
    (persist,) = [effect for effect in effects if isinstance(effect, Persist)]
    assert [type(record) for record in persist.records] == [Put, Cut, Put, Put]
    assert sorted(lab.nodes[2].store["raft.log"]) == [1, 2, 3, 4]
    assert lab.nodes[2].store["raft.log"][3].block == theirs[2]


def test_a_stale_message_truncates_nothing_and_acknowledges_only_itself():
    lab = Lab(3)
    blocks = chain(1, 1, 1)
    lab.receive(0, 2, append(1, GENESIS, blocks))
    (answer,) = sent(lab.receive(0, 2, append(1, GENESIS, blocks[:1])))
    assert answer.match_index == 1, "not our own last index"
    assert lab.core(2).server.log.last_index == 3


def test_no_commit_past_the_last_entry_that_the_message_vouches_for():
    lab = Lab(3)
    blocks = chain(1, 1, 1)
    lab.receive(0, 2, append(1, GENESIS, blocks))
    lab.receive(0, 2, append(1, GENESIS, blocks[:1], commit=3))
    assert lab.core(2).status().height == 1


def test_commits_come_in_order_and_only_the_leaders_index_carries_the_certificate():
    lab = Lab(3)
    blocks = chain(1, 1, 1)
    effects = lab.receive(0, 2, append(1, GENESIS, blocks, commit=3, certificate=certificate_of(blocks[2])))
    commits = [effect for effect in effects if isinstance(effect, Commit)]
    assert [commit.height for commit in commits] == [1, 2, 3]
    assert [commit.certificate is None for commit in commits] == [True, True, False]
    order = [type(effect) for effect in effects if isinstance(effect, Persist | Commit)]
    assert order[0] is Persist


@pytest.mark.parametrize(
    "wrong",
    [
        lambda block: certificate_of(block, members=(0,)),
        lambda block: certificate_of(block, members=(0, 1, 2)),
        lambda block: certificate_of(block, members=(1, 0)),
        lambda block: certificate_of(block, members=(0, 7)),
        lambda block: certificate_of(block, round_=2),
        lambda block: msgspec.structs.replace(certificate_of(block), hash=bytes(32)),
        lambda block: msgspec.structs.replace(certificate_of(block), height=9),
        lambda block: msgspec.structs.replace(certificate_of(block), signatures=((0, b""), (1, b""))),
    ],
)
def test_a_certificate_that_proves_nothing_is_rejected(wrong):
    lab = Lab(3)
    (one,) = chain(1)
    lab.receive(0, 2, append(2, GENESIS, [one], commit=1, certificate=wrong(one)))
    assert len(lab.rejections) == 1
    assert lab.core(2).status() == Lab(3).core(2).status()


def test_a_commit_index_without_certificate_is_believed():
    lab = Lab(3)
    lab.receive(0, 2, append(1, GENESIS, chain(1), commit=1))
    assert lab.core(2).status().height == 1
    assert lab.nodes[2].certified == {}


def impossible() -> dict[str, AppendEntries]:
    one, two, three = chain(1, 1, 2)
    stranger = make_block(2, bytes(32), 1, 0, "x")
    return {
        "gap": append(2, GENESIS, [two]),
        "gap inside": append(2, GENESIS, [one, three]),
        "broken link": append(2, GENESIS, [one, stranger]),
        "link to another genesis": append(2, GENESIS, [make_block(1, bytes(32), 1, 0)]),
        "term after the leader's": append(1, GENESIS, [one, two, three]),
        "term zero": append(1, GENESIS, [make_block(1, GENESIS.hash, 0, 0)]),
        "falling term": append(3, GENESIS, chain(2, 1)),
        "previous term after the leader's": AppendEntries(1, 4, 2, (), 0, None, 0),
        "no entry has term zero": AppendEntries(1, 4, 0, (), 0, None, 0),
        "genesis has term zero": AppendEntries(1, 0, 1, (), 0, None, 0),
        "negative previous": AppendEntries(1, -1, 1, (), 0, None, 0),
        "negative commit": AppendEntries(1, 0, 0, (), -1, None, 0),
        "absurd term": append(2**62 + 1, GENESIS, []),
        "invalid block": append(2, GENESIS, [one, *chain(1, on=one, name="bad")]),
    }


@pytest.mark.parametrize("name", impossible())
def test_what_cannot_be_is_rejected_and_changes_nothing(name):
    lab = Lab(3)
    before = lab.core(2).state_hash()
    (effect,) = lab.receive(0, 2, impossible()[name])
    assert isinstance(effect, Rejected)
    assert lab.core(2).state_hash() == before


def test_nothing_contradicts_what_is_committed():
    lab = Lab(3)
    blocks = chain(1, 1)
    lab.receive(0, 2, append(1, GENESIS, blocks, commit=2))
    for wrong in (
        append(2, GENESIS, chain(2)),
        append(2, GENESIS, [blocks[0], *chain(2, on=blocks[0])]),
        AppendEntries(3, 2, 3, (), 0, None, 0),
    ):
        (effect,) = lab.receive(1, 2, wrong)
        assert isinstance(effect, Rejected)
    assert lab.core(2).status().round == 1


def test_one_leader_a_term_and_one_block_a_term_and_index():
    lab = Lab(3)
    lab.receive(0, 2, append(1, GENESIS, chain(1, 1)))
    (effect,) = lab.receive(1, 2, append(1, GENESIS, []))
    assert "leads term 1 already" in effect.reason
    (effect,) = lab.receive(0, 2, append(1, GENESIS, chain(1, name="y")))
    assert "second block" in effect.reason
    lab.elect(2)
    (effect,) = lab.receive(1, 2, append(lab.core(2).server.term, GENESIS, []))
    assert "2 leads" in effect.reason


@pytest.mark.parametrize(
    "wrong", [RequestVote(1, 0, 1), RequestVote(2, 1, 0), RequestVote(2, 3, 2), RequestVote(0, 0, 0), PreVote(2, -1, 1)]
)
def test_candidates_with_impossible_logs_are_rejected(wrong):
    lab = Lab(3)
    (effect,) = lab.receive(0, 2, wrong)
    assert isinstance(effect, Rejected)


def test_nobody_hears_itself_and_only_ravens_speak_raven():
    lab = Lab(3)
    for sender in (2, -1):
        (effect,) = lab.receive(sender, 2, PreVote(1, 0, 0))
        assert isinstance(effect, Rejected)
    (effect,) = lab.receive(0, 2, "hello")
    assert effect.reason == "str is no message of Raft"


def test_blocks_that_cannot_be_judged_yet_count_as_not_received():
    lab = Lab(3)
    (one,) = chain(1)
    two = make_block(2, one.hash, 1, 0, "y", state_height=1)
    (answer,) = sent(lab.receive(0, 2, append(1, GENESIS, [one, two], commit=1)))
    assert (type(answer).__name__, answer.match_index) == ("AppendDeferral", 1)
    assert lab.core(2).server.log.last_index == 1
    (answer,) = sent(lab.receive(0, 2, append(1, one, [two], commit=1)))
    assert (type(answer).__name__, answer.match_index) == ("AppendSuccess", 2)


@pytest.mark.parametrize(("change", "answer"), [(None, ("AppendSuccess", 2)), (LEAVE, ("AppendDeferral", 1))])
def test_a_block_of_an_earlier_term_may_stand_unjudged_unless_it_changes_members(change, answer):
    lab = Lab(3)
    (one,) = chain(1)
    two = make_block(2, one.hash, 1, 0, "y", state_height=1, change=change)
    (said,) = sent(lab.receive(0, 2, append(2, GENESIS, [one, two])))
    assert (type(said).__name__, said.match_index) == answer
    assert lab.core(2).server.log.last_index == answer[1]


def test_a_change_of_members_is_appended_once_the_state_that_it_waits_for_is_executed():
    lab = Lab(3)
    (one,) = chain(1)
    named = lab.nodes[2].application.members_hash(Configuration(voters=(0, 1)))
    two = make_block(2, one.hash, 1, 0, "y", state_height=1, change=LEAVE, members=named)
    lab.receive(0, 2, append(2, GENESIS, [one, two], commit=1))
    assert lab.core(2).server.log.last_index == 1
    lab.receive(0, 2, append(2, one, [two], commit=1))
    server = lab.core(2).server
    assert (server.log.last_index, server.electorate.configuration.voters) == (2, (0, 1))
