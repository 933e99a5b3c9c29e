"""Crashes in virtual time: nothing is lost on disks that keep their word, and those that do not are found out."""

import pytest

from scenarios.crashes import Campaign, draw_crashes, run_campaign, run_crashes
from scenarios.crashes.campaign import keep_sums, read_campaign, told
from scenarios.failures import FailureError


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
def test_crashes_lose_nothing_that_was_acknowledged(protocol):
    found = run_crashes(draw_crashes(protocol, 2))
    assert (found.faults, found.told) == (0, [])
    assert found.reckoning.acknowledged == 300
    assert found.unsynced > 10
    assert found.torn > 5
    assert found.votes > 400


# Without the adversary's oracles, which would end the run at once: the accounts of the campaign alone notice.


def test_votes_that_leave_before_they_are_synced_are_found_to_contradict():
    assert any("order of" in line for line in first_contradiction("pbft", "said-before-synced"))


def test_votes_that_never_reach_the_disk_are_found_to_contradict():
    assert any("vote of" in line for line in first_contradiction("raft", "votes-not-synced", seed=3))


def first_contradiction(protocol, bug, seed=0):
    """What is told of the first of a few runs in which votes contradict."""
    for at in range(seed, seed + 4):
        found = run_crashes(draw_crashes(protocol, at), bug=bug, oracles=False)
        if found.contradicting:
            return found.told
    raise AssertionError(f"{bug} went unnoticed")


def test_a_campaign_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "kept" / "campaign.json"
    begun = run_campaign(Campaign(first=2), crashes=1)
    keep_sums(begun, path)
    resumed = run_campaign(read_campaign(path, first=2, bug=None), crashes=begun.total.unsynced + 1)
    assert (begun.upcoming, resumed.upcoming) == (1, 2)
    assert [sums.runs for sums in resumed.sums.values()] == [1, 1]
    assert resumed.sums["raft"] == begun.sums["raft"]
    assert resumed.total.unsynced > begun.total.unsynced
    assert [line[:5] for line in told(resumed)] == ["raft ", "pbft ", "all  "]
    with pytest.raises(FailureError, match="belongs to another campaign"):
        read_campaign(path, first=2, bug="votes-not-synced")
    path.write_text("{}]")
    with pytest.raises(FailureError, match="no campaign that can go on"):
        read_campaign(path, first=2, bug=None)
