"""The year of a city's plan on real spending: right to the fen, whatever the order, and refused where it is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from node.contracts import business_entries, execute_block
from node.contracts.accounts import overdrawn, total_of_all_accounts
from node.contracts.inclusive import Enrol, Settle
from node.contracts.runtime import genesis_state
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from scenarios.language.loader import load_scenario
from scenarios.language.problems import ScenarioInvalid
from scenarios.runner.city_plan import CityPlan, expected_outcomes, outcomes
from scenarios.runner.flows import build_flows, flow_differences, flow_problems
from scenarios.runner.plan import make_plan
from scenarios.runner.spending import load_person_years
from tests.scenarios.telling import any_causal_order

SCENARIO = Path(__file__).parents[2] / "scenarios" / "library" / "stories" / "real_spending.yaml"
SMALL = "workload.0.population=400"
BLOCK_TRANSACTIONS = 50
PARTS_PER_MILLION = 1_000_000


class Year:
    """A plan, executed step by step in some order without a network."""

    def __init__(self, *overrides: str, seed: int = 1) -> None:
        self.scenario = load_scenario(SCENARIO, overrides)
        self.plan = make_plan(self.scenario, seed=seed)
        flow = self.scenario.workload[0]
        self.arguments = CityPlan.model_validate({"flow": flow.flow, **flow.__pydantic_extra__})
        self.steps = self.plan.workload.steps
        self.tree = genesis_state(self.plan.genesis)
        self.codes: dict[str, str] = {}

    def run(self, steps=None, block: int = BLOCK_TRANSACTIONS) -> Year:
        ordered = self.steps if steps is None else steps
        directory = Directory(self.plan.genesis)
        for start in range(0, len(ordered), block):
            part = ordered[start : start + block]
            execution = execute_block(self.tree, directory, [decode_transaction(step.raw) for step in part])
            self.tree = execution.tree
            self.codes.update((step.id, o.code) for step, o in zip(part, execution.outcomes, strict=True))
        return self

    def business(self) -> list[tuple[str, str, object]]:
        return list(business_entries(self.tree))


@pytest.fixture(scope="module")
def year() -> Year:
    """All 20,190 person-years, as shipped."""
    return Year().run()


@pytest.fixture(scope="module")
def small() -> Year:
    return Year(SMALL).run()


def test_every_step_comes_out_as_it_says(year):
    assert year.codes == {step.id: step.expect for step in year.steps}
    assert Counter(year.codes.values()) == {"ok": len(year.steps) - 7, "duplicate_invoice": 5, "balance_differs": 2}


def test_the_year_agrees_with_what_the_data_alone_says(year):
    assert outcomes(year.arguments, year.tree) == expected_outcomes(year.arguments, year.scenario)
    assert flow_differences(year.scenario, year.tree, year.plan.seed) == ()


def test_the_year_of_20190_person_years_to_the_fen(year):
    assert outcomes(year.arguments, year.tree) == {
        "people": 20_190,
        "premium": 1_694_880_00,
        "eligible": 17_319_780_10,
        "paid": 1_533_724_33,
        "claimants": 241,
        "ceded_premium": 677_952_00,
        "commission": 203_385_60,
        "ceded_loss": 613_489_73,
        "stop_loss_premium": 50_846_40,
        "stop_loss_recovery": 96_022_98,
    }


def test_the_documentation_counts_the_same_transactions(year):
    text = (Path(__file__).parents[2] / "docs" / "real-spending.md").read_text()
    settled = [step for step in year.steps if step.stage == "paid"]
    alone = sum(step.title.startswith("settles a bill at discharge") for step in settled)
    bills = sum(1 for _ in year.tree.items("inclusive-claims"))
    assert (len(year.steps), alone, len(settled) - alone, bills) == (2_543, 2_279, 212, 28_015)
    for figure in ("2,543 transactions", "| 2,279 |", "| 212 |", "28,015 bills"):
        assert figure in text
    for fen in outcomes(year.arguments, year.tree).values():
        assert fen in (20_190, 241) or f"{fen // 100:,}.{fen % 100:02d}" in text


def test_the_years_sums_come_from_the_shipped_data(year):
    rows = load_person_years()
    adults = sum(row.age >= 18 for row in rows)
    assert outcomes(year.arguments, year.tree)["premium"] == adults * 100_00 + (len(rows) - adults) * 60_00
    above = [(row.medical_cents * 5 - 10_000_00) for row in rows if row.medical_cents * 5 > 10_000_00]
    assert outcomes(year.arguments, year.tree)["paid"] == sum((excess + 1) // 2 for excess in above)


def test_no_fen_appears_or_vanishes(year):
    assert total_of_all_accounts(year.tree) == 0
    assert overdrawn(year.tree) == ()


def test_every_period_is_the_share_of_what_its_transactions_wrote_and_paid(year):
    """Replays the signed transactions in order of business time, in plain integers, per insurer and quarter."""
    ages, insurer_of, eligible = {}, {}, Counter()
    booked: Counter[tuple[str, str, int]] = Counter()
    boundaries = year.tree.get("reinsurance-treaties", "insurer-1/city-plan-2023").boundaries_ms
    bodies = [decode_transaction(step.raw).body for step in year.steps if step.expect == "ok"]
    for body in sorted(bodies, key=lambda body: body.time_ms):
        period = sum(body.time_ms >= bound for bound in boundaries) - 1
        if body.action == "enrol":
            for name, age in msgspec.msgpack.decode(body.arguments, type=Enrol).rows:
                ages[name], insurer_of[name] = age, body.client
                booked[body.client, "premium", period] += 100_00 if age >= 18 else 60_00
        elif body.action == "settle":
            for name, _, _, fen in msgspec.msgpack.decode(body.arguments, type=Settle).bills:
                before = (max(0, eligible[name] - 10_000_00) + 1) // 2
                eligible[name] += fen
                booked[insurer_of[name], "loss", period] += (max(0, eligible[name] - 10_000_00) + 1) // 2 - before
    assert len(ages) == 20_190
    for insurer in ("insurer-1", "insurer-2"):
        premium = loss = ceded_premium = ceded_loss = 0
        for period in range(4):
            stated = year.tree.get("reinsurance-periods", f"{insurer}/city-plan-2023/{period:02d}")
            premium += booked[insurer, "premium", period]
            loss += booked[insurer, "loss", period]
            assert stated.gross_premium_fen == booked[insurer, "premium", period]
            assert stated.gross_loss_fen == booked[insurer, "loss", period] > 0
            ceded_premium += stated.cession.premium
            ceded_loss += stated.cession.loss
            assert ceded_premium == premium * 2 // 5  # 40 %: premiums are whole yuan
            assert ceded_loss == (4 * loss + 5) // 10  # to the nearest fen
            assert stated.state == "confirmed"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_independent_chains_commute(small, seed):
    """Whoever orders the blocks, and however large they are, the business state is the same."""
    shuffled = Year(SMALL)
    shuffled.run(any_causal_order(shuffled.steps, seed), block=seed * 7)
    assert shuffled.codes == small.codes
    assert shuffled.business() == small.business()


def test_another_seed_gives_another_year_with_the_same_sums(small):
    other = Year(SMALL, seed=2).run()
    assert other.codes == {step.id: step.expect for step in other.steps}
    assert other.business() != small.business()
    assert outcomes(other.arguments, other.tree) == outcomes(small.arguments, small.tree)


@pytest.mark.parametrize(
    "overrides",
    [
        ("workload.0.population=1",),
        (SMALL, "workload.0.treaty.periods=12", "workload.0.batch_days=30", "workload.0.run_out=31 days"),
        (SMALL, "members.insurer.count=3", "members.hospital.count=5", "workload.0.outpatient_bills_max=9"),
        (SMALL, "workload.0.enrolment_rows=7", "workload.0.enrolment=1 day", "workload.0.cover=4 days"),
        (SMALL, "workload.0.pool=[3, 1]"),
        (SMALL, "workload.0.pool=[3, 1]", "workload.0.discharges_every=1 h", "workload.0.covers=inpatient"),
        (SMALL, "workload.0.discharges_every=6 h", "workload.0.stays=one", "workload.0.batch_days=3"),
        (
            SMALL,
            "workload.0.product.cap=500 CNY",
            "workload.0.product.deductible=0 CNY",
            "workload.0.product.ratio=100%",
        ),
    ],
)
def test_years_of_other_shapes_are_right_too(overrides):
    year = Year(*overrides).run()
    assert year.codes == {step.id: step.expect for step in year.steps}
    assert flow_differences(year.scenario, year.tree, year.plan.seed) == ()


def test_the_same_seed_gives_the_same_bytes(small):
    again = build_flows(small.scenario, small.plan.keyring, small.plan.genesis, small.plan.seed)
    assert tuple(again) == small.steps


def test_steps_wait_for_earlier_steps_only_and_come_in_order_of_time(year):
    seen: set[str] = set()
    for before, step in zip(year.steps[:1] + year.steps, year.steps, strict=False):
        assert before.at_ns <= step.at_ns
        assert seen.issuperset(step.after)
        assert step.id not in seen
        seen.add(step.id)


def test_every_client_counts_its_transactions_without_gaps(year):
    numbers: dict[str, list[int]] = {}
    for step in year.steps:
        numbers.setdefault(step.client, []).append(step.number)
    assert all(sorted(used) == list(range(len(used))) for used in numbers.values())


def test_no_diagnosis_is_in_any_transaction(year):
    codes = [code.encode() for code in year.arguments.diagnoses]
    assert not [step.id for step in year.steps if any(code in step.raw for code in codes if len(code) > 3)]


def test_a_state_that_lost_a_fen_is_told_apart(small):
    key, _ = next(small.tree.items("inclusive-members"))
    place = ("inclusive-members", key)
    member = small.tree.get(*place)
    forged = small.tree.update({place: msgspec.structs.replace(member, paid_fen=member.paid_fen + 1)})
    paid = expected_outcomes(small.arguments, small.scenario)["paid"]
    assert f"paid: {paid + 1} instead of {paid}" in flow_differences(small.scenario, forged, small.plan.seed)


@pytest.mark.parametrize(
    ("override", "path", "said"),
    [
        ("workload.0.flow=city-plam", ("workload", 0, "flow"), "did you mean"),
        ("workload.0.population=5000001", ("workload", 0, "population"), "must be at most 5000000"),
        ("workload.0.product.ratio=50", ("workload", 0, "product", "ratio"), "has no unit"),
        ("workload.0.run_out=5 days", ("workload", 0), "longer than `batch_days`"),
        ("workload.0.cover=3 days", ("workload", 0), "fewer days"),
        ("workload.0.coverage=1", ("workload", 0, "coverage"), "unknown key"),
        ("members.insurer.count=8", ("workload", 0), "need a `pool`"),
        ("workload.0.pool=[1, 2, 3]", ("workload", 0), "3 parts for 2 insurers"),
        ("members={insurer: {}, hospital: {}, bureau: {}}", ("workload", 0), "needs a member of role `reinsurer`"),
    ],
)
def test_what_is_wrong_with_a_flow_is_said_at_its_place(override, path, said):
    scenario = load_scenario(SCENARIO, [override])
    problems = flow_problems(scenario)
    assert [(problem.path, said in problem.message) for problem in problems] == [(path, True)]
    with pytest.raises(ScenarioInvalid, match=r"workload"):
        make_plan(scenario)
