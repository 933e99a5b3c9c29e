"""What a node tells its runner: one JSON line when something changed, bounded whatever its peers do."""

import io

import msgspec
import pytest

from consensus.protocols import Status
from node import telemetry as room
from node.telemetry import Telemetry
from tests.node.lab import Net

HEAD = Net().common.genesis_block


class Told(Telemetry):
    def __init__(self):
        self.pipe = io.StringIO()
        super().__init__("member-0", self.pipe)

    def tell(self, *, first=False, height=0, counters=None):
        status = Status(role="leader", round=1, leader=0, height=height)
        told = {"mempool": 0, "head": HEAD, "root": bytes(32), "whole": True, "counters": counters or {}}
        self.status(first=first, status=status, **told)

    @property
    def lines(self):
        return [msgspec.json.decode(line) for line in self.pipe.getvalue().splitlines()]


@pytest.fixture
def told():
    return Told()


def test_the_first_status_says_that_the_node_is_ready(told):
    told.tell(first=True)
    assert [(line["node"], line["event"]) for line in told.lines] == [("member-0", "ready")]


def test_nothing_is_told_while_nothing_changes(told):
    told.tell(first=True)
    told.tell()
    told.tell(counters={"frames_in": 99})
    assert len(told.lines) == 1


def test_a_change_is_told(told):
    told.tell(first=True)
    told.tell(height=1)
    assert told.lines[-1]["height"] == 1


def test_messages_are_counted_by_kind_and_told_once(told):
    told.tell(first=True)
    for way in ("sent", "heard", "heard"):
        told.message(way, "raft.append")
    told.tell()
    told.tell(height=1)
    told.tell(height=2)
    assert [line["messages"] for line in told.lines] == [{}, {"sent.raft.append": 1, "heard.raft.append": 2}, {}]


def test_commits_are_told_once_with_their_times(told):
    told.tell(first=True)
    told.committed(1)
    told.committed(2)
    told.tell()
    told.tell()
    assert [[height for height, _ in line["commits"]] for line in told.lines] == [[], [1, 2]]


def test_rejections_are_told_even_if_nothing_else_changed(told):
    told.tell(first=True)
    told.rejected("member-1", "a lie")
    told.rejected("member-1", "a lie")
    told.tell()
    told.tell()
    assert [line["rejections"] for line in told.lines] == [{}, {"member-1: a lie": 2}]


def test_a_flood_of_different_rejections_is_counted_and_costs_little(told, monkeypatch):
    monkeypatch.setattr(room, "REASONS_MAX", 3)
    for number in range(100):
        told.rejected("member-1", f"lie {number}" * 1000)
    told.tell()
    rejections = told.lines[-1]["rejections"]
    assert len(rejections) == 4
    assert rejections["others"] == 97
    assert max(map(len, rejections)) < 200


def test_a_reader_that_is_gone_does_not_stop_the_node(told):
    told.pipe.close()
    told.event("anything")
    told.tell(first=True)
