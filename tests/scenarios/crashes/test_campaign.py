"""Crashes in virtual time: nothing is lost on disks that keep their word, and those that do not are found out."""

import msgspec
import pytest

from scenarios.crashes import Campaign, draw_crashes, run_campaign, run_crashes
from scenarios.crashes.campaign import keep_campaign, read_campaign, told
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


def test_receipts_that_leave_before_their_blocks_are_synced_are_found_to_lose():
    found = run_crashes(draw_crashes("pbft", 3), bug="said-before-synced", oracles=False)
    assert found.reckoning.lost
    assert any("acknowledged at height" in line for line in found.told)


def test_votes_that_never_reach_the_disk_are_found_to_contradict():
    found = run_crashes(draw_crashes("raft", 3), bug="votes-not-synced", oracles=False)
    assert found.contradicting
    assert "raft, seed 3: vote of 0, 1: 2, and then 0" in found.told


def test_a_campaign_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "kept" / "campaign.json"
    keep_campaign(run_campaign(Campaign(), crashes=1), path)
    resumed = run_campaign(read_campaign(path, first=0, bug=None), crashes=20)
    assert {name: plain(sums) for name, sums in resumed.sums.items()} == {
        name: plain(run_crashes(draw_crashes(name, 0))) for name in ("raft", "pbft")
    }
    assert resumed.total.unsynced >= 20
    assert [line[:5] for line in told(resumed)] == ["raft ", "pbft ", "all  "]
    with pytest.raises(FailureError, match="belongs to another campaign"):
        read_campaign(path, first=0, bug="votes-not-synced")
    path.write_text("{}]")
    with pytest.raises(FailureError, match="no campaign that can go on"):
        read_campaign(path, first=0, bug=None)


def plain(sums):
    return msgspec.structs.replace(sums, cpu_ms=0)
