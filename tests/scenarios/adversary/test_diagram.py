"""The message diagram: what the facts name is marked, what led to it is shown, and the picture is a picture."""

from xml.etree import ElementTree as ET

import msgspec
import pytest

from scenarios.adversary import Broken, draw_trial, play
from scenarios.adversary.diagram import Diagram, Event, as_svg, as_text, causes_as_text, record


@pytest.fixture(scope="module")
def diagram():
    """Of a bug that is shown by what two nodes said at different times."""
    trial = msgspec.structs.replace(
        draw_trial("raft", 1001, network="cores", nodes=3), bug="raft-term-not-durable", operations=5
    )
    return record(trial, play(trial).broken)


def test_what_the_facts_name_is_marked_and_followed_back(diagram):
    named = [event for event in diagram.events if event.mark == "A"]
    assert named
    assert all(f"node {event.node}." in diagram.broken.fact_a for event in named)
    chain = diagram.causes("A")
    assert [event.at_ns for event in chain] == sorted(event.at_ns for event in chain)
    assert len(chain) > len(named), "something led to it"


def test_a_message_follows_from_what_its_sender_did_before(diagram):
    heard = [event for event in diagram.events if event.sender is not None and event.cause is not None]
    assert heard
    for event in heard:
        cause = diagram.events[event.cause]
        assert cause.node == event.sender
        assert cause.at_ns <= event.at_ns


def test_events_are_in_order_and_what_is_left_out_is_counted(diagram):
    times = [event.at_ns for event in diagram.events]
    assert times == sorted(times)
    assert len(diagram.skipped) == len(diagram.events)
    assert sum(diagram.skipped) > 0


def test_the_terminal_shows_every_event_and_the_property(diagram):
    text = as_text(diagram)
    assert all(event.label in text for event in diagram.events)
    assert diagram.broken.property in text
    assert text.count("│") > 10


def test_the_picture_is_whole_and_escapes_what_it_says(diagram):
    broken = msgspec.structs.replace(diagram.broken, fact_b="a < b & c " * 40)
    root = ET.fromstring(as_svg(msgspec.structs.replace(diagram, broken=broken)))  # noqa: S314 - our own
    texts = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert sum("a < b & c" in text for text in texts) > 1, "a long fact is broken into lines"
    dots = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(dots) == sum(not event.lost for event in diagram.events)
    width = float(root.get("width"))
    assert all(float(dot.get("cx")) < width for dot in dots)


BROKEN = Broken(property="p", fact_a="a", fact_b="b", at_ns=3_000_000)


def test_each_kind_of_event_has_its_sign():
    events = (
        Event(1_000_000, 0, 3, "Request", "a"),
        Event(2_000_000, 2, 0, "Append", "A", 0),
        Event(2_000_000, 0, 2, "Answer"),
        Event(2_500_000, 1, 0, "Append (lost)", lost=True),
        Event(3_000_000, 1, None, "decides 1"),
    )
    lines = as_text(Diagram(3, events, (7, 0, 0, 1, 0), BROKEN)).splitlines()
    assert lines[0].split() == ["n0", "n1", "n2", "clients"]
    assert lines[1].endswith("7 events")
    assert lines[2].index("<") < lines[2].index("o")
    assert " a " in lines[2]
    assert "[A]" in lines[3]
    assert lines[3].index("o") < lines[3].index(">")
    assert lines[4].index("<") < lines[4].index("o")
    assert lines[5].endswith("1 event")
    assert "x" in lines[6]
    assert "*" in lines[7]
    assert list(causes_as_text(Diagram(3, events, (0,) * 5, BROKEN), "A")) == [
        "1.000 ms  node 0 hears the clients: Request",
        "2.000 ms  node 2 hears node 0: Append",
    ]


def test_many_nodes_have_narrow_columns():
    events = (Event(1, 20, 3, "Append"),)
    rows = as_text(Diagram(21, events, (0,), BROKEN)).splitlines()
    assert max(map(len, rows)) < 140
