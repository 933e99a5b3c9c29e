"""Catch-up: whom a node that is behind asks, and whom next."""

from consensus.vocabulary import Send, SetTimer
from network.catchup import ASKED_MAX, FAR_GRACE_NS, GRACE_NS, PATIENCE_NS, TIMER, CatchUp
from network.gossip import Fetch, Position


def behind(*heights):
    """A node at height 1 that heard these heights, in order of peer."""
    catchup = CatchUp()
    for peer, height in enumerate(heights):
        catchup.heard(peer, Position(height=height, head=bytes(32)), 1)
    return catchup


def asked(effects):
    return [effect.to for effect in effects if isinstance(effect, Send)]


def test_a_peer_that_is_ahead_gets_a_grace_period_and_no_more():
    catchup = CatchUp()
    assert catchup.heard(1, Position(height=1, head=bytes(32)), 1) == []
    assert catchup.heard(1, Position(height=2, head=bytes(32)), 1) == [SetTimer(TIMER, GRACE_NS)]
    assert catchup.heard(0, Position(height=3, head=bytes(32)), 1) == []
    assert catchup.timer(3) == []
    assert not catchup.fetching


def test_each_unanswered_fetch_goes_to_one_peer_more_and_to_others_first():
    catchup = behind(5, 0, 5, 5, 5, 5, 5)
    assert catchup.timer(1) == [Send(0, Fetch(start=2)), SetTimer(TIMER, PATIENCE_NS)]
    assert asked(catchup.timer(1)) == [2, 3]
    assert asked(catchup.timer(1)) == [4, 5, 6]
    assert asked(catchup.timer(1)) == [0, 2, 3, 4]
    assert len(asked(catchup.timer(1))) == ASKED_MAX


def test_no_peer_is_asked_twice_at_once():
    catchup = behind(5, 5)
    assert [asked(catchup.timer(1)) for _ in range(3)] == [[0], [1, 0], [1, 0]]


def test_whoever_answers_is_asked_alone_for_the_rest():
    catchup = behind(5, 9, 9)
    for _ in range(3):
        catchup.timer(1)
    assert catchup.received(1, 5) == [Send(1, Fetch(start=6)), SetTimer(TIMER, PATIENCE_NS)]
    assert catchup.received(2, 5) == []
    assert catchup.received(1, 9) == []
    assert asked(catchup.timer(8)) == [2, 1]


def test_whoever_is_far_behind_gives_others_time_to_hand_it_a_state():
    catchup = CatchUp(far=10)
    [near] = catchup.heard(1, Position(10, bytes(32)), 0)
    [far] = CatchUp(far=10).heard(1, Position(11, bytes(32)), 0)
    assert (near.after_ns, far.after_ns) == (GRACE_NS, FAR_GRACE_NS)
    [blocks] = CatchUp().heard(1, Position(2**40, bytes(32)), 0)
    assert blocks.after_ns == GRACE_NS
