"""A client's side of a subscription: what enough nodes say alike, each once and in order, however it reaches us."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.vocabulary import Send, SetTimer, Trace
from network.following import TIMER, Follower, FollowerOptions
from network.requests import EVENTS_AHEAD_MAX, Happening, Happenings, Subscribe

HASH = bytes(32)


def event(height, index=0, kind="paid"):
    return Happening((height, index), HASH, "claims", kind, b"\x80")


def follower(needed=1, nodes=1, verify=lambda *_: True, since=(1, 0)):
    options = FollowerOptions(
        network="lab", client="ann", number=1, kinds=("claims",), nodes=tuple(range(nodes)), needed=needed, since=since
    )
    return Follower(options, verify)


def word(*events, since=(1, 0), until=(9, 0), oldest=(1, 0), **changes):
    fields = {"client": "ann", "number": 1, "signature": bytes(64)} | changes
    return Happenings(oldest=oldest, since=since, until=until, events=events, **fields)


def happened(effects):
    return [effect.detail[0].place for effect in effects if isinstance(effect, Trace) and effect.kind == "happened"]


def missed(effects):
    return [effect.detail for effect in effects if isinstance(effect, Trace) and effect.kind == "missed"]


def test_it_asks_every_node_from_where_it_is_and_again_and_again():
    machine = follower(nodes=3)
    asked = [Send(node, Subscribe("ann", 1, ("claims",), (1, 0))) for node in range(3)]
    assert machine.start(0)[:3] == asked
    machine.receive(0, 0, word(event(2, 4), until=(3, 0)))
    *sends, timer = machine.timer(1, TIMER)
    assert {send.message.since for send in sends} == {(3, 0)}
    assert isinstance(timer, SetTimer)
    assert machine.timer(1, "another") == []


def test_each_event_is_handed_on_once_and_in_order():
    machine = follower()
    assert happened(machine.receive(0, 0, word(event(2), event(2, 1), until=(3, 0)))) == [(2, 0), (2, 1)]
    assert machine.receive(0, 0, word(event(2), event(2, 1), until=(3, 0))) == []
    assert happened(machine.receive(0, 0, word(event(2, 1), event(4), since=(2, 1)))) == [(4, 0)]
    assert machine.cursor == (9, 0)


def test_a_message_that_was_lost_is_not_passed_over():
    machine = follower()
    assert machine.receive(0, 0, word(event(6), since=(5, 0))) == []
    assert machine.cursor == (1, 0)
    assert happened(machine.receive(0, 0, word(event(2), event(6)))) == [(2, 0), (6, 0)]


def test_nodes_are_compared_place_by_place_however_they_cut():
    machine = follower(needed=2, nodes=3)
    assert machine.receive(0, 0, word(event(2), event(4))) == []
    assert happened(machine.receive(0, 1, word(event(2), until=(3, 0)))) == [(2, 0)]
    assert machine.cursor == (3, 0)
    assert machine.receive(0, 1, word(since=(3, 0), until=(4, 0))) == []
    assert happened(machine.receive(0, 2, word(event(2), event(4), until=(4, 1)))) == [(4, 0)]


@pytest.mark.parametrize(
    "lie",
    [
        word(event(2), event(3, kind="invented"), event(4)),
        word(event(2), event(4)),
        word(event(2), event(3, kind="other"), event(4)),
        word(),
        word(event(1), event(2), event(3), event(4)),
    ],
)
def test_one_liar_among_three_neither_adds_nor_hides_nor_changes_anything(lie):
    truth = word(event(2), event(3), event(4))
    for order in ((0, 1, 2), (1, 0, 2), (1, 2, 0)):
        machine = follower(needed=2, nodes=3)
        effects = [e for node in order for e in machine.receive(0, node, lie if node == 0 else truth)]
        assert [e.detail[0] for e in effects] == [event(2), event(3), event(4)]


@pytest.mark.parametrize(
    "message",
    [
        word(event(2), client="bob"),
        word(event(2), number=2),
        word(event(3), event(2)),
        word(event(2), event(2)),
        word(event(9)),
        word(event(1), since=(2, 0)),
        word(since=(3, 0), until=(2, 0)),
        word(event(2), oldest=(2, 0)),
        "no happenings",
    ],
)
def test_what_makes_no_sense_counts_for_nothing(message):
    machine = follower()
    assert machine.receive(0, 0, message) == []
    assert machine.cursor == (1, 0)


def test_a_stranger_or_a_signature_that_does_not_verify_counts_for_nothing():
    assert follower().receive(0, 7, word(event(2))) == []
    assert follower(verify=lambda *_: False).receive(0, 0, word(event(2))) == []


def test_what_nobody_knows_any_more_is_said_to_be_missed():
    machine = follower(needed=2, nodes=3)
    assert machine.receive(0, 0, word(event(5), since=(4, 0), oldest=(4, 0))) == []
    assert missed(machine.timer(0, TIMER)) == []
    assert machine.receive(0, 1, word(event(5), since=(3, 0), oldest=(3, 0))) == []
    effects = machine.timer(0, TIMER)
    assert (missed(effects), happened(effects)) == ([((1, 0), (4, 0))], [(5, 0)])


def test_those_who_still_know_are_waited_for():
    machine = follower(needed=1, nodes=2)
    machine.receive(0, 0, word(event(5), since=(4, 0), oldest=(4, 0)))
    assert happened(machine.receive(0, 1, word(event(2), event(5)))) == [(2, 0), (5, 0)]
    assert missed(machine.timer(0, TIMER)) == []


def test_a_node_that_says_more_than_it_may_is_not_held():
    machine = follower(needed=2, nodes=2)
    for start in range(1, 100):
        flood = word(*(event(start, i) for i in range(256)), since=(start, 0), until=(start + 1, 0))
        machine.receive(0, 0, flood)
    assert len(machine._words[0].events) <= 2 * EVENTS_AHEAD_MAX


def test_much_that_was_told_is_acknowledged_at_once():
    machine = follower()
    half = EVENTS_AHEAD_MAX // 2
    effects = machine.receive(0, 0, word(*(event(2, i) for i in range(half)), until=(2, half)))
    assert [e.message.since for e in effects if isinstance(e, Send)] == [(2, half)]


truths = st.sets(st.tuples(st.integers(1, 4), st.integers(0, 2)), max_size=8).map(sorted)
cuts = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5), st.integers(0, 2), st.integers(0, 3)), max_size=40)


@settings(max_examples=200, deadline=None)
@given(truths, cuts, st.data())
def test_whatever_is_lost_or_cut_or_lied_events_come_in_order_and_true_and_in_the_end_all(truth, cuts, data):
    """Four nodes, of which node 0 lies; statements reach us cut anywhere, in any order, or not at all."""
    machine = follower(needed=2, nodes=4)
    seen = []

    def say(node, since, until):
        places = [place for place in truth if since <= place < until]
        if node == 0:
            places = data.draw(st.sets(st.sampled_from([*truth, (1, 1), (2, 2)])).map(sorted), "lie")
            places = [place for place in places if since <= place < until]
        message = word(*(event(*place) for place in places), since=since, until=until)
        seen.extend(happened(machine.receive(0, node, message)))

    for node, height, index, length in cuts:
        since = max((height, index), (1, 0))
        say(node, since, max((height + length, 0), since))
        assert seen == truth[: len(seen)]
        assert all(place >= machine.cursor for place in truth[len(seen) :])
    for node in range(4):
        say(node, machine.cursor, (9, 0))
    assert seen == truth
