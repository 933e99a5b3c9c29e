"""The wire: signed, batched, opened once, and nobody's but the receiver's."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from consensus.protocols import protocol
from network import wire as room
from network.codec import MESSAGES_PER_FRAME, MessageCodec
from network.frames import FRAME_VERSION, Frame, seal_frame
from network.gossip import Fetch
from network.replay import STRAYS_MAX
from network.requests import Submit
from network.topics import build_topic, wallet_address
from network.wire import Wire

KEYS = {name: SigningKey(bytes([number]) * 32) for number, name in enumerate(("a", "b", "c", "wallet.ann"))}


def sign(name):
    return lambda data: KEYS[name].sign(data).signature


class End(Wire):
    """One end of the wire: what it publishes is kept, flushes are due when the test says."""

    def __init__(self, *names, incarnation=1):
        self.published = []
        self.due = []
        self.room = True
        super().__init__(
            network="net",
            codec=MessageCodec(protocol("solo").messages),
            incarnation=incarnation,
            verify_key_of=lambda name: bytes(KEYS[name].verify_key) if name in KEYS else None,
            publish=self._take,
            schedule=self.due.append,
        )
        for name in names:
            self.speak_as(name, sign(name))

    def _take(self, topic, payload):
        self.published.append((topic, payload))
        return self.room

    def say(self, receiver, *messages, sender="a", kind="direct"):
        for message in messages:
            self.send(sender, receiver, kind, message)
        self.flush()
        published, self.published = self.published, []
        return published


@pytest.fixture
def a():
    return End("a")


@pytest.fixture
def b():
    return End("b")


def hear(end, published):
    return [end.receive(topic, payload) for topic, payload in published]


# Sending


def test_what_one_end_says_the_other_hears(a, b):
    assert hear(b, a.say("b", Fetch(1))) == [("a", [Fetch(1)])]


def test_messages_of_one_tick_for_one_topic_travel_in_one_frame(a, b):
    assert hear(b, a.say("b", Fetch(1), Fetch(2), Fetch(3))) == [("a", [Fetch(1), Fetch(2), Fetch(3)])]
    assert (a.frames_out, b.frames_in) == (1, 1)


def test_a_flush_is_due_once_however_much_is_queued(a):
    for number in range(5):
        a.send("a", "b", "direct", Fetch(number))
    assert len(a.due) == 1


def test_nothing_leaves_before_the_flush(a):
    a.send("a", "b", "direct", Fetch(1))
    assert a.published == []
    a.due[0]()
    assert len(a.published) == 1


def test_each_receiver_gets_a_frame_of_its_own(a):
    a.send("a", "b", "direct", Fetch(1))
    a.send("a", "c", "direct", Fetch(1))
    a.send("a", "", "voters", Fetch(1))
    a.flush()
    assert [topic for topic, _ in a.published] == ["net/to/b/a/direct", "net/to/c/a/direct", "net/all/a/voters"]


def test_a_process_speaks_as_several_names_each_with_its_own_numbers(b):
    clients = End("wallet.ann", "c")
    heard = hear(b, clients.say("b", Submit("ann", ()), sender=wallet_address("ann")))
    heard += hear(b, clients.say("b", Fetch(1), sender="c"))
    assert heard == [("wallet.ann", [Submit("ann", ())]), ("c", [Fetch(1)])]


def test_more_messages_than_a_frame_may_hold_go_in_several(a, b):
    messages = [Fetch(number) for number in range(MESSAGES_PER_FRAME + 1)]
    heard = hear(b, a.say("b", *messages))
    assert len(heard) == 2
    assert [message for _, part in heard for message in part] == messages


def test_more_bytes_than_a_frame_may_hold_go_in_several(a, b, monkeypatch):
    monkeypatch.setattr(room, "BODY_BYTES_MAX", 1000)
    messages = [Submit("ann", (bytes(400),)) for _ in range(5)]
    heard = hear(b, a.say("b", *messages))
    assert len(heard) > 1
    assert [message for _, part in heard for message in part] == messages


def test_a_message_too_large_for_any_frame_is_dropped_and_counted(a, b):
    published = a.say("b", Submit("ann", (bytes(5 * 1024 * 1024),)), Fetch(1))
    assert hear(b, published) == [("a", [Fetch(1)])]
    assert a.dropped["sent_too_large"] == 1


def test_what_the_bus_does_not_take_is_counted(a):
    a.room = False
    a.say("b", Fetch(1))
    assert a.dropped["bus_full"] == 1


# Receiving


def refused(end, topic, payload, reason):
    before = end.frames_in
    assert end.receive(topic, payload) is None
    assert end.dropped == {reason: 1}
    assert end.frames_in == before


def frame(**changes):
    fields = {
        "version": FRAME_VERSION,
        "network": "net",
        "sender": "a",
        "incarnation": 1,
        "sequence": 1,
        "kind": "direct",
        "body": MessageCodec(()).encode([Fetch(1)]),
        "receiver": "b",
    }
    return Frame(**{**fields, **changes})


def sealed(signer="a", **changes):
    made = frame(**changes)
    return build_topic(made.network, made.sender, made.kind, made.receiver), seal_frame(made, sign(signer))


def test_a_frame_made_by_hand_is_acceptable(b):
    assert b.receive(*sealed()) == ("a", [Fetch(1)])


def test_a_frame_heard_before_is_dropped(b):
    b.receive(*sealed())
    assert b.receive(*sealed()) is None
    assert b.dropped == {"replayed": 1}


def test_a_frame_of_an_earlier_life_is_dropped(b):
    b.receive(*sealed(incarnation=2))
    refused(b, *sealed(incarnation=1, sequence=99), "replayed")


def test_a_frame_for_somebody_else_is_dropped(b):
    refused(b, *sealed(receiver="c"), "receiver")


def test_a_frame_passed_on_under_another_topic_is_dropped(b):
    _, payload = sealed(receiver="c")
    refused(b, "net/to/b/a/direct", payload, "topic")


def test_a_frame_signed_by_another_than_its_sender_is_dropped(b):
    refused(b, *sealed(signer="c"), "signature")


def test_a_frame_of_a_stranger_is_dropped(b):
    refused(b, *sealed(sender="stranger"), "unknown_sender")


def test_a_frame_of_another_network_is_dropped(b):
    refused(b, *sealed(network="other"), "network")


def test_a_body_that_is_no_message_is_dropped(b):
    refused(b, *sealed(body=b"\xc1"), "message")


def test_our_own_frames_are_not_heard(a, b):
    published = a.say("", Fetch(1), kind="voters")
    assert hear(a, published) == [None]
    assert not a.dropped
    assert hear(b, published) == [("a", [Fetch(1)])]


def test_a_dropped_frame_does_not_use_up_the_number_of_a_true_one(b):
    refused(b, *sealed(signer="c"), "signature")
    assert b.receive(*sealed()) == ("a", [Fetch(1)])


def test_refused_frames_leave_no_work_to_the_garbage_collector(b):
    """A flood of them would fill memory faster than it passes."""
    topic, payload = sealed()
    b.receive(topic, payload)
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            assert b.receive(topic, payload) is None  # replayed
            assert b.receive(*sealed(signer="b", sequence=7)) is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_flood_of_bad_frames_is_counted_and_logged_once(b, caplog):
    for _ in range(50):
        b.receive("net/to/b/a/direct", b"junk")
    assert b.dropped == {"malformed": 50}
    assert len(caplog.records) == 1


@given(st.text(max_size=30), st.binary(max_size=200))
def test_no_topic_and_no_bytes_whatever_raise(topic, payload):
    assert End("b").receive(topic, payload) is None


@given(st.data())
def test_no_change_of_one_byte_goes_through(data):
    topic, payload = sealed()
    place = data.draw(st.integers(0, len(payload) - 1))
    changed = bytearray(payload)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert End("b").receive(topic, bytes(changed)) is None


def test_what_cannot_be_addressed_costs_nobody_else_a_message(a, b):
    """A client's name may have 64 characters, which leaves no room for what its wallet is addressed by."""
    a.send("a", wallet_address("x" * 64), "receipt", Fetch(1))
    a.send("a", "b", "direct", Fetch(2))
    a.flush()
    assert [b.receive(*published) for published in a.published] == [("a", [Fetch(2)])]
    assert a.dropped == {"sent_topic": 1}


# Two nodes under one name


@pytest.fixture
def both(b):
    """An end that hears whoever has the key of a, or of c, under the name of a."""
    b._other_keys_of = lambda name: (bytes(KEYS["c"].verify_key),) if name == "a" else ()
    return b


def twin():
    """An end that speaks as a with the key of c."""
    end = End()
    end.speak_as("a", sign("c"))
    return end


def test_a_sender_may_have_two_keys_and_each_says_which_it_is(a, both):
    ((topic, first),) = a.say("b", Fetch(1))
    ((_, second),) = twin().say("b", Fetch(2))
    assert both.open(topic, first) == ("a", bytes(KEYS["a"].verify_key), [Fetch(1)])
    assert both.open(topic, second) == ("a", bytes(KEYS["c"].verify_key), [Fetch(2)]), "of the same number: no clone"
    assert not both.dropped


def test_each_of_two_keys_counts_its_own_frames(a, both):
    frames = [*a.say("b", Fetch(1)), *twin().say("b", Fetch(2))]
    for topic, payload in frames:
        assert both.receive(topic, payload) is not None
        assert both.receive(topic, payload) is None
    assert both.dropped == {"replayed": 2}


def test_whichever_of_two_keys_is_run_twice_that_is_told(both):
    assert both.receive(*twin().say("b", Fetch(1))[0]) is not None
    assert both.receive(*twin().say("b", Fetch(2))[0]) is None
    assert both.dropped == {"cloned": 1}


def test_a_third_key_speaks_for_nobody(both):
    stranger = End()
    stranger.speak_as("a", sign("b"))
    ((topic, payload),) = stranger.say("b", Fetch(1))
    assert both.receive(topic, payload) is None
    assert both.dropped == {"signature": 1}


# What is asked before a signature


def test_a_replayed_frame_costs_no_signature(a, b, monkeypatch):
    ((topic, payload),) = a.say("b", Fetch(1))
    assert b.receive(topic, payload) is not None
    monkeypatch.setattr(room, "verify_frame", pytest.fail)
    assert b.receive(topic, payload) is None
    assert b.receive(topic + "x", payload) is None
    assert b.dropped == {"replayed": 1, "topic": 1}


def test_two_frames_of_one_number_under_one_key_are_a_clone(a, b):
    ((topic, payload),) = a.say("b", Fetch(1))
    ((_, other),) = End("a").say("b", Fetch(2))
    assert b.receive(topic, payload) == ("a", [Fetch(1)])
    assert b.receive(topic, other) is None
    assert b.dropped == {"cloned": 1}


def test_a_former_life_that_goes_on_is_a_clone(a, b):
    """A copy of a node's folder, started beside it: one of the two has the higher incarnation, and both go on."""
    before = a.say("b", Fetch(1)) + a.say("b", Fetch(2))
    assert b.receive(*before[0]) is not None
    assert b.receive(*End("a", incarnation=2).say("b", Fetch(3))[0]) == ("a", [Fetch(3)])
    for _ in range(200):
        assert b.receive(*before[1]) is None, "what was under way at a restart, however often it is replayed"
    assert b.dropped == {"replayed": 200}
    for number in range(STRAYS_MAX + 10):
        b.receive(*a.say("b", Fetch(number))[0])
    assert b.dropped["cloned"] == 11
    assert b.receive(*before[0]) is None
    assert b.dropped["cloned"] == 11


def test_nobody_makes_a_former_life_go_on(a, b):
    ((topic, payload),) = a.say("b", Fetch(1))
    b.receive(topic, payload)
    b.receive(*End("a", incarnation=2).say("b", Fetch(3))[0])
    for number in range(STRAYS_MAX + 10):
        ((topic, payload),) = a.say("b", Fetch(number))
        b.receive(topic, bytes(64) + payload[64:])
    assert b.dropped == {"signature": STRAYS_MAX + 10}


def test_nobody_makes_a_clone_of_another(a, b):
    ((topic, payload),) = a.say("b", Fetch(1))
    b.receive(topic, payload)
    assert b.receive(topic, bytes(64) + payload[64:]) is None
    assert b.dropped == {"signature": 1}


def test_what_was_refused_can_still_come(a, b):
    """A frame that others misplace or forge is not lost when it comes as it was sent."""
    ((topic, payload),) = a.say("b", Fetch(1))
    assert b.receive("net/to/b/c/direct", payload) is None
    assert b.receive(topic, bytes(64) + payload[64:]) is None
    assert b.receive(topic, payload) == ("a", [Fetch(1)])


def test_the_log_says_each_reason_once_a_while_and_in_one_line(b, caplog, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])
    for _ in range(1000):
        b.receive("net/all/a/x\nforged line", b"\xff" * 80)
    assert len(caplog.records) == 1
    now[0] = room.LOG_INTERVAL_S
    b.receive("t", b"")
    assert [record.getMessage().count("\n") for record in caplog.records] == [0, 0]
    assert "1001 so far" in caplog.records[1].getMessage()


def test_a_topic_cannot_write_lines_of_its_own_into_the_log(a, b, caplog):
    ((_, payload),) = a.say("b", Fetch(1))
    b.receive("net/all/a/x\n2026-11-22 INFO all is well", payload)
    assert "\n" not in caplog.records[0].getMessage()
