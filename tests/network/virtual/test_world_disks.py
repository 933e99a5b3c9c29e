from __future__ import annotations

import pytest

from consensus.vocabulary import Broadcast, Persist, Put, Reply, Send, SetTimer
from network.virtual import Constant, Crash, FullDisk, Pause, SlowDisk, Uniform, World
from tests.network.virtual.toys import MS, Note, play, scripted, steady


def put(key: int) -> Persist:
    return Persist((Put("s", key, "v"),))


def notes(diary):
    return sorted(entry for entry in diary if entry[2] not in ("start", "timer"))


def build(script, **settings) -> tuple[World, list]:
    diary = []
    options = {"nodes": 3, "voters": (0, 1), "links": steady(), "seed": 1, "sync": Constant(ns=10 * MS)} | settings
    return World(factory=scripted(script, diary), **options), diary


def test_nothing_leaves_before_what_was_persisted_ahead_of_it_is_durable() -> None:
    script = {(0, "start"): [Send(1, Note("before")), put(1), Send(1, Note("after")), Broadcast(Note("too"))]}
    diary = play(script, sync=Constant(ns=10 * MS))
    assert notes(diary) == [(MS, 1, 0, "before"), (11 * MS, 1, 0, "after"), (11 * MS, 1, 0, "too")]


def test_the_barrier_holds_across_lists_and_syncs_are_shared() -> None:
    script = {
        (0, "start"): [put(1), Send(1, Note("a")), SetTimer("t", 4 * MS)],
        (0, "timer", "t"): [Send(1, Note("b")), put(2), Send(1, Note("c")), put(3), Send(1, Note("d"))],
    }
    diary = play(script, sync=Constant(ns=10 * MS))
    assert notes(diary) == [(11 * MS, 1, 0, "a"), (11 * MS, 1, 0, "b"), (21 * MS, 1, 0, "c"), (21 * MS, 1, 0, "d")]


def test_timers_do_not_wait_for_the_disk() -> None:
    diary = play({(0, "start"): [put(1), SetTimer("t", MS)]}, sync=Constant(ns=10 * MS))
    assert (MS, 0, "timer", "t") in diary


def test_an_instant_disk_holds_nothing_back() -> None:
    world, diary = build({(0, "start"): [put(1), Send(1, Note("a"))]}, sync=Constant(ns=0))
    world.run(until_ns=MS)
    assert notes(diary) == [(MS, 1, 0, "a")]
    assert world.image(0) == {"s": {1: "v"}}


def test_the_clients_actor_needs_no_disk() -> None:
    diary = play({(9, "start"): [put(1), Send(1, Note("a"))]}, sync=Constant(ns=10 * MS), clients_actor=9)
    assert notes(diary) == [(MS, 1, 9, "a")]


def test_a_crash_takes_what_was_queued_behind_an_unfinished_sync_with_it() -> None:
    script = {(0, "start", 1): [put(1), Reply("c", Note("done")), Send(1, Note("done"))]}
    world, diary = build(script, faults=[Crash(at_ns=5 * MS, node=0, for_ns=MS)], clients_actor=9)
    world.run(until_ns=100 * MS)
    assert notes(diary) == []
    assert (6 * MS, 0, "start", 2) in diary


def test_what_a_crash_leaves_of_the_running_sync_is_drawn_and_what_waited_is_lost() -> None:
    script = {(0, "start", 1): [put(1), SetTimer("t", MS)], (0, "timer", "t"): [put(2), put(3)]}
    kept = set()
    for seed in range(30):
        world, _ = build(script, faults=[Crash(at_ns=5 * MS, node=0)], seed=seed)
        world.run(until_ns=50 * MS)
        kept.add(tuple(world.image(0).get("s", {})))
    assert kept == {(), (1,)}


def test_a_restart_finds_exactly_what_is_durable() -> None:
    script = {(0, "start", 1): [put(1), SetTimer("t", 11 * MS)], (0, "timer", "t"): [put(2)]}
    world, _ = build(script, faults=[Crash(at_ns=10 * MS + MS // 2, node=0, for_ns=MS)])
    world.run(until_ns=50 * MS)
    assert world.incarnation(0) == 2
    assert world.machine(0).image == {"s": {1: "v"}}


def test_machines_cannot_reach_the_disk_through_their_image() -> None:
    world, _ = build({(0, "start", 1): [put(1)]}, faults=[Crash(at_ns=20 * MS, node=0, for_ns=MS)])
    world.run(until_ns=30 * MS)
    world.machine(0).image["s"].clear()
    assert world.image(0) == {"s": {1: "v"}}


def test_a_paused_process_is_told_of_its_sync_when_it_goes_on() -> None:
    world, diary = build({(0, "start"): [put(1), Send(1, Note("a"))]}, faults=[Pause(at_ns=MS, node=0, for_ns=30 * MS)])
    world.run(until_ns=20 * MS)
    assert world.image(0) == {"s": {1: "v"}}
    world.run(until_ns=100 * MS)
    assert notes(diary) == [(32 * MS, 1, 0, "a")]


def test_a_slow_disk_takes_longer() -> None:
    script = {(0, "start"): [SetTimer("t", MS)], (0, "timer", "t"): [put(1), Send(1, Note("a"))]}
    assert notes(play(script, faults=[SlowDisk(at_ns=0, node=0, extra_ns=40 * MS)])) == [(42 * MS, 1, 0, "a")]


@pytest.mark.parametrize("sync", [Constant(ns=0), Uniform(low_ns=MS, high_ns=3 * MS)])
def test_a_full_disk_ends_the_process_until_there_is_room(sync) -> None:
    script = {(0, "start"): [SetTimer("t", 5 * MS)], (0, "timer", "t"): [put(1), Send(1, Note("a"))]}
    world, diary = build(script, sync=sync, faults=[FullDisk(at_ns=MS, node=0, for_ns=30 * MS)])
    world.run(until_ns=10 * MS)
    assert world.condition(0) == "down"
    assert world.image(0) == {}
    world.run(until_ns=100 * MS)
    assert (31 * MS, 0, "start", 2) in diary
    assert [entry[3] for entry in notes(diary)] == ["a"]
    assert world.image(0) == {"s": {1: "v"}}


def test_a_restart_does_not_help_while_the_disk_is_full() -> None:
    world, _ = build(
        {(0, "start"): [put(1)]},
        faults=[FullDisk(at_ns=0, node=0), Crash(at_ns=20 * MS, node=0, for_ns=5 * MS)],
    )
    world.run(until_ns=100 * MS)
    assert world.condition(0) == "down"
    assert world.incarnation(0) == 1
