"""A slice of the campaign that ends real processes by `kill -9`; `python -m scenarios.crashes kill` plays all of it."""

import pytest

from scenarios.crashes.kill import run_kills, told

pytestmark = pytest.mark.timeout(150)


def test_nodes_killed_under_load_lose_nothing_and_break_no_promise(tmp_path):
    found = run_kills("raft", instants=2, seed=3, out=tmp_path)
    assert (found.faults, found.contradictions) == (0, [])
    assert found.instants == 2
    assert sum(found.lives) == 4 + found.kills
    assert found.reckoning.acknowledged > 5
    assert found.votes["acknowledgement"] > 3
    assert found.votes["receipt"] >= found.reckoning.acknowledged
    assert told(found)[0].startswith(f"raft: kill -9 of {found.kills} processes at 2 instants")
