"""One scenario, three ways to agree: the business comes to the same state under Solo, Raft and PBFT (row 36)."""

import pytest

from scenarios.both_worlds import play
from scenarios.shipped import find_scenario


@pytest.mark.parametrize("name", ["health_steward", "drug_label"])
def test_solo_raft_and_pbft_come_to_one_state(name):
    came = [play(find_scenario(name), "virtual", protocol) for protocol in ("solo", "raft", "pbft")]
    assert [one.verdict for one in came] == ["pass"] * 3
    assert len({one.root for one in came}) == 1
    assert came[0].root is not None
