# ruff: noqa: ARG002 (toy machines ignore most inputs)
from __future__ import annotations

import pytest

from consensus.vocabulary import Audience, Broadcast, Persist, Put, Send, SetTimer
from network.virtual import (
    BitRot,
    BrokerDown,
    Clock,
    Constant,
    Corrupt,
    Costs,
    Crash,
    Flap,
    Link,
    Links,
    Loss,
    Pause,
    Reorder,
    Ring,
    Slow,
    Star,
    Throttle,
    TornWrite,
    Uniform,
    World,
)
from network.virtual.post import Garbled, size_of
from tests.network.virtual.toys import MS, Note, Scripted, play, scripted, steady

TALK = {(node, "start"): [Broadcast(Note(f"{node}.{i}"), Audience.NODES) for i in range(40)] for node in range(3)}


def heard(diary, actor):
    return [entry for entry in diary if entry[1] == actor and entry[2] not in ("start", "timer")]


def ticking(every_ns: int, times: int):
    """Node 0 sets timer after timer, each ``every_ns`` by its own clock."""
    return {(0, "start"): [SetTimer("0", every_ns)]} | {
        (0, "timer", str(i)): [SetTimer(str(i + 1), every_ns)] for i in range(times)
    }


class Teller(Scripted):
    """Notes what its own clock says at each input."""

    def timer(self, now, name):
        self.diary.append(("clock", now))
        return super().timer(now, name)


def clock_readings(plan) -> list[int]:
    diary = []
    script = ticking(10 * MS, 20)
    world = World(
        factory=lambda me, image, incarnation: Teller(me, image, incarnation, script, diary),
        nodes=1,
        voters=(0,),
        links=steady(),
        seed=1,
        faults=plan,
    )
    world.run(until_ns=100 * MS)
    return [entry[1] for entry in diary if entry[0] == "clock"]


def test_a_stepped_clock_tells_another_time_and_its_timers_take_as_long_as_ever() -> None:
    told = clock_readings([Clock(at_ns=25 * MS, for_ns=None, node=0, step_ns=7 * MS)])
    assert told == [10 * MS, 20 * MS, *range(37 * MS, 108 * MS, 10 * MS)]


def test_a_fast_clock_s_timers_fire_early_and_a_slow_one_s_late() -> None:
    assert (
        len(clock_readings([Clock(at_ns=0, node=0, drift_ppm=500_000)])) == 14
    )  # the 15th, rounded up, comes a moment later
    assert len(clock_readings([Clock(at_ns=0, node=0, drift_ppm=-500_000)])) == 5


def test_a_clock_that_is_set_back_stands_still() -> None:
    told = clock_readings([Clock(at_ns=15 * MS, for_ns=20 * MS, node=0, step_ns=50 * MS)])
    assert told == [10 * MS, 70 * MS, 80 * MS, *[80 * MS] * 5, 90 * MS, 100 * MS]


def test_a_slow_node_takes_what_waits_in_line_in_order_and_speaks_when_it_is_done() -> None:
    script = {
        (1, "start"): [Send(0, Note("a")), Send(0, Note("b")), Send(0, Note("c"))],
        (0, "a"): [Send(2, Note("x"))],
    }
    links = Links(Link(latency=Constant(ns=MS)))
    diary = play(script, links=links, faults=[Slow(at_ns=0, node=0, extra_ns=10 * MS)])
    assert [entry[0] for entry in heard(diary, 0)] == [10 * MS, 20 * MS, 30 * MS]
    ((at, _, sender, _),) = heard(diary, 2)
    assert sender == 0
    assert at in (21 * MS, 31 * MS, 41 * MS)  # whenever "a" had its turn, ten milliseconds of work and one of travel


def test_a_slow_node_that_crashes_forgets_who_waited() -> None:
    script = {(1, "start"): [Send(0, Note("a")), Send(0, Note("b"))]}
    plan = [Slow(at_ns=0, node=0, extra_ns=10 * MS), Crash(at_ns=5 * MS, for_ns=MS, node=0)]
    assert heard(play(script, faults=plan), 0) == []


def test_a_paused_node_keeps_those_in_line_for_later() -> None:
    script = {(1, "start"): [Send(0, Note("a")), Send(0, Note("b"))]}
    plan = [Slow(at_ns=0, node=0, extra_ns=10 * MS), Pause(at_ns=5 * MS, for_ns=40 * MS, node=0)]
    assert [entry[0] for entry in heard(play(script, faults=plan), 0)] == [45 * MS, 55 * MS]


def test_work_costs_time_by_what_is_done() -> None:
    costs = Costs(input_ns=MS, byte_ps=0, sign_ns=2 * MS, verify_ns=4 * MS, transaction_ns=0)
    script = {(1, "start"): [Send(0, Note("a"))], (0, "a"): [Send(2, Note("b"))]}
    diary = play(script, costs=costs, checked=lambda _: 0)
    # Node 1 signs 2; travels 1; node 0 takes it in (1 + 4) and signs (2), after which it travels 1.
    assert heard(diary, 0) == [(3 * MS, 0, 1, "a")]
    assert heard(diary, 2) == [(11 * MS, 2, 0, "b")]


def test_costs_want_to_know_who_counts_the_signatures() -> None:
    costs = Costs(input_ns=0, byte_ps=0, sign_ns=0, verify_ns=MS, transaction_ns=0)
    with pytest.raises(ValueError, match="checked="):
        play({}, costs=costs)


class Checking(Scripted):
    """Checks signatures: three while it is built, two for a message, one for a timer."""

    checked = 3

    def receive(self, now, sender, message):
        self.checked += 2
        return super().receive(now, sender, message)

    def timer(self, now, name):
        self.checked += 1
        return super().timer(now, name)


def test_a_node_works_for_each_signature_that_it_checked_at_any_input_of_this_incarnation() -> None:
    diary = []
    machines = {}
    script = {
        (0, "start"): [Send(1, Note("up")), SetTimer("tick", 20 * MS)],
        (0, "a"): [Send(1, Note("heard"))],
        (0, "timer", "tick"): [Send(1, Note("tock"))],
        (2, "start"): [Send(0, Note("a"))],
    }

    def build(me, image, incarnation):
        kind = Checking if me == 0 else Scripted
        machines[me] = kind(me, image, incarnation, script, diary)
        return machines[me]

    World(
        factory=build,
        nodes=3,
        voters=(0, 1, 2),
        links=steady(MS),
        seed=1,
        costs=Costs(input_ns=0, byte_ps=0, sign_ns=0, verify_ns=MS, transaction_ns=0),
        checked=lambda node: getattr(machines[node], "checked", 0),
        faults=[Crash(at_ns=40 * MS, for_ns=10 * MS, node=0)],
    ).run(until_ns=80 * MS)
    # Building takes 3; "a", which has waited, is taken in (1, and 2 inside); the timer 1. Then all of it once more.
    assert [(at, text) for at, _, _, text in heard(diary, 1)] == [
        (4 * MS, "up"),
        (7 * MS, "heard"),
        (22 * MS, "tock"),
        (54 * MS, "up"),
        (72 * MS, "tock"),
    ]


def test_a_garbled_message_arrives_as_nothing_that_can_be_read() -> None:
    seen = []
    world = World(
        factory=lambda *_: Deaf(seen),
        nodes=2,
        voters=(0, 1),
        links=steady(),
        seed=1,
        faults=[Corrupt(at_ns=0, ppm=1_000_000)],
    )
    world.run(until_ns=10 * MS)
    assert seen == [Garbled(size_of(Note("hi")))] * 2
    assert world.counts["garbled"] == 2


class Deaf:
    """Says hello and keeps whatever comes."""

    def __init__(self, seen):
        self.seen = seen

    def start(self, now):
        return [Broadcast(Note("hi"))]

    def receive(self, now, sender, message):
        self.seen.append(message)
        return []


@pytest.mark.parametrize("fault", [Corrupt(at_ns=0, ppm=300_000), Reorder(at_ns=0, ppm=300_000, by_ns=20 * MS)])
def test_a_fault_moves_only_the_messages_that_it_befalls(fault) -> None:
    links = Links(Link(latency=Uniform(low_ns=MS, high_ns=9 * MS)))
    loss = Loss(at_ns=0, ppm=200_000)
    lossy = {e for e in play(TALK, links=links, faults=[loss]) if isinstance(e[2], int)}
    seen = []
    World(
        factory=lambda me, image, incarnation: Sorter(me, image, incarnation, TALK, seen),
        nodes=3,
        voters=(0, 1),
        links=links,
        seed=1,
        faults=[loss, fault],
    ).run(until_ns=100 * MS)
    both = {e for e in seen if isinstance(e[2], int)}
    assert 0.5 * len(lossy) < len(both & lossy) < 0.9 * len(lossy)
    assert {e[1:] for e in both} <= {e[1:] for e in lossy}


class Sorter(Scripted):
    """Passes over garbled messages."""

    def receive(self, now, sender, message):
        return [] if isinstance(message, Garbled) else super().receive(now, sender, message)


def test_in_a_ring_everyone_hears_two_neighbours() -> None:
    script = {(node, "start"): [Broadcast(Note("hi"), Audience.NODES)] for node in range(5)}
    diary = play(script, nodes=5, faults=[Ring(at_ns=0, order=(3, 1, 4, 0, 2))])
    assert {node: sorted(entry[2] for entry in heard(diary, node)) for node in range(5)} == {
        0: [2, 4],
        1: [3, 4],
        2: [0, 3],
        3: [1, 2],
        4: [0, 1],
    }


def test_a_flapping_link_is_cut_and_whole_by_turns() -> None:
    script = ticking(2 * MS, 20) | {
        (0, "timer", str(i)): [Send(1, Note(str(i))), SetTimer(str(i + 1), 2 * MS)] for i in range(20)
    }
    plan = [Flap(at_ns=9 * MS, for_ns=20 * MS, one=(0,), other=(1,), down_ns=5 * MS, up_ns=5 * MS)]
    arrived = [entry[0] // MS for entry in heard(play(script, faults=plan), 1)]
    assert arrived == [3, 5, 7, 9, 15, 17, 19, 25, 27, *range(29, 43, 2)]


def test_messages_wait_in_line_for_a_link_of_limited_bandwidth() -> None:
    script = {(0, "start"): [*(Send(1, Note(f"0.{i}")) for i in range(5)), Send(2, Note("0.9"))]}
    busy_ns = size_of(Note("0.0")) * 1000
    diary = play(script, faults=[Throttle(at_ns=0, bytes_per_s=1_000_000)])
    assert heard(diary, 1) == [(MS + (i + 1) * busy_ns, 1, 0, f"0.{i}") for i in range(5)]
    assert heard(diary, 2) == [(MS + busy_ns, 2, 0, "0.9")]


def test_in_a_star_a_message_takes_two_links() -> None:
    spokes = {0: Link(latency=Constant(ns=2 * MS)), 2: Link(latency=Constant(ns=7 * MS))}
    links = Star(Link(latency=Constant(ns=MS)), spokes)
    diary = play({(0, "start"): [Send(1, Note("near")), Send(2, Note("far"))]}, links=links)
    assert sorted(diary[3:]) == [(3 * MS, 1, 0, "near"), (9 * MS, 2, 0, "far")]


@pytest.mark.parametrize(("backlog", "arrived"), [(False, []), (True, [21 * MS])])
def test_a_broker_that_restarts_loses_messages_or_delivers_its_backlog(backlog, arrived) -> None:
    plan = [BrokerDown(at_ns=0, for_ns=20 * MS, backlog=backlog)]
    script = {(0, "start"): [SetTimer("t", MS)], (0, "timer", "t"): [Send(1, Note("hi"))]}
    assert [entry[0] for entry in heard(play(script, faults=plan), 1)] == arrived


def disk_after_a_crash(*, journal: bool, seed: int) -> tuple[int, int]:
    """How many of the four records of one write a restart finds, and how often a write was torn."""
    world = World(
        factory=scripted({(0, "start", 1): [Persist(tuple(Put("s", key, key) for key in range(4)))]}, []),
        nodes=1,
        voters=(0,),
        links=steady(),
        seed=seed,
        sync=Constant(ns=5 * MS),
        journal=journal,
        faults=[TornWrite(at_ns=0, node=0), Crash(at_ns=MS, node=0)],
    )
    world.run(until_ns=10 * MS)
    return len(world.image(0).get("s", {})), world.counts["torn"]


def test_a_torn_write_is_undone_as_a_whole_where_the_disk_keeps_a_journal() -> None:
    found = [disk_after_a_crash(journal=True, seed=seed) for seed in range(30)]
    assert set(found) == {(0, 1), (4, 0)}
    assert {records for records, _ in (disk_after_a_crash(journal=False, seed=s) for s in range(60))} == {0, 1, 2, 3, 4}


def test_a_node_whose_disk_reads_wrongly_starts_when_it_reads_well_again() -> None:
    plan = [BitRot(at_ns=2 * MS, for_ns=30 * MS, node=0), Crash(at_ns=5 * MS, for_ns=5 * MS, node=0)]
    starts = [entry[0] for entry in play({}, faults=plan) if entry[1:3] == (0, "start")]
    assert starts == [0, 32 * MS]
