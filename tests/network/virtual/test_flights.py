"""A trace can join what was received to what was sent, whatever becomes of messages on the way."""

from __future__ import annotations

from consensus.vocabulary import Audience, Broadcast, Send, SetTimer
from network.virtual import Constant, Duplicate, Link, Links, Loss, World
from network.virtual.faults import Crash, Cut
from network.virtual.flights import Flights
from tests.network.virtual.toys import MS, Note, scripted, steady


def traced(script, *, links=None, faults=(), nodes=3, **settings):
    told = []
    world = World(
        factory=scripted(script, []),
        nodes=nodes,
        voters=range(nodes),
        links=links or steady(),
        seed=1,
        faults=faults,
        trace=lambda *line: told.append(line),
        **settings,
    )
    world.run(until_ns=100 * MS)
    return told


def of(told, kind):
    return [line for line in told if line[1] == kind]


def test_every_arrival_of_a_broadcast_names_its_one_departure() -> None:
    told = traced({(0, "start"): [Broadcast(Note("hi"), Audience.NODES)]})
    ((_, _, sender, _, sent, flight),) = of(told, "send")
    assert (sender, sent.message, sorted(sent.to)) == (0, Note("hi"), [1, 2])
    assert sent.size > 0
    assert [(line[3], line[5]) for line in of(told, "receive")] == [(0, flight)] * 2


def test_one_object_that_is_sent_twice_arrives_from_two_flights_in_whichever_order() -> None:
    note = Note("again")
    links = Links(Link(latency=Constant(ns=MS)), {(0, 1): Link(latency=Constant(ns=9 * MS))})
    script = {(0, "start"): [Send(1, note), Send(2, note), SetTimer("t", 2 * MS)], (0, "timer", "t"): [Send(1, note)]}
    told = traced(script, links=links)
    departures = {line[5]: (line[0], line[4].to) for line in of(told, "send")}
    assert len(departures) == 3
    for now, _, node, _, _, flight in of(told, "receive"):
        left, to = departures[flight]
        assert (node,) == to
        assert now - left == (9 if node == 1 else 1) * MS


def test_a_second_copy_on_the_way_is_the_same_flight() -> None:
    told = traced({(0, "start"): [Send(1, Note("x"))]}, faults=[Duplicate(at_ns=0, ppm=1_000_000, for_ns=MS)])
    ((*_, sent, flight),) = of(told, "send")
    assert sent.to == (1, 1)
    assert [line[5] for line in of(told, "receive")] == [flight, flight]


def test_what_never_arrives_is_told_with_its_fate() -> None:
    lost = traced({(0, "start"): [Send(1, Note("x"))]}, faults=[Loss(at_ns=0, ppm=1_000_000, for_ns=MS)])
    assert [line[1:4] for line in of(lost, "lost")] == [("lost", 1, 0)]
    assert not of(lost, "send")
    cut = traced({(0, "start"): [Send(1, Note("x"))]}, faults=[Cut(at_ns=0, one=(1,), other=(0,), for_ns=MS)])
    assert [line[1:4] for line in of(cut, "cut")] == [("cut", 1, 0)]
    gone = traced({(0, "start"): [Send(1, Note("x"))]}, faults=[Crash(at_ns=0, node=1)])
    ((*_, flight),) = of(gone, "send")
    assert [line[2:4] + line[5:] for line in of(gone, "vanished")] == [(1, 0, flight)]
    assert not of(gone, "receive")


def test_identities_of_another_world_s_objects_mean_nothing() -> None:
    flights = Flights()
    note = Note("x")
    flights.departed(note, 7, 1)
    flights._aloft = {id(note): (Note("x"), 7, 1)}  # as a deep copy has it
    assert flights.boarding(note) is note
    assert flights.arrived(note) is None
