"""What a run's end shows of losses: when each tier knew, and reserves as a series."""

from node.contracts.losses.notices import FollowArgs
from scenarios.results import Metrics
from scenarios.runner.reinsured_losses import loss_figures, measure_losses
from tests.node.contracts.losses.kit import HOUR, REINSURER, TREATY, Table

OUTWARD = "reinsurer/900"


def measured(table):
    metrics = Metrics()
    measure_losses(metrics, table.network.tree, 0)
    return metrics.summary()


def test_each_tier_is_measured_from_the_loss_by_how_it_was_told():
    table = Table()
    table.treaty(OUTWARD, REINSURER, "reinsurer")
    table.tell(at=80 * HOUR)
    table.tell(REINSURER, OUTWARD, inward=TREATY, at=100 * HOUR)
    found = measured(table)
    assert found["notices.tiered.tier-3.latency"].max == 80 * HOUR * 10**6
    assert found["notices.tiered.tier-4.latency"].max == 100 * HOUR * 10**6
    assert found["notices.late"].count == 1


def test_told_to_all_at_once_the_tiers_know_at_the_same_time():
    table = Table()
    table.treaty(OUTWARD, REINSURER, "reinsurer")
    table.do(REINSURER, "follow", FollowArgs(TREATY, OUTWARD))
    table.tell(at=5 * HOUR)
    found = measured(table)
    assert found["notices.flat.tier-3.latency"].max == found["notices.flat.tier-4.latency"].max
    assert "notices.late" not in found


def test_reserves_are_a_series_in_order_of_time_not_of_text():
    table = Table()
    assert list(loss_figures(table.network.tree)) == []
    table.tell()
    table.amount(REINSURER, 700, 1)
    table.report(700, 1, at=9 * HOUR)
    table.amount(REINSURER, -200, 2)
    table.report(500, 1, 2, at=100 * HOUR)
    (sheet,) = loss_figures(table.network.tree)
    assert [(row[0], row[2]) for row in sheet.rows] == [("reinsurer", 700), ("reinsurer", 500)]
