from __future__ import annotations

from typing import get_args

from network.virtual import Crash, decode_plan, encode_plan
from network.virtual.faults import Fault, Lasting
from network.virtual.swarm import FAULTS_MAX, draw_plan

HEAL = 10_000_000_000


def plan(seed: int) -> tuple[Fault, ...]:
    return draw_plan(seed, nodes=5, voters=(0, 1, 2, 3), spared=3, heal_ns=HEAL)


def test_a_plan_is_a_function_of_its_seed_and_plain_data() -> None:
    assert plan(1) == plan(1) != plan(2)
    assert decode_plan(encode_plan(plan(1))) == plan(1)


def test_everything_is_over_when_the_network_heals_but_for_the_dead() -> None:
    for seed in range(300):
        for fault in plan(seed):
            lasting = getattr(fault, "for_ns", 0)
            assert (fault.at_ns == HEAL and isinstance(fault, Crash)) or fault.at_ns + lasting <= HEAL


def test_a_quorum_is_always_left() -> None:
    dead = [
        {fault.node for fault in plan(seed) if isinstance(fault, Crash) and fault.for_ns is None} for seed in range(300)
    ]
    assert {len(nodes) for nodes in dead} == {0, 1}
    assert set().union(*dead) == {0, 1, 2, 3}


def test_runs_differ_in_the_kinds_of_faults_that_they_have_and_all_kinds_come_up() -> None:
    kinds = [frozenset(type(fault).__name__ for fault in plan(seed)) for seed in range(300)]
    assert len(set(kinds)) > 100
    assert set().union(*kinds) == {kind.__name__ for kind in get_args(Lasting)}
    assert all(len(plan(seed)) <= FAULTS_MAX + 1 for seed in range(300))
