"""The year of the city's plan with its pool of 22 insurers: small here, whole in bench_city_plan_year.py."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import msgspec
import pytest

import scenarios.runner.virtual
from node.assembly import Common
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results import RunFolder
from scenarios.results.verify import verify_run
from scenarios.runner import city_plan, run
from scenarios.runner.city_plan import CityPlan, expected_outcomes
from scenarios.runner.city_plan.population import Bulks, Population
from scenarios.runner.flows import flow_differences, flow_figures
from scenarios.runner.spending import load_person_years
from scenarios.shipped import shipped
from tests.scenarios.rules import waived

pytestmark = pytest.mark.xdist_group("city_plan_year")  # the run is made once

POPULATION = 2_000
SMALL = (
    f"workload.0.population={POPULATION}",
    "members.hospital.count=2",
    "run.clock.start=2022-12-30",
    "workload.0.enrolment=2 days",
    "workload.0.cover=8 days",
    "workload.0.enrolment_rows=50",
    "run.clock.scale=1 day = 100 ms",
)
DAY = 86_400 * 10**9
MILLION = 1_000_000


def played(*overrides, protocol=None, out=None):
    scenario = load_scenario(shipped()["city_plan_year"], [*SMALL, *overrides])
    return run(scenario, view=NoView(), out=out, mode="virtual", protocol=protocol)


def arguments_of(result):
    flow = result.left.record.acknowledged and load_scenario(shipped()["city_plan_year"], list(SMALL)).workload[0]
    return CityPlan.model_validate({"flow": flow.flow, **flow.__pydantic_extra__})


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    return played(out=tmp_path_factory.mktemp("year"))


@pytest.fixture(scope="module")
def judged(year):
    return {item.name: (item.verdict, item.detail) for item in year.finished.expectations}


def test_the_year_passes_with_22_insurers(year, judged):
    assert year.verdict == "pass", judged
    assert len([name for name in year.manifest.height if name.startswith("insurer")]) == 22
    assert judged["steps"][1].endswith("5 of them refused")


def test_both_protocols_come_to_the_same_business(year):
    other = played(protocol="pbft")
    assert other.verdict == "pass"
    assert other.manifest.business_root == year.manifest.business_root is not None


def test_the_outcome_is_what_the_data_says_to_the_fen(year):
    """Counted here once more, in plain integers, from the file of the data."""
    rows = load_person_years()
    lived = [rows[index * len(rows) // POPULATION] for index in range(POPULATION)]
    spent = [5 * row.inpatient_cents for row in lived]
    tree = year.left.holdings[0].chain.tree
    assert city_plan.outcomes(arguments_of(year), tree) == {
        "people": POPULATION,
        "premium": sum(6_000 if row.age < 18 else 10_000 for row in lived),
        "eligible": sum(spent),
        "paid": sum(min(3_000_000_00, (max(0, fen - 10_000_00) + 1) // 2) for fen in spent),
        "claimants": sum(fen > 10_000_00 for fen in spent),
        "claims": sum(fen > 0 for fen in spent),
    }


def test_identical_replicas_share_what_they_compute_and_nothing_shows_it(tmp_path, monkeypatch):
    """Every replica executes every block by itself: the run is the same, to the last byte of its folder."""
    alone = "workload.0.population=300", "members.insurer.count=4", "workload.0.pool=[4, 3, 2, 1]"
    shared = played(*alone, out=tmp_path / "shared")
    monkeypatch.setattr(scenarios.runner.virtual, "Common", partial(Common, independent=True))
    apart = played(*alone, out=tmp_path / "apart")
    assert shared.manifest.event_sha256 == apart.manifest.event_sha256
    files = sorted(path.relative_to(shared.folder) for path in shared.folder.rglob("*") if path.is_file())
    assert len(files) > 15
    for name in files:
        if name.name not in {"manifest.json", "report.html"}:  # these name the time of the day
            assert (shared.folder / name).read_bytes() == (apart.folder / name).read_bytes(), name


def test_large_equal_ledgers_are_stored_once_and_verify(year, tmp_path, monkeypatch):
    monkeypatch.setattr("scenarios.runner.exported.STORED_ONCE_FROM_BYTES", 1)
    once = played("workload.0.population=300", out=tmp_path)
    files = sorted(RunFolder(once.folder).ledgers.iterdir())
    assert len(files) == 26
    assert len({path.stat().st_ino for path in files}) == 1
    assert verify_run(once.folder).sound
    several = sorted(RunFolder(year.folder).ledgers.iterdir())
    assert len({path.stat().st_ino for path in several}) == len(several), "small ones may be changed one by one"


def test_every_payment_is_timed_on_two_clocks(year):
    """A discharge waits for midnight and for its hospital's turn; on paper it takes a week and more."""
    claimants = city_plan.outcomes(arguments_of(year), year.left.holdings[0].chain.tree)["claimants"]
    measures = year.finished.metrics.summary()
    batch, paper = measures["arms.batch"], measures["arms.paper"]
    assert batch.count == paper.count == claimants > 10
    assert 4 * 3600 * 10**9 < batch.p50 < batch.max < DAY * 2 // 3 + 70 * 10**9
    assert 7 * DAY < paper.p50 < 15 * DAY


def test_figures_add_up(year):
    scenario = load_scenario(shipped()["city_plan_year"], list(SMALL))
    by_age, adequacy, carried = flow_figures(scenario, year.left.holdings[0].chain.tree, 1)
    *bands, whole = by_age.rows
    assert whole[1:6] == tuple(sum(row[place] for row in bands) for place in range(1, 6))
    expected = expected_outcomes(arguments_of(year), scenario)
    assert whole == (
        *("all", POPULATION, expected["claims"], expected["claimants"], expected["premium"], expected["paid"]),
        expected["paid"] * MILLION // expected["premium"],
    )
    assert [sum(row[place] for row in carried.rows) for place in (1, 2, 3)] == [
        *(MILLION, expected["premium"], expected["paid"])
    ]
    for _, part, premium, paid, _ in carried.rows:
        for mine, all_ in ((premium, expected["premium"]), (paid, expected["paid"])):
            assert abs(Fraction(all_ * part, MILLION) - mine) < 100, "a fen each time something is split"
    low, middle, high = (row[-1] for row in adequacy.rows[1:])
    assert low < whole[-1] < high
    assert low < middle < high


def test_the_report_tells_of_premium_and_loss_and_of_both_clocks(year):
    page = RunFolder(year.folder).report.read_text(encoding="utf-8")
    for said in ("The plan&#39;s year by age", "Premium and loss", "Who carries the plan&#39;s year", "loss ratio"):
        assert said in page
    assert "arms.batch" in page
    assert "arms.paper" in page


def test_two_seeds_are_two_years_with_the_same_sums(year):
    other = played("run.seed=2")
    assert other.verdict == "pass"
    assert other.manifest.business_root != year.manifest.business_root


@pytest.mark.parametrize("code", ["duplicate_invoice"])
def test_without_the_rule_the_verdict_is_fail(monkeypatch, code):
    waived(monkeypatch, code)
    assert played("workload.0.population=300").verdict == "fail"


def test_a_pool_that_rounds_every_part_down_fails(monkeypatch):
    def rounded_down(total, weights):
        return tuple(total * weight // sum(weights) for weight in weights)

    monkeypatch.setattr("node.contracts.inclusive.pool.allocate", rounded_down)
    assert played("workload.0.population=300").verdict == "fail"


def test_a_fen_more_for_each_claim_fails(monkeypatch):
    def generous(amount, ppm):
        return amount * ppm // MILLION + bool(amount)

    monkeypatch.setattr("node.contracts.inclusive.terms.part", generous)
    found = played("workload.0.population=300")
    assert found.verdict == "fail"
    assert "paid: " in next(item.detail for item in found.finished.expectations if item.name == "business")


def test_its_expectations_of_the_two_clocks_can_fail():
    desk = "arms.paper={a-desk: {low: 1 h, likely: 4 h, high: 12 h}}"
    found = played("workload.0.population=1000", desk, "expect.metrics=[arms.batch.p95 <= 1 h]")
    failed = {item.name for item in found.finished.expectations if item.verdict == "fail"}
    assert failed == {"two_clocks", "arms.batch.p95 <= 1 h"}


def test_more_invoices_to_send_again_than_there_are():
    assert played("workload.0.population=300", "workload.0.reused_invoices=1000").verdict == "pass"


def test_a_part_in_the_wrong_hands_is_told(year):
    scenario, tree = load_scenario(shipped()["city_plan_year"], list(SMALL)), year.left.holdings[0].chain.tree
    assert flow_differences(scenario, tree, 1) == ()
    moved = {}
    for name, fen in (("insurer-1", 500_00), ("insurer-2", -500_00)):
        record = tree.get("accounts", f"{name}/claims-paid")
        moved["accounts", f"{name}/claims-paid"] = msgspec.structs.replace(record, balance_fen=record.balance_fen + fen)
    lines = flow_differences(scenario, tree.update(moved), 1)
    assert [line.split(" carries")[0] for line in lines] == ["paid: insurer-1", "paid: insurer-2"]


# The population


@pytest.mark.parametrize("count", [1, 7, 20_189, 20_190, 20_191, 60_000])
def test_a_population_of_any_size_has_one_name_each_and_is_spread_evenly(count):
    population = Population(count, ("one", "two", "three"))
    members = [population[number] for number in range(count)]
    assert len({member.name for member in members}) == count
    assert [number for _, numbers in population.by_row() for number in numbers] == list(range(count))
    lives = [len(numbers) for _, numbers in population.by_row()]
    assert max(lives) - min(lives) <= 1
    rows = [row for row, numbers in population.by_row() for _ in numbers]
    assert [member.row for member in members] == rows


def test_every_member_is_in_one_bulk_and_its_draft_is_found():
    population = Population(41_000, ("one", "two", "three"))
    bulks = Bulks(population, 700)
    seen = []
    for insurer in ("one", "two", "three"):
        for index, bulk in enumerate(bulks.of(insurer)):
            assert 0 < len(bulk) <= 700
            assert all(bulks.draft_of(population[number]) == f"enrol/{insurer}/{index}" for number in bulk[::97])
            seen += bulk
    assert sorted(seen) == list(range(41_000))
