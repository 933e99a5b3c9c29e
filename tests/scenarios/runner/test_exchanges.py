"""Which exchanges a run keeps for its report, what is said of them, and how messages are counted."""

import msgspec
import pytest

from consensus.vocabulary import Broadcast, Commit, Send, Trace
from network.kinds import kind_of
from scenarios.results import Metrics
from scenarios.results.exchanges import Exchange, chosen
from scenarios.runner.episodes import CHANGES_MAX, HAPPENINGS_MAX, LEADING, TRAILING
from scenarios.runner.exchanges import Witness, recalled
from scenarios.runner.funnel import funnel_of
from scenarios.runner.traffic import Traffic
from tests.scenarios.runner.steps import step, workload
from tests.scenarios.runner.test_finish import acknowledged

NAMES = ("insurer", "hospital", "bureau")


class Vote(msgspec.Struct, frozen=True, tag="toy.vote"):
    term: int


class Asked(msgspec.Struct, frozen=True, tag="client.submit"):
    pass


class Body(msgspec.Struct, frozen=True):
    transactions: tuple


class Scene:
    """A run in which things happen one nanosecond after the other."""

    def __init__(self):
        self.traffic = Traffic()
        self.faulty = False
        self.witness = Witness(self.traffic, NAMES, lambda: self.faulty)
        self.now = 0

    def tick(self):
        self.now += 1
        return self.now

    def send(self, message, sender=0, to=1):
        self.witness.on_leave(self.tick(), sender, 1, Send(to, message), {})

    def hear(self, message, sender=0, node=1):
        self.witness.on_receive(self.tick(), node, 1, sender, message)

    def chat(self, times, message=None):
        for _ in range(times):
            self.hear(message or Vote(1))

    def turn(self, node=1, *words):
        self.witness.on_trace(self.tick(), node, 1, Trace("raft.role", words or ("candidate", 2)))

    def decide(self, height=1, transactions=()):
        self.witness.on_commit(self.tick(), 0, 1, Commit(height, Body(transactions), None))

    @property
    def kept(self):
        return self.witness.exchanges()


@pytest.fixture
def scene():
    return Scene()


def whats(exchange):
    return [happening.what for happening in exchange.happenings]


def test_the_first_block_with_transactions_is_kept_with_what_led_to_it_and_what_came_of_it(scene):
    scene.decide(1)
    scene.hear(Asked())
    scene.chat(3)
    scene.decide(2, transactions=(b"t",))
    scene.chat(500)
    scene.decide(3, transactions=(b"t",))
    (found,) = scene.kept
    assert found.reason == "round"
    assert whats(found)[:6] == ["decides", "client.submit", "toy.vote", "toy.vote", "toy.vote", "decides"]
    assert len(found.happenings) == 6 + 2 * TRAILING


def test_a_change_is_kept_from_what_led_to_it_until_after_the_next_block(scene):
    scene.chat(100)
    scene.turn()
    scene.chat(10)
    scene.turn(2, "leader", 2)
    scene.hear(Asked())
    scene.decide()
    scene.chat(100)
    (found,) = scene.kept
    assert found.reason == "change"
    assert not found.after_fault
    assert whats(found) == [
        *["toy.vote"] * LEADING, "turns", *["toy.vote"] * 10, "turns", "decides", *["toy.vote"] * TRAILING,
    ]  # fmt: skip
    assert [h.detail for h in found.happenings if h.what == "turns"] == ["role candidate 2", "role leader 2"]


def test_so_many_changes_are_kept_before_a_fault_and_as_many_after(scene):
    for faulty in (False, True):
        scene.faulty = faulty
        for _ in range(CHANGES_MAX + 3):
            scene.turn()
            scene.decide()
            scene.chat(100)
    assert [found.after_fault for found in scene.kept] == [False] * CHANGES_MAX + [True] * CHANGES_MAX
    assert chosen(scene.kept)[0].after_fault


def test_the_first_role_of_a_node_that_starts_is_no_change(scene):
    scene.witness.on_start(scene.now, 1, 1, {})
    scene.witness.on_trace(scene.now, 1, 1, Trace("raft.role", ("follower", 0)))
    assert scene.kept == []


def test_a_change_that_never_ends_is_kept_as_far_as_there_is_room_and_says_how_much_is_missing(scene):
    scene.turn()
    scene.chat(HAPPENINGS_MAX + 9)
    (found,) = scene.kept
    assert len(found.happenings) == HAPPENINGS_MAX
    assert found.left_out == 10


def test_a_message_says_when_it_left_unless_it_left_more_than_once(scene):
    once, twice = Vote(1), Vote(2)
    scene.turn()
    scene.send(once)
    sent_at = scene.now
    scene.send(twice)
    scene.send(twice)
    scene.hear(once)
    scene.hear(twice)
    (found,) = scene.kept
    assert [(h.sender, h.sent_ns, h.detail) for h in found.happenings[1:]] == [
        ("insurer", sent_at, "term 1"),
        ("insurer", None, "term 2"),
    ]


def test_what_is_lost_and_who_crashes_and_starts_is_kept(scene):
    scene.turn()
    scene.witness.on_lost(scene.tick(), 2, 0, Vote(3))
    scene.witness.on_crash(scene.tick(), 2, 1)
    scene.witness.on_start(scene.tick(), 2, 2, {})
    (found,) = scene.kept
    assert [(h.what, h.lost) for h in found.happenings[1:]] == [
        ("toy.vote", True),
        ("crashes", False),
        ("starts", False),
    ]


def test_messages_are_counted_as_they_are_sent_and_at_each_who_hears_them(scene):
    message = Vote(1)
    scene.witness.on_leave(0, 0, 1, Broadcast(message), {})
    scene.hear(message, node=1)
    scene.hear(message, node=2)
    metrics = Metrics()
    scene.traffic.measure(metrics)
    assert {name: found.count for name, found in metrics.summary().items()} == {"sent.toy.vote": 1, "heard.toy.vote": 2}


def test_counts_of_one_second_are_one_row():
    traffic = Traffic()
    traffic.add(10, "sent.toy.vote")
    traffic.told(20, {"sent.toy.vote": 4})
    traffic.told(2 * 10**9, {"sent.toy.vote": 1})
    assert list(traffic) == [(0, "sent.toy.vote", 5), (2, "sent.toy.vote", 1)]


def test_a_message_without_a_tag_goes_by_its_class():
    assert (kind_of(Vote(1)), kind_of(Body(())), kind_of(7)) == ("toy.vote", "Body", "int")


def test_the_one_that_explains_most_comes_first():
    def exchange(reason, *, after_fault):
        return Exchange(reason=reason, after_fault=after_fault, left_out=0, happenings=())

    first, after, round_ = (
        exchange("change", after_fault=False),
        exchange("change", after_fault=True),
        exchange("round", after_fault=True),
    )
    assert chosen([first, round_, after]) == (after, first, round_)


def test_what_nodes_recall_becomes_one_exchange_in_order_of_time():
    told = [
        (1, (1_050, "toy.vote", "term 2", "insurer")),
        (1, (1_060, "client.submit", "", "clients")),
        (0, (1_040, "turns", "role candidate 2", "")),
        (2, (1_055, "toy.vote", "term 2", "insurer")),
        (0, (1_070, "turns", "role leader 2", "")),
        (0, (1_080, "decides", "height 1", "transactions")),
        (2, (1_090, "toy.vote", "term 2", "a stranger")),
    ]
    change, round_ = recalled(told, NAMES, began_ns=1_000, first_fault_ns=30)
    assert [(h.at_ns, h.node, h.what, h.sender) for h in change.happenings] == [
        (40, "insurer", "turns", None),
        (50, "hospital", "toy.vote", "insurer"),
        (55, "bureau", "toy.vote", "insurer"),
        (70, "insurer", "turns", None),
        (80, "insurer", "decides", None),
        (90, "bureau", "toy.vote", None),
    ]
    assert change.after_fault
    assert round_.reason == "round"
    assert "client.submit" in whats(round_)
    (before,) = recalled(told[2:3], NAMES, began_ns=1_000, first_fault_ns=50)
    assert not before.after_fault


def test_the_funnel_counts_a_case_once_at_a_stage():
    steps = [
        step(1, flow="claims", case="a", stage="notice"),
        step(2, flow="claims", case="a", stage="notice"),
        step(3, flow="claims", case="b", stage="notice"),
        step(4, flow="claims", case="a", stage="paid"),
        step(5, flow="claims", case="b", stage="paid"),
        step(6, flow="claims", case="b"),
    ]
    heard = [
        acknowledged(steps[0], code="refused"),
        acknowledged(steps[1]),
        acknowledged(steps[2], code="refused"),
        acknowledged(steps[3]),
    ]
    found = [(s.flow, s.stage, s.planned, s.reached, s.refused) for s in funnel_of(workload(*steps), heard)]
    assert found == [("claims", "notice", 2, 1, 1), ("claims", "paid", 2, 1, 0)]
