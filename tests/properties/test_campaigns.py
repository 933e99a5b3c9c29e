"""Trials on cores: the same every time, forked whole, and stalled where too many are dead. ``make soak`` plays many."""

from __future__ import annotations

import msgspec
import pytest

from consensus.properties import Agreement
from network.virtual import Crash
from network.virtual.bare import bare_cast
from network.virtual.case import build_world, draw_case
from scenarios.adversary import Plan, check, draw_trial, play

SOAK_RUNS = 20_000


@pytest.mark.soak
@pytest.mark.timeout(24 * 3600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_no_trial_breaks_anything_for_a_long_time(protocol: str) -> None:
    search = check(Plan(protocol=protocol), runs=SOAK_RUNS)
    assert (search.broken, search.runs) == (None, SOAK_RUNS)


def test_a_protocol_without_faults_to_tolerate_is_safe_too() -> None:
    search = check(Plan(protocol="solo", network="cores"), runs=10)
    assert (search.broken, search.runs) == (None, 10)


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_trial_is_played_the_same_way_every_time(protocol: str) -> None:
    trial = draw_trial(protocol, 3, network="cores")
    assert len({play(trial, hashing=True).event_sha256 for _ in range(2)}) == 1


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_a_fork_takes_cores_disks_and_oracles_along(protocol: str) -> None:
    case = draw_case(protocol, 3)
    world = build_world(case, bare_cast(case), hashing=True)
    world.run(until_ns=case.heal_ns // 2)
    fork = world.fork()
    for either in (fork, world):
        either.run(until_ns=case.heal_ns)
    assert fork.event_sha256() == world.event_sha256()
    mine, theirs = (next(o for o in w.observers if isinstance(o, Agreement)) for w in (world, fork))
    assert mine is not theirs
    assert mine.chain == theirs.chain


def test_too_many_dead_nodes_are_reported_as_a_lack_of_progress() -> None:
    trial = draw_trial("raft", 2, network="cores", nodes=3)
    dead = tuple(Crash(at_ns=1, node=node) for node in (0, 1))
    broken = play(msgspec.structs.replace(trial, case=msgspec.structs.replace(trial.case, plan=dead))).broken
    assert broken is not None
    assert broken.property == "liveness"
    assert "nothing is decided" in broken.fact_a or "deadlock" in broken.fact_a
