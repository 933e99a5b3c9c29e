from __future__ import annotations

import msgspec
import pytest

from network.virtual.faults import (
    Crash,
    Cut,
    Delay,
    Duplicate,
    FullDisk,
    Heal,
    Loss,
    Pause,
    Restart,
    Resume,
    SlowDisk,
    decode_plan,
    encode_plan,
)
from network.virtual.plan import Plan

ONE_OF_EACH = (
    Crash(at_ns=1, node=0, for_ns=5),
    Restart(at_ns=2, node=0),
    Pause(at_ns=3, node=1),
    Resume(at_ns=4, node=1),
    Cut(at_ns=5, one=(0, 1), other=(2,), one_way=True, name="east"),
    Heal(at_ns=6, name="east"),
    Loss(at_ns=7, ppm=1000, sources=(1,)),
    Duplicate(at_ns=8, ppm=10, targets=(2,)),
    Delay(at_ns=9, extra_ns=100),
    SlowDisk(at_ns=10, node=2, extra_ns=50),
    FullDisk(at_ns=11, node=2, for_ns=1),
)


def test_a_plan_survives_its_json() -> None:
    assert decode_plan(encode_plan(ONE_OF_EACH)) == ONE_OF_EACH


@pytest.mark.parametrize(
    "raw", [b'[{"kind":"meteor","at_ns":1}]', b'[{"kind":"crash","at_ns":1,"node":0,"x":1}]', b"{}"]
)
def test_what_is_no_plan_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_plan(raw)


def test_overlapping_faults_of_a_node_hold_until_the_last_ends() -> None:
    plan = Plan()
    first, second = plan.add(Crash(at_ns=0, node=3)), plan.add(Crash(at_ns=1, node=3))
    plan.begin(first)
    plan.begin(second)
    assert plan.end(first) == [Crash(at_ns=0, node=3)]
    assert plan.has(3, Crash)
    plan.end(second)
    assert not plan.has(3, Crash)


def test_explicit_ends_end_what_they_name_and_nothing_else() -> None:
    plan = Plan()
    east, west = Cut(at_ns=0, one=(0,), name="east"), Cut(at_ns=0, one=(1,), name="west")
    crash, pause = Crash(at_ns=0, node=1), Pause(at_ns=0, node=1)
    for fault in (east, west, crash, pause):
        plan.begin(plan.add(fault))
    plan.begin(plan.add(Restart(at_ns=1, node=2)))
    assert plan.active == (east, west, crash, pause)
    assert plan.begin(plan.add(Heal(at_ns=1, name="west"))) == [west]
    assert plan.begin(plan.add(Restart(at_ns=1, node=1))) == [crash]
    assert plan.begin(plan.add(Resume(at_ns=1, node=1))) == [pause]
    assert plan.active == (east,)
    assert plan.begin(plan.add(Heal(at_ns=2))) == [east]
    assert plan.end(0) == []


def test_delays_of_a_disk_add_up() -> None:
    plan = Plan()
    for extra in (3, 4):
        plan.begin(plan.add(SlowDisk(at_ns=0, node=0, extra_ns=extra)))
    assert plan.disk_extra_ns(0) == 7
    assert plan.disk_extra_ns(1) == 0
