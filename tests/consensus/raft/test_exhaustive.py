"""Every order of events up to a depth keeps Raft's safety properties, and a planted bug is found."""

from __future__ import annotations

import pytest

from consensus.raft import server
from consensus.raft.log import Log
from tests.consensus.raft.explorer import Budget, ViolationError, explore


def test_every_short_schedule_from_the_very_start_is_safe():
    outcome = explore(voters=3, depth=5, budget=Budget(elections=2, proposals=1, heartbeats=1, crashes=1))
    assert (outcome.states > 1_000, outcome.depth) == (True, 5)


def test_every_short_schedule_under_a_leader_is_safe():
    budget = Budget(elections=1, proposals=1, heartbeats=0, crashes=1)
    outcome = explore(voters=3, depth=5, budget=budget, led=True)
    assert outcome.decided > 50


def test_two_voters_reach_decisions_in_many_ways():
    outcome = explore(voters=2, depth=11, budget=Budget(elections=1, proposals=2, heartbeats=1, crashes=0))
    assert outcome.decided > 50


def test_a_minority_that_elects_is_found(monkeypatch):
    monkeypatch.setattr(server, "majority", lambda n: n // 2)
    with pytest.raises(ViolationError, match=r"election safety|state-machine safety"):
        explore(voters=3, depth=10, budget=Budget(elections=2, proposals=1, heartbeats=0, crashes=0))


def test_a_vote_for_an_incomplete_log_is_found(monkeypatch):
    monkeypatch.setattr(Log, "is_up_to_date", lambda *_: True)
    with pytest.raises(ViolationError, match="leader completeness"):
        explore(voters=3, depth=9, budget=Budget(elections=1, proposals=1, heartbeats=0, crashes=0), led=True)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("led", [False, True])
def test_every_longer_schedule_is_safe(led):
    outcome = explore(voters=3, depth=14, budget=Budget(2, 2, 1, 1), states_max=400_000, led=led)
    assert outcome.states >= 400_000
