"""Whole networks of replicas, clients and money under random faults; no seed is ever skipped."""

from __future__ import annotations

import os

import pytest

from network.virtual.campaign import campaign
from scenarios.adversary import replica_cast

SEEDS = int(os.environ.get("CONSORTIUM_SEEDS", "20"))
SOAK_SEEDS = 2000


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_money_is_paid_once_and_nothing_acknowledged_is_lost_under_random_faults(protocol: str) -> None:
    summary = campaign(protocol, range(SEEDS), replica_cast)
    assert [outcome.seed for outcome in summary.outcomes] == list(range(SEEDS))
    for kind in ("crashed", "lost", "vanished", "synced"):
        assert summary.counts[kind] > 0, f"no message or node was ever {kind}: the campaign is too tame"


@pytest.mark.soak
@pytest.mark.timeout(24 * 3600)
@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_money_is_paid_once_for_a_long_time(protocol: str) -> None:
    summary = campaign(protocol, range(SOAK_SEEDS), replica_cast)
    assert len(summary.outcomes) == SOAK_SEEDS
