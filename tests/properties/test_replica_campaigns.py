"""Whole networks of replicas, clients and money under random faults and lies; no seed is ever skipped."""

from __future__ import annotations

import os

import pytest

from scenarios.adversary import Plan, check

SEEDS = int(os.environ.get("CONSORTIUM_SEEDS", "12"))
SOAK_SEEDS = 20_000


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_money_is_paid_once_and_nothing_acknowledged_is_lost_under_random_faults(protocol: str) -> None:
    search = check(Plan(protocol=protocol, network="replicas"), seed=500, runs=SEEDS)
    assert search.broken is None
    assert search.runs == SEEDS
    for kind in ("crashed", "lost", "vanished", "synced"):
        assert search.counts[kind] > 0, f"no message or node was ever {kind}: the search is too tame"


@pytest.mark.soak
@pytest.mark.timeout(24 * 3600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_money_is_paid_once_for_a_long_time(protocol: str) -> None:
    search = check(Plan(protocol=protocol, network="replicas"), runs=SOAK_SEEDS)
    assert search.broken is None
    assert search.runs == SOAK_SEEDS
