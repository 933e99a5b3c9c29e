from __future__ import annotations

import pytest

from consensus.vocabulary import Audience, Broadcast, CancelTimer, Reply, Send, SetTimer
from network.virtual import Constant, Cut, Delay, Duplicate, Link, Links, Loss, Stop, Uniform, World
from tests.network.virtual.toys import MS, Note, play, scripted, steady

CLIENTS = 99


def heard(diary, actor):
    return [entry for entry in diary if entry[1] == actor and entry[2] not in ("start", "timer")]


def test_a_message_arrives_after_its_link_s_latency() -> None:
    links = Links(Link(latency=Constant(ns=MS)), {(0, 2): Link(latency=Constant(ns=7 * MS))})
    script = {(0, "start"): [Send(1, Note("near")), Send(2, Note("far")), Send(0, Note("self"))]}
    diary = play(script, links=links)
    assert sorted(diary[3:]) == [(MS, 0, 0, "self"), (MS, 1, 0, "near"), (7 * MS, 2, 0, "far")]


def test_a_broadcast_reaches_its_audience_but_not_its_sender() -> None:
    everyone = play({(0, "start"): [Broadcast(Note("hi"), Audience.NODES)]})
    assert sorted(entry[1] for entry in everyone[3:]) == [1, 2]
    voters = play({(2, "start"): [Broadcast(Note("hi"))]})
    assert sorted(entry[1] for entry in voters[3:]) == [0, 1]


def test_receivers_of_a_broadcast_share_one_message_object() -> None:
    seen = []
    note = Note("shared")
    World(
        factory=scripted({(0, "start"): [Broadcast(note, Audience.NODES)]}, []),
        nodes=4,
        voters=range(4),
        links=steady(),
        seed=1,
        trace=lambda _now, kind, _actor, _other, what, _flight: seen.append(what) if kind == "receive" else None,
    ).run(until_ns=MS)
    assert len(seen) == 3
    assert all(message is note for message in seen)


def test_events_of_one_instant_come_in_an_order_that_the_seed_decides() -> None:
    script = {(0, "start"): [Broadcast(Note("hi"), Audience.NODES)]}
    orders = {tuple(e[1] for e in play(script, nodes=6, seed=seed)[6:]) for seed in range(40)}
    assert len(orders) > 20


def test_replies_and_client_messages_pass_between_the_clients_actor_and_the_nodes() -> None:
    script = {
        (CLIENTS, "start"): [Send(1, Note("pay"))],
        (1, "pay"): [Reply("alice", Note("paid")), Send(CLIENTS, Note("by the way"))],
    }
    diary = play(script, clients_actor=CLIENTS)
    assert heard(diary, 1) == [(MS, 1, CLIENTS, "pay")]
    assert sorted(heard(diary, CLIENTS)) == [(2 * MS, CLIENTS, 1, "by the way"), (2 * MS, CLIENTS, 1, "paid")]


def test_without_a_clients_actor_replies_go_nowhere() -> None:
    assert len(play({(0, "start"): [Reply("alice", Note("paid"))]})) == 3


def test_sending_to_an_actor_that_is_not_there_is_a_bug_and_says_where() -> None:
    with pytest.raises(KeyError) as caught:
        play({(0, "start"): [Send(7, Note("?"))]})
    assert any("actor 0 (seed 1)" in note for note in caught.value.__notes__)


def test_voters_must_be_nodes_and_ids_distinct() -> None:
    with pytest.raises(ValueError, match="voters"):
        play({}, voters=(0, 3))
    with pytest.raises(ValueError, match="id of its own"):
        play({}, clients_actor=2)


@pytest.mark.parametrize(
    ("cut", "arrives"),
    [
        (Cut(at_ns=0, one=(0,)), []),
        (Cut(at_ns=0, one=(0,), other=(1,)), [(0, 2), (2, 0)]),
        (Cut(at_ns=0, one=(0,), other=(1,), one_way=True), [(0, 2), (1, 0), (2, 0)]),
        (Cut(at_ns=0, one=(0, 1), other=(2,)), [(0, 1), (1, 0)]),
    ],
    ids=["isolated", "pair", "one way", "split"],
)
def test_a_cut_severs_what_it_names(cut: Cut, arrives: list[tuple[int, int]]) -> None:
    script = {(node, "start"): [Broadcast(Note(str(node)), Audience.NODES)] for node in range(3)}
    crossed = sorted((sender, receiver) for _, receiver, sender, _ in play(script, faults=[cut])[3:])
    others = [(1, 2), (2, 1)] if len(cut.one) == 1 else []
    assert crossed == sorted(arrives + others)


def test_a_cut_ends_when_its_time_is_up() -> None:
    script = {
        (0, "start"): [SetTimer("early", 5 * MS), SetTimer("late", 10 * MS)],
        (0, "timer", "early"): [Send(1, Note("early"))],
        (0, "timer", "late"): [Send(1, Note("late"))],
    }
    diary = play(script, faults=[Cut(at_ns=MS, for_ns=9 * MS, one=(0,))])
    assert heard(diary, 1) == [(11 * MS, 1, 0, "late")]


def test_messages_under_way_survive_a_cut() -> None:
    diary = play({(0, "start"): [Send(1, Note("hi"))]}, faults=[Cut(at_ns=1, one=(0,))])
    assert heard(diary, 1) == [(MS, 1, 0, "hi")]


def test_loss_and_duplication_happen_as_often_as_they_should() -> None:
    script = {(0, "start"): [Broadcast(Note(str(i)), Audience.NODES) for i in range(200)]}
    settings = {"nodes": 101, "voters": (0, 1)}
    lossy = play(script, faults=[Loss(at_ns=0, ppm=300_000)], **settings)
    assert abs(len(lossy) - 101 - 14_000) < 300
    double = play(script, faults=[Duplicate(at_ns=0, ppm=100_000)], **settings)
    assert abs(len(double) - 101 - 22_000) < 300


def test_faults_of_links_touch_only_the_links_they_name() -> None:
    script = {(0, "start"): [Broadcast(Note("a"), Audience.NODES)], (1, "start"): [Send(2, Note("b"))]}
    diary = play(script, faults=[Delay(at_ns=0, extra_ns=5 * MS, sources=(0,), targets=(2,))])
    assert sorted(diary[3:]) == [(MS, 1, 0, "a"), (MS, 2, 1, "b"), (6 * MS, 2, 0, "a")]


def test_losing_a_message_moves_no_other_message_by_a_nanosecond() -> None:
    script = {(node, "start"): [Broadcast(Note(f"{node}.{i}"), Audience.NODES) for i in range(50)] for node in range(3)}
    links = Links(Link(latency=Uniform(low_ns=MS, high_ns=9 * MS)))
    whole = play(script, links=links)
    lossy = play(script, links=links, faults=[Loss(at_ns=0, ppm=200_000), Cut(at_ns=0, one=(0,), other=(2,))])
    doubled = play(script, links=links, faults=[Duplicate(at_ns=0, ppm=200_000)])
    assert len(lossy) < len(whole) < len(doubled)
    assert set(lossy) < set(whole) < set(doubled)


def test_run_says_why_it_stopped() -> None:
    world = World(
        factory=scripted({(0, "start"): [Send(1, Note("hi"))]}, []), nodes=2, voters=(0,), links=steady(), seed=1
    )
    assert world.run(until_ns=MS - 1) is Stop.TIME
    assert world.now == MS - 1
    assert world.run(until=lambda w: w.counts["delivered"] == 1) is Stop.PREDICATE
    assert world.now == MS
    assert world.run() is Stop.IDLE
    assert not world.step()


def test_a_cancelled_timer_of_that_name_that_never_was_is_harmless() -> None:
    assert len(play({(0, "start"): [CancelTimer("none")]})) == 3
