"""The bound on time stamps: what is dated too far ahead gets into no pool and into no block before its time."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.protocols import Verdict
from consensus.vocabulary import MILLISECOND, SECOND, Rejected, Trace
from network.gossip import Transactions
from network.requests import BusyReason
from network.virtual.faults import Crash, Restart
from node.business_clock import BusinessClock, Horizon
from node.options import ReplicaOptions
from tests.node.lab import Net, block_on, commits, of, replies, transaction, transfer
from tests.node.world import Town, pay

MINUTE_MS = 60_000
START = 1_700_000_000_000
BOUND = BusinessClock(start_ms=START, business_ns=60, run_ns=1, ahead_ms=5 * MINUTE_MS)
"""A minute of business a second; stamps may lie five minutes ahead."""
OPTIONS = ReplicaOptions(clock=BOUND)
FORGED = START + 20 * MINUTE_MS


def stamped(minutes, number=1, client="ann"):
    return transfer(number, client, at=START + minutes * MINUTE_MS)


# The clock


@given(st.integers(0, 10**18), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**7))
def test_business_time_is_the_nodes_time_to_scale_and_the_bound_comes_on_top(elapsed, business, run, ahead):
    clock = BusinessClock(start_ms=START, business_ns=business, run_ns=run, ahead_ms=ahead)
    exact = START + ahead + Fraction(elapsed * business, run * 1_000_000)
    assert 0 <= exact - clock.latest_ms(elapsed) < 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"ahead_ms": -1},
        {"ahead_ms": 0, "run_ns": 0},
        {"ahead_ms": 0, "business_ns": -1},
        {"ahead_ms": 0, "start_ms": 1, "time_of_day": True},
        {"ahead_ms": 0, "business_ns": 2, "time_of_day": True},
    ],
)
def test_a_clock_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"business clock|time of day"):
        BusinessClock(**wrong)


def test_the_horizon_stands_until_business_begins_and_never_falls_back():
    horizon = Horizon(BusinessClock(ahead_ms=10))
    late = transaction(at=11)
    assert horizon.flaw_in(late) is None  # before the first input nothing is judged: it was, in an earlier life
    horizon.see(5 * SECOND)
    assert horizon.flaw_in(late, in_block=True) is not None
    horizon.begin(5 * SECOND)
    horizon.see(5 * SECOND + MILLISECOND)
    assert horizon.flaw_in(late, in_block=True) is None
    assert horizon.flaw_in(late) is not None
    horizon.see(5 * SECOND + 6 * MILLISECOND)
    assert horizon.flaw_in(late) is None
    horizon.see(0)
    assert horizon.flaw_in(late) is None


# Intake


def begun(**options):
    """A backup of PBFT; business begins at its time 0."""
    net = Net("pbft", 4, options=ReplicaOptions(clock=BOUND, **options))
    for host in net.hosts:
        host.replica.begin_business(0)
    return net


def test_a_stamp_at_half_the_bound_is_let_in_and_one_beyond_it_put_off_until_its_time():
    host = begun()[1]
    half = 5 * MINUTE_MS // 2
    at_bound, beyond = transfer(1, at=START + half), transfer(2, at=START + half + 1)
    effects = host.submit(at_bound, beyond)
    assert [(busy.numbers, busy.reason) for busy in replies(effects)] == [((2,), BusyReason.AHEAD)]
    (told,) = [effect.detail[0] for effect in of(Trace, effects) if effect.kind == "refused"]
    assert told.startswith("time_ahead: ann's number 2")
    host.now = SECOND
    assert not replies(host.submit(beyond))
    assert len(host.replica.mempool) == 2


def test_what_others_pass_on_is_held_to_it_too():
    host = begun()[1]
    (rejected,) = of(Rejected, host.receive(2, Transactions((stamped(20), stamped(0, client="bob")))))
    assert rejected.reason.startswith("time_ahead")
    assert list(host.replica.mempool.claims()) == [("bob", 1)]


def test_a_node_that_was_told_of_no_bound_asks_for_none():
    host = Net("pbft", 4)[1]
    host.submit(stamped(10**6))
    assert len(host.replica.mempool) == 1


# Blocks


def test_a_block_is_rejected_until_its_stamps_have_come_and_accepted_ever_after():
    host = begun()[1]
    block = block_on(host.replica, [stamped(20)])
    assert host.replica.validate(block) is Verdict.REJECT
    host.timers["replica.pool"] = 0
    host.now = 15 * SECOND
    host.fire("replica.pool")
    assert host.replica.validate(block) is Verdict.ACCEPT
    host.now = 0  # a clock that was set back
    host.receive(2, Transactions(()))
    assert host.replica.validate(block) is Verdict.ACCEPT


def test_what_is_decided_is_judged_by_nobody():
    net = Net("pbft", 4, observers=1, options=OPTIONS)
    for host in net.hosts[:4]:
        host.replica.begin_business(-(10**12))
    net.submit(0, stamped(20))
    assert [host.chain.height for host in net.hosts] == [1] * 5  # the observer's own clock still stands at the start


class Ahead:
    """Every node's business begins with the run; the clocks of some show that it began an hour before."""

    def __init__(self, *ahead, behind=()):
        self._began = {**dict.fromkeys(ahead, -3600 * SECOND), **dict.fromkeys(behind, 10**15)}

    def __call__(self, node, replica):
        replica.begin_business(self._began.get(node, 0))
        return replica


class TwoMinutesFast(Ahead):
    """The first node's clock shows that business began two minutes before it did."""

    def __init__(self):
        super().__init__()
        self._began = {0: -2 * SECOND}


def steps():
    """Ann forges a stamp of twenty minutes ahead, and bob does not."""
    bobs = [pay(number, "bob", at_ns=number * 250 * MILLISECOND, at=START + number * 15_000) for number in range(1, 21)]
    return [pay(1, "ann", at_ns=SECOND, at=FORGED), *bobs]


@pytest.mark.parametrize(("voters", "lying"), [(4, (0,)), (7, (0, 1))])
def test_a_primary_that_orders_a_forged_stamp_is_replaced_and_the_stamp_waits_for_its_time(voters, lying):
    """Whoever is primary and takes it in loses its view; the stamp's time comes 15 s into the run, and not before."""
    core = {"view_change_timeout_ns": SECOND}
    town = Town("pbft", voters, *steps(), options=OPTIONS, core=core, wrap=Ahead(*lying), lying=lying)
    assert not town.run(14)
    assert {item.step.client for item in town.heard.acknowledged} == {"bob"}
    assert len(town.heard.acknowledged) == 20
    assert {town.replica(node).status().round for node in range(len(lying), voters)} == {len(lying)}
    assert town.run(40)
    (anns,) = [item for item in town.heard.acknowledged if item.step.client == "ann"]
    assert anns.code == "ok"
    assert anns.returned_ns > 15 * SECOND


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_client_that_forges_a_stamp_is_put_off_and_no_leader_falls_for_it(protocol):
    town = Town(protocol, 4, *steps(), options=OPTIONS, wrap=Ahead())
    town.settle(2)
    before = town.replica(0).status().round
    assert town.run(40)
    assert town.replica(0).status().round == before
    (anns,) = [item for item in town.heard.acknowledged if item.step.client == "ann"]
    assert anns.returned_ns > 15 * SECOND


@pytest.mark.parametrize("minutes", [3, 5, 7])
def test_no_client_has_a_primary_deposed_whose_clock_is_a_little_fast(minutes):
    """The primary's clock is two minutes ahead; ann dates to what it, and not the others, may take for in time."""
    bobs = [pay(number, "bob", at_ns=number * 250 * MILLISECOND, at=START) for number in range(1, 9)]
    stamp = pay(1, "ann", at_ns=MILLISECOND, at=START + minutes * MINUTE_MS)
    core = {"view_change_timeout_ns": SECOND}
    town = Town("pbft", 4, stamp, *bobs, options=OPTIONS, core=core, wrap=TwoMinutesFast())
    assert town.run(20)
    assert {town.replica(node).status().round for node in range(4)} == {0}


@pytest.mark.parametrize(("protocol", "behind"), [("raft", 1), ("pbft", 3), ("pbft", 0)])
def test_a_voter_whose_clock_is_behind_by_more_than_the_bound_holds_nobody_up(protocol, behind):
    """It accepts no block by itself, and learns what the others decided. As PBFT's primary, it is replaced."""
    bobs = [pay(n, "bob", at_ns=n * SECOND // 2, at=START + n * 30_000) for n in range(1, 41)]
    town = Town(protocol, 4, *bobs, options=OPTIONS, wrap=Ahead(behind=(behind,)))
    assert town.run(60)
    town.settle(5)
    assert town.replica(behind).status().role not in {"leader", "primary"}
    assert len({town.replica(node).chain.head.hash for node in range(4)}) == 1


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_blocks_at_the_very_bound_survive_crashes_and_changes_of_leaders(protocol):
    """Stamps are as far ahead as they may be; whoever leads is crashed again and again, and everybody at once."""
    stamps = [pay(n, "bob", at_ns=n * SECOND // 2, at=START + n * 30_000 + 5 * MINUTE_MS) for n in range(1, 31)]
    crashes = [
        fault
        for turn in range(8)
        for fault in (
            Crash(at_ns=(2 * turn + 1) * SECOND, node=turn % 4),
            Restart(at_ns=(2 * turn + 2) * SECOND, node=turn % 4),
        )
    ]
    everybody = [Crash(at_ns=18 * SECOND, node=node) for node in range(4)]
    again = [Restart(at_ns=19 * SECOND, node=node) for node in range(4)]
    town = Town(protocol, 4, *stamps, options=OPTIONS, wrap=Ahead(), faults=(*crashes, *everybody, *again))
    assert town.run(90)
    assert {item.code for item in town.heard.acknowledged} == {"ok"}


def test_commits_at_once_where_a_stamp_is_in_time():
    net = begun()
    net.submit(0, stamped(2))
    assert commits(net[0].out)
