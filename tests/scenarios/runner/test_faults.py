"""Faults: when each begins, whom it means, and what a world is told to do."""

import json

import pytest
from pydantic import ValidationError

from consensus.protocols import Status
from network.virtual.faults import (
    BitRot,
    BrokerDown,
    Clock,
    Corrupt,
    Crash,
    Cut,
    Delay,
    Duplicate,
    Flap,
    FullDisk,
    Loss,
    Pause,
    Reorder,
    Restart,
    Slow,
    SlowDisk,
    Throttle,
    TornWrite,
)
from network.virtual.links import instant_links
from scenarios.language.models.faults import VIRTUAL_ONLY, Fault
from scenarios.runner.faults import FaultScript, apply_fault, over_ns, seconds
from scenarios.runner.ground import resolve_target
from scenarios.runner.link_orders import LinkOrders
from scenarios.runner.virtual import VirtualHands

NAMES = ("n0", "n1", "n2", "n3")
SECOND = 10**9


def fault(**fields):
    return Fault.model_validate_json(json.dumps({"at": "1 s", **fields}))


# When


def test_a_fault_begins_at_its_time_and_once():
    script = FaultScript([fault(crash="n0"), fault(at="2 s", crash="n1")])
    assert script.next_ns == SECOND
    assert script.due(SECOND - 1, 0) == []
    assert [f.crash for f in script.due(SECOND, 0)] == ["n0"]
    assert script.due(SECOND, 0) == []
    assert script.next_ns == 2 * SECOND


def test_faults_that_are_overdue_begin_together_in_their_order():
    script = FaultScript([fault(at="2 s", crash="n1"), fault(crash="n0")])
    assert [f.crash for f in script.due(9 * SECOND, 0)] == ["n1", "n0"]
    assert script.next_ns is None


def test_a_fault_may_wait_for_a_height():
    script = FaultScript([Fault(after_commits=5, crash="n0")])
    assert (script.next_ns, script.counts_commits) == (None, True)
    assert script.due(99 * SECOND, 4) == []
    assert len(script.due(0, 5)) == 1
    assert not script.counts_commits


def test_a_fault_is_over_when_it_says():
    assert over_ns(fault(crash="n0", restart_after="2 s"), SECOND) == 3 * SECOND
    assert over_ns(fault(pause="n0", **{"for": "2 s"}), SECOND) == 3 * SECOND
    assert over_ns(fault(crash="n0"), SECOND) is None


# Whom


def up(**leaders):
    """Status of nodes that are up: n0=1 means that node 0 takes node 1 for the leader."""
    return {
        int(name[1:]): Status(role="follower", round=1, leader=leader, height=0) for name, leader in leaders.items()
    }


@pytest.mark.parametrize(
    ("target", "nodes", "meant"),
    [
        ("n2", up(), 2),
        ("leader", up(n0=1, n1=1, n2=1), 1),
        ("leader", up(n0=0, n1=2, n2=2), 2),
        ("leader", up(n0=0, n1=1), 0),
        ("leader", up(n1=None, n2=None), 1),
        ("leader", up(n1=3, n2=3), 1),
        ("leader", up(), 0),
        ("follower", up(n0=1, n1=1, n2=1), 0),
        ("follower", up(n0=0, n1=0, n2=0), 1),
        ("follower", up(n1=1), 1),
    ],
)
def test_leader_and_follower_are_who_most_believe_them_to_be(target, nodes, meant):
    assert resolve_target(target, NAMES, (0, 1, 2), nodes) == meant


# What


class Hands:
    def __init__(self):
        self.done = []

    def __getattr__(self, name):
        return lambda *arguments, **named: self.done.append((name, *arguments, *filter(named.get, named)))


@pytest.mark.parametrize(
    ("fields", "done", "told"),
    [
        ({"crash": "n1"}, [("crash", 1, None)], "n1 is killed"),
        (
            {"crash": "n1", "restart_after": "2 s"},
            [("crash", 1, 2 * SECOND)],
            "n1 is killed, back in 2 s",
        ),
        ({"restart": "n1"}, [("restart", 1)], "n1 starts again"),
        ({"pause": "n1", "for": "500 ms"}, [("pause", 1, SECOND // 2)], "n1 stands still for 500 ms"),
        ({"cut": ["n1", "n2"]}, [("cut", (1, 2), (), None)], "n1, n2 cut off from everyone"),
        ({"cut": ["n1"], "from": ["n0"], "for": "1 s"}, [("cut", (1,), (0,), SECOND)], "n1 cut off from n0 for 1 s"),
        (
            {"cut": ["n1"], "from": ["n0"], "one_way": True},
            [("cut", (1,), (0,), None, "one_way")],
            "n1 no longer heard by n0",
        ),
        (
            {"byzantine": "n2", "does": ["mute", "forge"], "for": "1 s"},
            [("lie", 2, ("mute", "forge"), SECOND)],
            "n2 lies: mute, forge for 1 s",
        ),
        (
            {"partition": [["n0"], ["n1"], "rest"]},
            [("cut", (0,), (1,), None), ("cut", (0,), (2, 3), None), ("cut", (1,), (2, 3), None)],
            "the network splits: n0 | n1 | n2, n3",
        ),
        ({"partition": [["n0"], ["n1"]]}, [("cut", (0,), (1,), None)], "the network splits: n0 | n1"),
        (
            {"ring": ["n2", "n0", "n3", "n1"], "for": "1 s"},
            [("cut", (2,), (3,), SECOND), ("cut", (0,), (1,), SECOND)],
            "each hears two neighbours only, around n2, n0, n3, n1 for 1 s",
        ),
        ({"loss": "2.5%", "for": "1 s"}, [("worsen", (), 25_000, 0, SECOND)], "2.5 % of messages lost for 1 s"),
        ({"delay": "20 ms", "on": ["n3"]}, [("worsen", (3,), 0, 20_000_000, None)], "messages 20 ms late at n3"),
    ],
)
def test_a_fault_does_what_it_says_and_is_told(fields, done, told):
    hands = Hands()
    line = apply_fault(fault(**fields), hands, NAMES.index, len(NAMES))
    assert hands.done == done
    assert line.format(*NAMES) == told


MS = 10**6


@pytest.mark.parametrize(
    ("fields", "item", "on", "told"),
    [
        (
            {"slow": "n1", "by": "5 ms"},
            Slow(at_ns=0, node=1, extra_ns=5 * MS),
            (),
            "n1 takes 5 ms longer for everything",
        ),
        (
            {"clock": "n1", "ahead": "2 s", "loses": "1%", "for": "3 s"},
            Clock(at_ns=0, for_ns=3 * SECOND, node=1, step_ns=2 * SECOND, drift_ppm=-10_000),
            (),
            "n1's clock jumps 2 s ahead and loses 1 % for 3 s",
        ),
        (
            {"clock": "n1", "behind": "20 ms"},
            Clock(at_ns=0, node=1, step_ns=-20 * MS),
            (),
            "n1's clock jumps 20 ms back",
        ),
        (
            {"slow_disk": "n2", "by": "1 s"},
            SlowDisk(at_ns=0, node=2, extra_ns=SECOND),
            (),
            "n2's disk takes 1 s longer",
        ),
        ({"full_disk": "n2", "for": "1 s"}, FullDisk(at_ns=0, node=2, for_ns=SECOND), (), "n2's disk is full for 1 s"),
        ({"torn_write": "n2"}, TornWrite(at_ns=0, node=2), (), "a crash tears what n2 writes"),
        ({"bit_rot": "n2"}, BitRot(at_ns=0, node=2), (), "n2's disk rots"),
        ({"duplicate": "5%"}, Duplicate(at_ns=0, ppm=50_000), (), "5 % of messages doubled"),
        ({"corrupt": "5%", "on": ["n3"]}, Corrupt(at_ns=0, ppm=50_000), (3,), "5 % of messages garbled at n3"),
        (
            {"reorder": "5%", "by": "20 ms"},
            Reorder(at_ns=0, ppm=50_000, by_ns=20 * MS),
            (),
            "5 % of messages held back by up to 20 ms",
        ),
        (
            {"throttle": "10 kB", "on": ["n0", "n1"]},
            Throttle(at_ns=0, bytes_per_s=10_000),
            (0, 1),
            "links carry 10000 bytes a second at n0, n1",
        ),
        (
            {"flap": ["n0"], "down": "1 s", "up": "2 s", "for": "9 s"},
            Flap(at_ns=0, for_ns=9 * SECOND, one=(0,), down_ns=SECOND, up_ns=2 * SECOND),
            (),
            "n0 by turns 1 s cut off from everyone and 2 s as ever for 9 s",
        ),
        (
            {"flap": ["n0"], "from": ["n1"], "one_way": True, "down": "1 s", "up": "2 s", "for": "9 s"},
            Flap(at_ns=0, for_ns=9 * SECOND, one=(0,), other=(1,), one_way=True, down_ns=SECOND, up_ns=2 * SECOND),
            (),
            "n0 by turns 1 s not heard by n1 and 2 s as ever for 9 s",
        ),
        (
            {"broker_down": "backlog", "for": "1 s"},
            BrokerDown(at_ns=0, for_ns=SECOND, backlog=True),
            (),
            "the broker is down, what is sent waits for 1 s",
        ),
        (
            {"broker_down": "lost", "for": "1 s"},
            BrokerDown(at_ns=0, for_ns=SECOND),
            (),
            "the broker is down, what is sent is lost for 1 s",
        ),
    ],
)
def test_what_the_virtual_world_alone_can_do_is_an_item_of_its_plan(fields, item, on, told):
    hands = Hands()
    line = apply_fault(fault(**fields), hands, NAMES.index, len(NAMES))
    assert hands.done == [("inject", item, on)]
    assert line.format(*NAMES) == told
    assert fault(**fields).kind in VIRTUAL_ONLY


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"slow": "n1"}, "`slow` needs `by`"),
        ({"reorder": "5%"}, "`reorder` needs `by`"),
        ({"flap": ["n1"], "down": "1 s", "up": "1 s"}, "`flap` needs `for`"),
        ({"byzantine": "n1"}, "`byzantine` needs `does`"),
        ({"crash": "n1", "one_way": True}, "`one_way` goes with `cut` or `flap`, not with `crash`"),
        ({"broker_down": "lost"}, "`broker_down` needs `for`"),
        ({"clock": "n1"}, "`clock` needs `ahead`, `behind`, `gains` or `loses`"),
        ({"clock": "n1", "gains": "1%", "loses": "1%"}, "a clock has `gains` or `loses`, not both"),
        ({"clock": "n1", "gains": "60%"}, "less than or equal to 500000"),
        ({"throttle": "0 B"}, "greater than or equal to 1"),
        ({"ring": ["n0", "n1", "n2"]}, "at least 4 items"),
        ({"crash": "n1", "by": "1 ms"}, "`by` goes with `reorder` or `slow` or `slow_disk`, not with `crash`"),
        ({"broker_down": "lost", "for": "1 s", "on": ["n1"]}, "`on` goes with .* not with `broker_down`"),
    ],
)
def test_a_fault_says_what_it_lacks_and_what_does_not_go_with_it(fields, said):
    with pytest.raises(ValidationError, match=said):
        fault(**fields)


@pytest.mark.parametrize("size", range(4, 9))
def test_around_a_ring_each_hears_two_neighbours_and_everyone_outside(size):
    hands = Hands()
    names = [f"n{node}" for node in range(size + 1)]
    apply_fault(fault(ring=names[:size]), hands, names.index, len(names))
    severed = {frozenset((one, other)) for _, (one,), others, _ in hands.done for other in others}
    apart = {
        frozenset((one, other))
        for one in range(size)
        for other in range(size)
        if (one - other) % size not in {0, 1, size - 1}
    }
    assert severed == apart


def test_durations_are_told_in_words():
    assert [seconds(ns) for ns in (1_500_000_000, SECOND, 20_000_000, 1_000)] == ["1.5 s", "1 s", "20 ms", "0.001 ms"]


# In the virtual world


class World:
    now = 7

    def __init__(self):
        self.plan = []

    def inject(self, item):
        self.plan.append(item)


@pytest.fixture
def hands():
    hands = VirtualHands(World(), everyone=(0, 1, 2, 3), liars=None)
    hands.plan = hands._world.plan
    return hands


def test_faults_become_items_of_the_plan_from_now_on(hands):
    hands.crash(1, 5)
    hands.restart(1)
    hands.pause(2, None)
    hands.cut((0,), (), 5)
    hands.cut((0,), (1,), None, one_way=True)
    assert hands.plan == [
        Crash(at_ns=7, node=1, for_ns=5),
        Restart(at_ns=7, node=1),
        Pause(at_ns=7, node=2),
        Cut(at_ns=7, one=(0,), for_ns=5),
        Cut(at_ns=7, one=(0,), other=(1,), one_way=True),
    ]


def test_worse_links_for_all_are_one_item_of_each_kind(hands):
    hands.worsen((), 10, 20, None)
    assert hands.plan == [Loss(at_ns=7, ppm=10), Delay(at_ns=7, extra_ns=20)]


def test_an_item_begins_now_and_concerns_messages_from_and_to_its_nodes_once(hands):
    hands.inject(Slow(at_ns=0, node=2, extra_ns=5))
    hands.inject(Corrupt(at_ns=0, ppm=10), (0, 1))
    slow, *garbling = hands.plan
    assert slow == Slow(at_ns=7, node=2, extra_ns=5)
    assert {item.at_ns for item in garbling} == {7}
    touched = {(source, target): covering(garbling, source, target) for source in range(4) for target in range(4)}
    assert touched == {pair: int(bool({0, 1} & set(pair))) for pair in touched}


def covering(items, source, target):
    return sum(
        (not item.sources or source in item.sources) and (not item.targets or target in item.targets) for item in items
    )


def test_worse_links_of_some_touch_each_of_their_messages_once_and_no_others(hands):
    hands.worsen((0, 1), 10, 0, None)
    touched = {(source, target): covering(hands.plan, source, target) for source in range(4) for target in range(4)}
    assert touched == {pair: int(bool({0, 1} & set(pair))) for pair in touched}


# Between processes


@pytest.fixture
def orders():
    return LinkOrders(4, instant_links())


def cuts(orders):
    return [orders.for_node(node, NAMES)["cut"] for node in range(4)]


def test_a_cut_severs_both_directions(orders):
    orders.cut((0,), (1, 2))
    assert cuts(orders) == [["n1", "n2"], ["n0"], ["n0"], []]


def test_a_cut_from_everyone_severs_all_but_those_who_are_cut_together(orders):
    orders.cut((0, 1), ())
    assert cuts(orders) == [["n2", "n3"], ["n2", "n3"], ["n0", "n1"], ["n0", "n1"]]


def test_a_one_way_cut_silences_those_who_are_cut(orders):
    orders.cut((0,), (1, 2), one_way=True)
    assert cuts(orders) == [[], ["n0"], ["n0"], []]


def test_an_order_that_ends_is_over_and_others_stay(orders):
    first = orders.cut((0,), (1,))
    orders.cut((0,), (2,))
    orders.end(first)
    assert cuts(orders) == [["n2"], [], ["n0"], []]
    orders.end(first)
    assert cuts(orders) == [["n2"], [], ["n0"], []]


def test_overlapping_losses_compound_and_delays_add_up(orders):
    orders.worsen((), 500_000, 10)
    orders.worsen((0,), 500_000, 5)
    rules = orders.for_node(1, NAMES)["rules"]
    assert (rules["n0"]["loss_ppm"], rules["n0"]["delay_ns"]) == (750_000, 15)
    assert (rules["n2"]["loss_ppm"], rules["n2"]["delay_ns"]) == (500_000, 10)


def test_worse_links_of_a_node_touch_what_it_sends_and_what_it_hears(orders):
    orders.worsen((0,), 10, 0)
    assert sorted(orders.for_node(0, NAMES)["rules"]) == ["n1", "n2", "n3"]
    assert sorted(orders.for_node(1, NAMES)["rules"]) == ["n0"]


def test_without_orders_there_is_nothing_to_do(orders):
    assert orders.for_node(2, NAMES) == {"cut": [], "rules": {}}
