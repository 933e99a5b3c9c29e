"""Copies are independent and equal; equal states have one name, different ones have two."""

from __future__ import annotations

from collections import defaultdict, deque
from enum import Enum
from typing import NamedTuple

import msgspec
import pytest

from scenarios.adversary.explore import machine, scenes
from scenarios.adversary.explore.graph import clone, digest


class Place(NamedTuple):
    height: int
    held: list[int]


class Frozen(msgspec.Struct, frozen=True):
    number: int
    held: object = None


class Loose(msgspec.Struct):
    number: int


class Colour(Enum):
    RED = 1


class Slotted:
    __slots__ = ("here", "missing")

    def __init__(self):
        self.here = [1]


class Whole:
    """One of everything, with a cycle."""

    def __init__(self):
        self.me = self
        self.plain = (1, "a", b"b", None, Colour.RED, len, Whole)
        self.place = Place(1, [2])
        self.frozen = Frozen(1)
        self.hollow = Frozen(1, {"a": [1]})
        self.loose = Loose(3)
        self.slotted = Slotted()
        self.queue = deque([1, [2]], maxlen=3)
        self.votes = defaultdict(list, {1: [2]})
        self.seen = {3, 1, 2}
        self.shared = self.votes
        self.ask = self.answer

    def answer(self):
        return self.loose.number


def test_a_copy_is_equal_and_shares_what_cannot_change():
    whole = Whole()
    copy = clone(whole)
    assert digest(copy) == digest(whole)
    assert copy.frozen is whole.frozen
    assert copy.me is copy
    assert copy.shared is copy.votes
    assert (type(copy.place), copy.queue.maxlen, copy.votes.default_factory) == (Place, 3, list)


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole.place.held.append(1),
        lambda whole: whole.hollow.held["a"].append(1),
        lambda whole: setattr(whole.loose, "number", 4),
        lambda whole: whole.slotted.here.append(1),
        lambda whole: setattr(whole.slotted, "missing", 1),
        lambda whole: whole.queue[1].append(1),
        lambda whole: whole.votes[1].append(1),
        lambda whole: whole.votes.update({2: []}),
        lambda whole: whole.seen.add(4),
        lambda whole: setattr(whole, "plain", (True, *whole.plain[1:])),
        lambda whole: setattr(whole, "shared", dict(whole.votes)),
        lambda whole: setattr(whole, "frozen", Frozen(2)),
    ],
)
def test_a_change_of_a_copy_changes_its_name_and_not_the_original(change):
    whole = Whole()
    copy, before = clone(whole), digest(whole)
    change(copy)
    assert digest(whole) == before != digest(copy)


def test_a_copied_method_belongs_to_the_copy():
    copy = clone(whole := Whole())
    copy.loose.number = 7
    assert (copy.ask(), whole.ask()) == (7, 3)


def test_the_order_of_a_dictionary_counts_only_where_asked_for():
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert digest(one) == digest(other)
    assert digest(one, ordered=True) != digest(other, ordered=True)


def test_what_cannot_be_copied_is_named():
    with pytest.raises(TypeError, match="generator"):
        clone([(number for number in range(3))])


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_copied_core_goes_its_own_way(protocol):
    scene = scenes(protocol)[0]
    before = machine.started(scene, scene.correct[0], {}).machine
    name = before.name()
    timer = min(before.timers)
    after = machine.fired(scene, before, timer).machine
    assert before.name() == name != after.name()
    assert machine.fired(scene, before, timer).machine.name() == after.name()
