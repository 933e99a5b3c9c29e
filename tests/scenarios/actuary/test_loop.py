"""The actuarial loop: real stays, told late, valued, and held against what came; and rates of pooled data."""

from itertools import pairwise

import pytest

from node.contracts import execute_block
from node.contracts.estimation import AGE_END, Rates
from node.contracts.reserving import Basis, CededLoss, Estimate
from node.contracts.runtime import genesis_state
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from scenarios.actuary import Movement, triangle_of
from scenarios.actuary.chainladder import estimate
from scenarios.actuary.delays import Point, measured, summaries, sweep, write_points
from scenarios.cli import invoke
from scenarios.language.loader import load_scenario
from scenarios.runner.plan import make_plan
from scenarios.runner.spending import load_person_years
from scenarios.shipped import shipped

SMALL = ("workload.0.population=2000",)


def played(name, *overrides):
    """The state after a scenario's transactions, each in a block of its own."""
    plan = make_plan(load_scenario(shipped()[name], list(overrides)))
    directory, tree = Directory(plan.genesis), genesis_state(plan.genesis)
    for step in plan.workload.steps:
        tree = execute_block(tree, directory, [decode_transaction(step.raw)]).tree
    return tree


def test_what_was_booked_is_what_another_s_code_makes_of_the_losses_themselves():
    """Every loss as it was told, cut at the valuation, in yearly periods without empty cells: chainladder agrees."""
    tree = played("reserved_late", "workload.0.population=20190", "workload.0.periods_a_year=1",
                  "workload.0.developments=5", "workload.0.values_every=5")  # fmt: skip
    ((key, basis),) = tree.items(Basis.namespace)
    moved = [Movement(one.occurred_ms, one.reported_ms, one.incurred_fen) for _, one in tree.items(CededLoss.namespace)]
    valuation_ms = basis.starts_ms + basis.origins * basis.period_ms
    found = estimate(triangle_of(moved, basis.period_ms, basis.starts_ms, valuation_ms).rows).total
    booked = tree.get(Estimate.namespace, f"{key}|{basis.origins}")
    assert booked.ibnr_fen == pytest.approx(0.4 * found.ibnr, abs=3)
    assert booked.standard_error_fen == pytest.approx(0.4 * found.standard_error, abs=2)
    later = sum(movement.fen for movement in moved if movement.known_ms >= valuation_ms)
    assert booked.emerged_fen == pytest.approx(0.4 * later, abs=1)


def test_without_delay_nothing_is_unreported_and_with_it_more_the_longer_it_is():
    """The delay alone changes: the same stays on the same days. (What is told in the last hour of a period waits.)"""
    points = sweep((0, 90, 365), (1, 2), ("workload.0.reports_a_period=3",))
    emerged = [sum(point.emerged_fen for point in points if point.median_days == days) for days in (0, 90, 365)]
    assert emerged[0] * 20 < emerged[1] < emerged[2]
    assert all(point.error_fen == point.ibnr_fen - point.emerged_fen for point in points)


def test_the_same_seed_is_the_same_error():
    assert measured(90, 3, SMALL) == measured(90, 3, SMALL) != measured(90, 4, SMALL)


def test_a_summary_is_of_its_own_runs(tmp_path):
    points = [Point(30, seed, 0, 10, error, 2) for seed, error in enumerate((-3, 1, 5))] + [Point(0, 1, 0, 0, 0, 0)]
    none, found = summaries(points)
    assert (none.median_days, none.deviation, none.relative) == (0, 0, 0)
    assert (found.runs, found.bias, found.said, found.emerged) == (3, 1.0, 2.0, 10.0)
    assert found.deviation == pytest.approx(((9 + 1 + 25) / 3) ** 0.5)
    write_points(tmp_path / "runs.csv", points)
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 5


def test_pooled_rates_are_the_clear_ones_within_the_stated_noise():
    """Against the data itself, added up in the open: people exactly, amounts within 1,000 yuan."""
    ((_, rates),) = played("rated_together").items(Rates.namespace)
    ends = [*(band.first for band in rates.bands[1:]), AGE_END]
    differences = []
    for band, end in zip(rates.bands, ends, strict=True):
        rows = [row for row in load_person_years() if row.year == 1 and band.first <= row.age < end]
        assert band.people == len(rows)
        differences.append(band.amount_fen - 5 * sum(row.inpatient_cents for row in rows))
        assert 0 <= band.rate_fen - 1.25 * band.amount_fen / band.people < 1
    assert all(abs(difference) <= 100_000 for difference in differences)
    assert len(set(differences)) == len(differences)  # it is noise, and not a constant


def test_tables_of_one_pool_add_up_to_the_same_people():
    tree = played("data_lab")
    tables = [{band.first: band.people for band in rates.bands} for _, rates in tree.items(Rates.namespace)]
    assert len(tables) == 3
    assert {sum(table.values()) for table in tables} == {5_638}
    for one, other in pairwise(tables):
        assert sum(people for first, people in one.items() if first < 60) == sum(
            people for first, people in other.items() if first < 60
        )


PRICE = ["price", "gamma 2 15", "--losses", "0.5", "--limit", "30", "--attachment", "20", "--years", "1000"]
DELAY = ["delay", "--seeds", "2", "--medians", "30", "--set", SMALL[0], "-o", "{out}.csv", "--plot", "{out}.svg"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["triangle", "{file}", "--period", "365"], "2023-01-01"),
        (["reserve", "{file}", "--period", "365", "-o", "{out}.json"], "standard error"),
        (PRICE, "30 xs 20"),
        (DELAY, "30 days"),
    ],
)
def test_the_commands_tell_and_write(argv, told, tmp_path, capsys):
    file = tmp_path / "losses.csv"
    pairs = [(year, late) for year in range(4) for late in (0, 1)]
    rows = [f"{2023 + year}-0{1 + late}-01,{2023 + year + late}-06-01,{1000 + 7 * late}" for year, late in pairs]
    file.write_text("\n".join(["occurred,known,fen", *rows]) + "\n")
    given = [part.format(file=file, out=tmp_path / "out") if "{" in part else part for part in argv]
    assert invoke(["actuary", *given]) == 0
    assert told in capsys.readouterr().out
    assert all((tmp_path / part.removeprefix(str(tmp_path) + "/")).stat().st_size for part in given if "/out." in part)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["triangle", "/nowhere"], "give a run's folder"),
        (["reserve", "/nowhere", "--start", "soon"], "give a run's folder"),
        (["price", "weibull 1 2", "--losses", "1", "--limit", "1"], "is no severity"),
        (["delay", "--medians", "soon"], "whole days with commas"),
        (["delay", "--medians", "-3,1"], "not negative"),
    ],
)
def test_mistakes_are_told_with_a_remedy(argv, told, capsys):
    assert invoke(["actuary", *argv]) == 2
    assert told in capsys.readouterr().err
