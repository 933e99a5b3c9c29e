"""The bounds of the liveness phase: what they are made of, and that they are asked for."""

from types import SimpleNamespace

import msgspec
import pytest

from consensus.vocabulary import MILLISECOND, SECOND
from network.virtual import Constant, Crash
from scenarios.adversary import draw_trial
from scenarios.adversary.patience import bad_voters, patience_ns, views_left, worst_delay_ns
from scenarios.adversary.trial import Liar


def trial(protocol, nodes, **changes):
    drawn = draw_trial(protocol, 3, nodes=nodes, liars=0, network="cores")
    plain = {"plan": (), "changing": False, "latency": Constant(ns=3 * MILLISECOND), "sync": Constant(ns=MILLISECOND)}
    settings = drawn.case.settings | changes.pop("settings", {"rotate_every": 0} if protocol == "pbft" else {})
    case = msgspec.structs.replace(drawn.case, **(plain | {"settings": settings} | changes))
    return msgspec.structs.replace(drawn, case=case)


def test_raft_has_thirty_longest_election_timeouts():
    assert patience_ns(trial("raft", 5), []) == 30 * (600 + 4 * 4) * MILLISECOND + 4 * SECOND


@pytest.mark.parametrize("nodes", [4, 7])
def test_pbft_s_bound_begins_with_the_timeouts_that_stand_when_the_network_heals(nodes):
    fresh, backed_off = (
        patience_ns(trial("pbft", nodes), [SimpleNamespace(timeout_ns=timeout)])
        for timeout in (SECOND // 2, 2 * SECOND)
    )
    faults = (nodes - 1) // 3
    assert backed_off - fresh == sum(3 * SECOND // 2 << view for view in range(faults + 1))


def test_a_liar_that_dawdles_may_hold_up_every_block():
    one = trial("pbft", 4)
    hasty, slow = (msgspec.structs.replace(one, liars=(Liar(node=3, behaviours=(way,)),)) for way in ("forge", "delay"))
    timeout = one.case.settings["view_change_timeout_ns"]
    assert patience_ns(hasty, []) == patience_ns(one, [])
    assert patience_ns(slow, []) - patience_ns(one, []) == one.operations // 4 * timeout


def test_the_dead_beyond_what_is_tolerated_count_too():
    """Of six a quorum is four, so two may be dead, and each may be the primary once."""
    dead = tuple(Crash(at_ns=1, node=node) for node in (1, 2))
    assert bad_voters(trial("pbft", 6)) == 1
    assert bad_voters(trial("pbft", 6, plan=dead)) == 2
    assert views_left(trial("pbft", 6, plan=dead)) == 3


@pytest.mark.parametrize(
    "unbounded", [{"settings": {"rotate_every": 1}}, {"changing": True}, {"latency": Constant(ns=SECOND)}]
)
def test_view_changes_are_counted_only_where_nothing_asks_for_more(unbounded):
    assert views_left(trial("pbft", 4)) == 2
    assert views_left(trial("pbft", 4, **unbounded)) is None
    assert views_left(trial("raft", 5)) is None


def test_delta_is_a_message_and_a_sync():
    assert worst_delay_ns(trial("pbft", 4)) == 4 * MILLISECOND
