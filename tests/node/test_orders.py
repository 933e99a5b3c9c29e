"""What a node does on the word of whoever started it, and what it does with words that make no sense."""

import asyncio
import os

import pytest

from network.bus.links import LinkFaults
from node.orders import Orders


@pytest.fixture
def links():
    return LinkFaults("member-0")


@pytest.fixture
def stop():
    return asyncio.Event()


@pytest.fixture
def begun():
    return []


@pytest.fixture
def orders(links, stop, begun):
    return Orders(links, stop, begun.append)


def test_a_node_is_told_when_business_began(orders, begun):
    orders.obey(b'{"do":"begin","at_ns":12}')
    orders.obey(b'{"do":"begin","at_ns":"now"}')
    assert begun == [12]


def test_links_are_cut_and_worsened_by_command(orders, links):
    orders.obey(b'{"do":"links","cut":["member-1"],"rules":{"member-2":{"loss_ppm":1000000}}}')
    assert links.cut == {"member-1"}
    assert links.judge("member-2") == ()
    orders.obey(b'{"do":"links","cut":[],"rules":{}}')
    assert links.judge("member-1") == links.judge("member-2") == (0,)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"\xff",
        b"7",
        b'{"do":"dance"}',
        b'{"do":"links","cut":7,"rules":{}}',
        b'{"do":"links","cut":[],"rules":{"member-2":{"loss_ppm":-1}}}',
    ],
)
def test_a_command_that_makes_no_sense_changes_nothing(orders, links, stop, line):
    links.partition(["member-1"])
    orders.obey(line)
    assert links.cut == {"member-1"}
    assert not stop.is_set()


def test_a_node_stops_when_it_is_told_to(orders, stop):
    orders.obey(b'{"do":"stop"}')
    assert stop.is_set()


async def test_the_end_of_its_input_stops_a_node(orders, stop):
    reading, writing = os.pipe()
    os.write(writing, b'{"do":"links","cut":["member-1"],"rules":{}}\n')
    os.close(writing)
    with os.fdopen(reading) as lines:
        await orders.read(lines)
    assert stop.is_set()
    assert orders._links.cut == {"member-1"}
