"""What a node recalls of its last messages: told where something turns, and bounded in all."""

import msgspec
import pytest

from consensus.vocabulary import Trace
from node.recollection import FULL, RECALLED, TOLD_MAX, TRAILING, Recollection, turn_in


class Vote(msgspec.Struct, frozen=True, tag="toy.vote"):
    term: int


class Position(msgspec.Struct, frozen=True, tag="gossip.position"):
    pass


@pytest.fixture
def recollection():
    return Recollection()


def chat(recollection, times, first=0):
    for now in range(first, first + times):
        recollection.heard(now, "insurer", Vote(now))


def whats(told):
    return [what for _, what, _, _ in told]


def test_a_quiet_node_tells_nothing(recollection):
    chat(recollection, 500)
    recollection.decided(500, 1, transactions=False)
    assert recollection.take() == []


def test_a_turn_tells_what_led_to_it_and_what_came_until_after_the_next_block(recollection):
    chat(recollection, 100)
    recollection.turned(100, "role leader 2")
    chat(recollection, 5, first=101)
    recollection.decided(106, 7, transactions=False)
    chat(recollection, 100, first=107)
    told = recollection.take()
    assert whats(told) == [*["toy.vote"] * RECALLED, "turns", *["toy.vote"] * 5, "decides", *["toy.vote"] * TRAILING]
    assert told[RECALLED] == (100, "turns", "role leader 2", "")
    assert told[0] == (60, "toy.vote", "term 60", "insurer")
    assert recollection.take() == []


def test_the_first_block_with_transactions_tells_what_led_to_it_and_says_that_it_has_some(recollection):
    chat(recollection, 3)
    recollection.decided(3, 1, transactions=True)
    assert recollection.take()[-1] == (3, "decides", "height 1", FULL)
    chat(recollection, TRAILING)
    assert len(recollection.take()) == TRAILING
    recollection.decided(4, 2, transactions=True)
    assert recollection.take() == []


def test_a_node_that_is_asked_to_vote_tells_what_follows(recollection):
    class Ask(msgspec.Struct, frozen=True, tag="toy.request-vote"):
        term: int

    chat(recollection, 2)
    recollection.heard(2, "hospital", Ask(2))
    chat(recollection, 2, first=3)
    assert whats(recollection.take()) == ["toy.vote", "toy.vote", "toy.request-vote", "toy.vote", "toy.vote"]


def test_gossip_is_passed_over(recollection):
    recollection.turned(1, "view change 1")
    recollection.heard(2, "insurer", Position())
    assert whats(recollection.take()) == ["turns"]


def test_what_is_told_in_a_life_is_bounded(recollection):
    for now in range(TOLD_MAX):
        recollection.turned(now, "view change 1")
        chat(recollection, 3)
    assert len(recollection.take()) == TOLD_MAX
    chat(recollection, 3)
    assert recollection.take() == []


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (Trace("raft.role", ("leader", 3)), "role leader 3"),
        (Trace("pbft.new_view", (2, 17, 4)), "new view 2"),
        (Trace("executed", (1,)), None),
    ],
)
def test_a_turn_is_told_in_few_words(trace, words):
    assert turn_in(trace) == words
