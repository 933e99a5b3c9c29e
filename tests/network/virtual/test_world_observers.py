from __future__ import annotations

import pytest

from consensus.properties import Observer, Violation
from consensus.vocabulary import Commit, Persist, Put, Rejected, Reply, Send, SetTimer, Trace
from network.virtual import Constant, Crash, FullDisk, Heal, Restart, World
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.faults import Cut, Loss
from tests.network.virtual.toys import MS, Note, play, scripted, steady


class Diary(Observer):
    """Writes down every call."""

    def __init__(self) -> None:
        self.calls = []

    def on_start(self, now, node, incarnation, image):
        self.calls.append(("start", now, node, incarnation, dict(image)))

    def on_receive(self, now, node, incarnation, sender, message):
        self.calls.append(("receive", now, node, incarnation, sender, message.text))

    def on_timer(self, now, node, incarnation, name):
        self.calls.append(("timer", now, node, incarnation, name))

    def on_effects(self, now, node, incarnation, effects):
        self.calls.append(("effects", now, node, incarnation, len(effects)))

    def on_commit(self, now, node, incarnation, commit):
        self.calls.append(("commit", now, node, incarnation, commit.height))

    def on_trace(self, now, node, incarnation, trace):
        self.calls.append(("trace", now, node, incarnation, trace.kind))

    def on_persist(self, now, node, incarnation, records):
        self.calls.append(("persist", now, node, incarnation, records))

    def on_durable(self, now, node, incarnation, records, durable):
        self.calls.append(
            ("durable", now, node, incarnation, records, {space: dict(durable[space]) for space in durable})
        )

    def on_leave(self, now, node, incarnation, effect, durable):
        self.calls.append(("leave", now, node, incarnation, effect.message.text, "s" in durable))

    def on_lost(self, now, node, sender, message):
        self.calls.append(("lost", now, node, sender, message.text))

    def on_crash(self, now, node, incarnation):
        self.calls.append(("crash", now, node, incarnation))


def watched(script, **settings) -> list:
    diary = Diary()
    options = {"nodes": 2, "voters": (0, 1), "links": steady(), "seed": 1, "sync": Constant(ns=5 * MS)} | settings
    World(factory=scripted(script, []), observers=(diary,), **options).run(until_ns=50 * MS)
    return diary.calls


RECORDS = (Put("s", 1, "v"),)


def test_observers_see_everything_in_the_order_in_which_it_happens() -> None:
    script = {
        (0, "start"): [
            Send(1, Note("before")),
            Persist(RECORDS),
            Commit(1, None, None),
            Trace("role", ("x",)),
            Rejected(1, "no"),
            Reply("c", Note("after")),
            SetTimer("t", 2 * MS),
        ],
    }
    of_0 = [call for call in watched(script) if call[2] == 0]
    assert of_0 == [
        ("start", 0, 0, 1, {}),
        ("effects", 0, 0, 1, 7),
        ("leave", 0, 0, 1, "before", False),
        ("persist", 0, 0, 1, RECORDS),
        ("commit", 0, 0, 1, 1),
        ("trace", 0, 0, 1, "role"),
        ("timer", 2 * MS, 0, 1, "t"),
        ("effects", 2 * MS, 0, 1, 0),
        ("durable", 5 * MS, 0, 1, RECORDS, {"s": {1: "v"}}),
        ("leave", 5 * MS, 0, 1, "after", True),
    ]


def test_observers_see_crashes_restarts_and_what_a_crash_left() -> None:
    calls = watched({(0, "start", 1): [Persist(RECORDS)]}, faults=[Crash(at_ns=9 * MS, node=0, for_ns=MS)])
    assert [call for call in calls if call[0] in ("crash", "start") and call[2] == 0] == [
        ("start", 0, 0, 1, {}),
        ("crash", 9 * MS, 0, 1),
        ("start", 10 * MS, 0, 2, {"s": {1: "v"}}),
    ]
    seen = set()
    for seed in range(20):
        calls = watched({(0, "start", 1): [Persist(RECORDS)]}, faults=[Crash(at_ns=MS, node=0)], seed=seed)
        seen.add(tuple(call[0] for call in calls if call[0] in ("crash", "durable")))
    assert seen == {("crash",), ("durable", "crash")}


def test_a_violation_stops_the_run_and_says_when_and_where() -> None:
    class Grumpy(Observer):
        def on_receive(self, now, node, incarnation, sender, message):
            raise Violation("quiet", f"{sender} to {node}.{incarnation} at {now}: {message.text}", "nobody speaks")

    with pytest.raises(Violation, match=r"quiet: 0 to 1\.1 at 1000000: hi; but nobody speaks") as caught:
        play({(0, "start"): [Send(1, Note("hi"))]}, observers=[Grumpy()])
    assert caught.value.__notes__ == [f"at {MS} ns, Flight at actor 1 (seed 1)"]


def test_explicit_faults_end_what_lasts() -> None:
    script = {(1, "start"): [SetTimer("t", 8 * MS)], (1, "timer", "t"): [Send(0, Note("hi"))]}
    plan = [Crash(at_ns=MS, node=0), Restart(at_ns=3 * MS, node=0), Cut(at_ns=0, one=(1,)), Heal(at_ns=5 * MS)]
    diary = play(script, faults=plan)
    assert (3 * MS, 0, "start", 2) in diary
    assert (9 * MS, 0, 1, "hi") in diary


def test_a_crash_that_ends_while_another_holds_leaves_the_node_down() -> None:
    plan = [Crash(at_ns=MS, node=0, for_ns=9 * MS), Crash(at_ns=2 * MS, node=0, for_ns=2 * MS)]
    starts = [entry for entry in play({}, faults=plan) if entry[1] == 0]
    assert starts == [(0, 0, "start", 1), (10 * MS, 0, "start", 2)]


def test_a_node_may_be_down_from_the_beginning() -> None:
    starts = [entry for entry in play({}, faults=[Crash(at_ns=0, node=0, for_ns=7 * MS)]) if entry[1] == 0]
    assert starts == [(7 * MS, 0, "start", 1)]


def test_faults_are_counted_by_kind() -> None:
    world = World(
        factory=scripted({}, []),
        nodes=2,
        voters=(0, 1),
        links=steady(),
        seed=1,
        faults=[Crash(at_ns=1, node=0, for_ns=1), FullDisk(at_ns=2, node=1), Heal(at_ns=3)],
    )
    world.run()
    assert {kind: count for kind, count in world.counts.items() if kind.startswith("fault")} == {
        "fault crash": 1,
        "fault fulldisk": 1,
        "fault heal": 1,
    }
    assert world.active_faults == (FullDisk(at_ns=2, node=1),)


def test_modelled_signatures_tell_members_data_and_worlds_apart() -> None:
    notary, other = Notary(1, 3), Notary(2, 3)
    signature = ModelCrypto(notary, 0).sign(b"data")
    anyone = ModelCrypto(notary, 2)
    assert len(signature) == 64
    assert anyone.verify(0, b"data", signature)
    assert not anyone.verify(1, b"data", signature)
    assert not anyone.verify(0, b"datum", signature)
    assert not anyone.verify(7, b"data", signature)
    assert not anyone.verify(-1, b"data", signature)
    assert not anyone.verify(0, b"data", b"")
    assert not ModelCrypto(other, 0).verify(0, b"data", signature)


class Murmur(Note, tag="toy.murmur"):
    """Another class of message."""


def test_an_observer_that_names_classes_is_told_of_no_others() -> None:
    class Ears(Observer):
        hears = frozenset({Murmur})

        def __init__(self) -> None:
            self.calls = []

        def on_receive(self, now, node, incarnation, sender, message):  # noqa: ARG002
            self.calls.append(message.text)

        def on_leave(self, now, node, incarnation, effect, durable):  # noqa: ARG002
            self.calls.append(f"left {effect.message.text}")

    class Replies(Ears):
        weighs = frozenset({Reply})

    class Murmurs(Replies):
        weighs = frozenset({Murmur})

    ears, replies, murmurs = Ears(), Replies(), Murmurs()
    said = [Send(1, Note("loud")), Reply("c", Note("reply")), Send(1, Murmur("low"))]
    play({(0, "start"): said}, observers=(ears, replies, murmurs))
    assert ears.calls == ["left loud", "left reply", "left low", "low"]
    assert replies.calls == ["left reply", "low"]
    assert murmurs.calls == ["left low", "low"]


def test_a_message_that_comes_to_nothing_is_told_of_whether_cut_lost_or_too_late() -> None:
    script = {(0, "start"): [Send(1, Note("hi"))]}
    for fault, at_ns in (
        (Cut(at_ns=0, one=(1,), other=()), 0),
        (Loss(at_ns=0, ppm=1_000_000), 0),
        (Crash(at_ns=0, node=1), MS),
    ):
        calls = watched(script, faults=[fault])
        assert [call for call in calls if call[0] == "lost"] == [("lost", at_ns, 1, 0, "hi")], fault
