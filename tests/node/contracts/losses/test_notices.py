"""Who is told of a loss, how late, and along which treaties."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from node.contracts.losses.notices import FollowArgs
from node.contracts.losses.records import TIERS_MAX
from tests.node.contracts.losses.kit import CEDENT, HOUR, LOSS, REINSURER, TREATY, Table

OUTWARD = "reinsurer/900"


def tiers(outward_taker="reinsurer"):
    """A treaty and one behind it. The reinsurer takes both: the network of tests has one of them."""
    table = Table()
    table.treaty(OUTWARD, REINSURER, outward_taker)
    return table


@pytest.mark.parametrize(("hours", "late"), [(0, False), (72, False), (73, True)])
def test_a_notice_is_late_as_soon_as_its_hours_are_over(hours, late):
    table = Table()
    told = table.tell(at=hours * HOUR).output
    assert told == {"told": 1, "late": late, "since_loss_ms": hours * HOUR}
    assert (table.network.tree.get("late_notices", f"{TREATY}|{LOSS}") is not None) == late


def test_a_millisecond_decides():
    assert not Table().tell(at=72 * HOUR).output["late"]
    assert Table().tell(at=72 * HOUR + 1).output["late"]


def test_nobody_tells_of_a_loss_before_it_happened():
    table = Table()
    table.happened("no-0002", 5 * HOUR)
    assert table.tell(reference="no-0002", at=5 * HOUR - 1).code == "before_it_was_known"
    assert table.tell(reference="no-0002", at=5 * HOUR).code == "ok"


def test_from_tier_to_tier_each_has_its_own_hours():
    table = tiers()
    table.tell(at=70 * HOUR)
    passed = table.tell(REINSURER, OUTWARD, inward=TREATY, at=140 * HOUR)
    assert passed.output == {"told": 1, "late": False, "since_loss_ms": 140 * HOUR}
    assert (table.loss(OUTWARD).tier, table.loss(OUTWARD).way) == (4, "tiered")
    assert table.loss(OUTWARD).known_ms == 70 * HOUR


def test_a_following_treaty_is_told_in_the_same_breath():
    table = tiers()
    assert table.do(REINSURER, "follow", FollowArgs(TREATY, OUTWARD)).code == "ok"
    assert table.tell(at=5 * HOUR).output == {"told": 2, "late": False, "since_loss_ms": 5 * HOUR}
    assert (table.loss(OUTWARD).tier, table.loss(OUTWARD).way) == (4, "flat")
    assert table.loss(OUTWARD).noticed_ms == table.loss().noticed_ms
    assert table.tell(REINSURER, OUTWARD, inward=TREATY, at=6 * HOUR).code == "noticed_already"


def test_a_spiral_of_treaties_ends_where_it_is_known_already():
    table = tiers()
    table.do(REINSURER, "follow", FollowArgs(TREATY, OUTWARD))
    table.do(REINSURER, "follow", FollowArgs(OUTWARD, OUTWARD))
    assert table.tell().output["told"] == 2


def test_a_chain_of_treaties_is_told_as_far_as_its_limit():
    table = tiers()
    chain = [TREATY, *(f"reinsurer/{900 + number}" for number in range(TIERS_MAX + 1))]
    for inward, outward in pairwise(chain):
        table.treaty(outward, REINSURER, REINSURER)
        assert table.do(REINSURER, "follow", FollowArgs(inward, outward)).code == "ok"
    assert table.tell().output["told"] == TIERS_MAX


def test_who_may_tell_and_join():
    table = tiers()
    assert table.tell("insurer-2").code == "not_the_cedent"
    assert table.tell(reference="no-0009").code == "unknown_original"
    assert table.tell(REINSURER, OUTWARD, inward=TREATY).code == "unknown_treaty_loss"
    table.treaty("insurer-2/900", "insurer-2", REINSURER)
    assert table.do(REINSURER, "follow", FollowArgs(TREATY, "insurer-2/900")).code == "not_the_cedent"
    table.treaty("insurer-1/901", CEDENT, "broker")
    assert table.do(REINSURER, "follow", FollowArgs("insurer-1/901", OUTWARD)).code == "not_the_reinsurer"
    assert table.tell().code == "ok"
    assert table.tell("insurer-2", "insurer-2/900", inward=TREATY).code == "not_told_to_you"


def test_a_following_treaty_that_has_ended_does_not_hold_up_the_notice():
    table = tiers()
    table.do(REINSURER, "follow", FollowArgs(TREATY, OUTWARD))
    key = ("treaties", OUTWARD)
    table.network.tree = table.network.tree.update({key: replace(table.network.tree.get(*key), state="COMMUTED")})
    assert table.tell().output["told"] == 1
    assert table.loss(OUTWARD) is None
