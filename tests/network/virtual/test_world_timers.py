from __future__ import annotations

import pytest

from consensus.vocabulary import CancelTimer, Send, SetTimer
from network.virtual import Constant, Crash, Link, Links, Pause, Resume
from tests.network.virtual.toys import MS, Note, play


def fired(diary, actor=0):
    return [(entry[0], entry[3]) for entry in diary if entry[1] == actor and entry[2] == "timer"]


def test_a_timer_fires_once_at_its_time() -> None:
    assert fired(play({(0, "start"): [SetTimer("a", 5 * MS), SetTimer("now", 0)]})) == [(0, "now"), (5 * MS, "a")]


@pytest.mark.parametrize(("first", "second"), [(5, 9), (9, 5), (9, 9)])
def test_setting_a_timer_again_replaces_it(first: int, second: int) -> None:
    diary = play({(0, "start"): [SetTimer("a", first * MS), SetTimer("a", second * MS)]})
    assert fired(diary) == [(second * MS, "a")]


def test_a_cancelled_timer_does_not_fire_and_may_be_set_again() -> None:
    script = {
        (0, "start"): [SetTimer("a", 5 * MS), CancelTimer("a"), SetTimer("b", 2 * MS)],
        (0, "timer", "b"): [SetTimer("a", 10 * MS)],
    }
    assert fired(play(script)) == [(2 * MS, "b"), (12 * MS, "a")]
    shorter = script | {(0, "timer", "b"): [SetTimer("a", 0)]}
    assert fired(play(shorter)) == [(2 * MS, "b"), (2 * MS, "a")]


def test_a_timer_pushed_back_again_and_again_fires_at_its_last_time_only() -> None:
    script = {
        (0, "start"): [SetTimer("slow", 5 * MS), SetTimer("t", MS)],
        (0, "timer", "t"): [SetTimer("slow", 5 * MS)],
    }
    assert fired(play(script)) == [(MS, "t"), (6 * MS, "slow")]


def test_timers_into_the_past_are_a_bug() -> None:
    with pytest.raises(ValueError, match="into the past"):
        play({(0, "start"): [SetTimer("a", -1)]})


def test_a_crash_forgets_timers_even_when_the_next_incarnation_sets_the_same_name() -> None:
    script = {(0, "start"): [SetTimer("a", 5 * MS)]}
    diary = play(script, faults=[Crash(at_ns=2 * MS, node=0, for_ns=MS)])
    assert fired(diary) == [(8 * MS, "a")]


def test_a_paused_node_gets_what_waited_in_order_then_its_overdue_timers() -> None:
    links = Links(Link(latency=Constant(ns=MS)), {(2, 0): Link(latency=Constant(ns=3 * MS))})
    script = {
        (0, "start"): [SetTimer("first", 4 * MS), SetTimer("second", 5 * MS), SetTimer("later", 30 * MS)],
        (1, "start"): [Send(0, Note("one"))],
        (2, "start"): [Send(0, Note("two"))],
        (1, "one more"): [],
    }
    diary = play(script, links=links, faults=[Pause(at_ns=MS // 2, node=0), Resume(at_ns=20 * MS, node=0)])
    assert [entry for entry in diary if entry[1] == 0][1:] == [
        (20 * MS, 0, 1, "one"),
        (20 * MS, 0, 2, "two"),
        (20 * MS, 0, "timer", "first"),
        (20 * MS, 0, "timer", "second"),
        (30 * MS, 0, "timer", "later"),
    ]


def test_a_waiting_message_may_still_push_an_overdue_timer_back() -> None:
    script = {
        (0, "start"): [SetTimer("t", 4 * MS)],
        (1, "start"): [Send(0, Note("alive"))],
        (0, "alive"): [SetTimer("t", 4 * MS)],
    }
    diary = play(script, faults=[Pause(at_ns=MS // 2, node=0, for_ns=20 * MS)])
    assert fired(diary) == [(24 * MS + MS // 2, "t")]


def test_a_pause_does_not_outlive_the_process() -> None:
    script = {(1, "start"): [SetTimer("t", 12 * MS)], (1, "timer", "t"): [Send(0, Note("hi"))]}
    plan = [Pause(at_ns=MS, node=0, for_ns=50 * MS), Crash(at_ns=5 * MS, node=0, for_ns=MS)]
    assert (13 * MS, 0, 1, "hi") in play(script, faults=plan)
