"""The flow "zero-perception": who is drawn, what is told, what is paid, and what the run's size changes."""

import datetime as dt
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.language.models.business import STORY_FLOWS
from scenarios.language.problems import ScenarioInvalid
from scenarios.runner import run
from scenarios.runner.flows import FLOWS, told_by_flows
from scenarios.runner.plan import make_plan
from scenarios.runner.spending import load_person_years
from scenarios.runner.zero_perception.arguments import CLAIMS_MAX, ZeroPerception
from scenarios.runner.zero_perception.people import check_character, insured_people, stays_of_data
from scenarios.runner.zero_perception.telling import spread
from scenarios.shipped import shipped
from tests.scenarios.telling import Told

SMALL = ("workload.0.claims=6", "workload.0.revoked=1", "workload.0.reused=1", "clients.patient.count=4")
EXCLUDED = {"special-service", "self-paid"}


def scenario(*overrides, name="claims_by_themselves"):
    return load_scenario(shipped()[name], [*SMALL, *overrides] if name == "claims_by_themselves" else list(overrides))


def told(*overrides, order=None):
    return Told(make_plan(scenario(*overrides), protocol="raft"), order=order)


@pytest.fixture(scope="module")
def small():
    return told()


def steps(told, suffix):
    return [step for step in told.scenario.story if step.id.endswith(suffix)]


def test_every_step_gets_the_answer_that_its_course_expects(small):
    wrong = {name: outcome for name, outcome in small.outcomes.items() if outcome.code != small.steps[name].expect}
    assert wrong == {}
    assert Counter(outcome.code for outcome in small.outcomes.values() if outcome.code != "ok") == {
        "voucher_revoked": 1,
        "invoice_reused": 1,
    }


def test_each_claim_pays_what_a_plain_sum_over_its_bill_says(small):
    for pay in steps(small, "-pay"):
        stay = small.scenario.world.stays[pay.id.removesuffix("-pay")]
        eligible = sum(item.amount for item in stay.items if item.kind not in EXCLUDED)
        assert small.outcomes[pay.id].output == {"paid_fen": min(eligible, 100_000_00)}


def test_bills_are_what_the_people_of_the_data_were_billed(small):
    rows = {row.inpatient_cents * 5 for row in load_person_years() if row.admissions}
    assert all(sum(item.amount for item in stay.items) in rows for stay in small.scenario.world.stays.values())


def test_nothing_is_handed_over_where_the_voucher_was_taken_back(small):
    case = steps(small, "-refer")[0].id.removesuffix("-refer")
    claim = small.tree.get("claims", small.object(f"{case}-report"))
    assert (claim.state, claim.requests, claim.papers, claim.answer) == ("PAID", 1, 1, "")
    queried = small.tree.get("queries", small.object(f"{case}-ask"))
    assert (queried.state, queried.granted) == ("ASKED", ())


def test_the_reused_invoice_ends_in_a_denial_and_pays_nothing(small):
    case = steps(small, "-deny")[0].id.removesuffix("-deny")
    claim = small.tree.get("claims", small.object(f"{case}-report"))
    assert (claim.state, claim.reason, claim.paid_fen) == ("DENIED", "invoice-reused", 0)


def test_claims_may_be_executed_in_any_order_that_keeps_their_courses(small):
    """Independent claims commute: the case last in the alphabet first, for instance."""
    plan = small.plan
    opening = [step for step in plan.workload.steps if step.flow != "claims"]
    claims = sorted(
        (step for step in plan.workload.steps if step.flow == "claims"),
        key=lambda step: (step.case.endswith("-again"), [-ord(letter) for letter in step.case]),
    )
    other = Told(plan, order=[*opening, *claims])
    assert other.tree.root == small.tree.root


def test_another_seed_draws_other_stays_and_the_same_one_the_same():
    one, same, other = (told_by_flows(scenario(), seed) for seed in (1, 1, 2))
    assert one == same
    assert [step.at for step in one.story] != [step.at for step in other.story]
    assert {name: stay.items for name, stay in one.world.stays.items()} == {
        name: stay.items for name, stay in other.world.stays.items()
    }, "who fell ill is the data's; when and where is drawn"


def test_identity_numbers_are_all_different_and_their_check_characters_fit():
    thousand = scenario(name="thousand_claims")
    people = told_by_flows(thousand, 38).world.people.values()
    numbers = [person.identity for person in people]
    assert len(set(numbers)) == len(numbers) == 1_000
    for person in people:
        # ISO 7064 MOD 11-2 another way: the whole number, weighted by powers of two, leaves 1
        digits = [10 if letter == "X" else int(letter) for letter in person.identity]
        assert sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11 == 1
        born = dt.date(*(int(person.identity[a:b]) for a, b in ((6, 10), (10, 12), (12, 14))))
        age = (dt.date(2023, 4, 1) - born).days / 365.2425
        assert age - 1.1 < person.age < age


def test_the_check_character_of_the_standards_own_example():
    assert check_character("11010519491231002") == "X"


@given(st.integers(1, CLAIMS_MAX), st.data())
@settings(max_examples=60)
def test_who_is_chosen_is_spread_evenly_and_nobody_twice(places, data):
    count = data.draw(st.integers(0, places))
    chosen = spread(count, range(places))
    assert len(set(chosen)) == count
    gaps = {after - before for before, after in pairwise(chosen)}
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_flow_that_is_a_story_is_known_to_the_language_as_one():
    assert tuple(name for name, kind in FLOWS.items() if kind.tell is not None) == STORY_FLOWS


def test_a_thousand_claims_are_of_a_thousand_people_at_22_insurers():
    thousand = scenario(name="thousand_claims")
    flow = ZeroPerception.model_validate({"flow": "zero-perception", **thousand.workload[0].__pydantic_extra__})
    cast = FLOWS[flow.flow].cast(flow, thousand)
    people = insured_people(flow, thousand, cast, 38)
    per_insurer = Counter(insured.insurer for insured in people)
    assert (len(people), len(per_insurer)) == (1_000, 22)
    assert max(per_insurer.values()) - min(per_insurer.values()) <= 1
    assert len(stays_of_data()) == CLAIMS_MAX > 1_000


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("workload.0.items=[{kind: bed, share: 99%}]", "the shares of `items` make 99 % and not 100 %"),
        ("workload.0.revoked=6", "`revoked` and `reused` together are more than `claims`"),
        ("workload.0.product=snake-oil", "`snake-oil` is not among the scenario's `products`"),
        ("workload.0.riders=[]", "neither `hepatitis-care` nor its `riders` answer `inpatient`"),
        ("clients={}", "need patients"),
        ("workload.0.claims=100000", f"must be at most {CLAIMS_MAX}"),
    ],
)
def test_what_cannot_be_told_is_said_before_anything_runs(override, said):
    with pytest.raises(ScenarioInvalid) as caught:
        make_plan(scenario(override), protocol="raft")
    assert said in str(caught.value)


CUT = (
    *("workload.0.claims=12", "workload.0.revoked=1", "workload.0.reused=1", "clients.patient.count=12"),
    *("members.insurer.count=3", "run.clock.scale=1 day = 1 s", "consensus.blocks.delay=100ms"),
    *("faults.0.at=6500ms", "faults.0.restart_after=1s"),
)
"""The thousand cut down to twelve claims at three insurers: the leader crashes amid the discharges."""


@pytest.fixture(scope="module", params=["raft", "pbft"])
def cut_down(request):
    return request.param, run(
        load_scenario(shipped()["thousand_claims"], list(CUT)),
        view=NoView(),
        out=None,
        mode="virtual",
        protocol=request.param,
    )


def test_a_crash_amid_the_discharges_delays_claims_and_loses_none(cut_down):
    _, result = cut_down
    judged = {item.name: item for item in result.finished.expectations}
    wrong = {name for name, item in judged.items() if item.verdict == "fail"}
    assert wrong == {"arms.chain.count == 980", "arms.manual.count == 20", "claims.denied.count == 10"}, "cut down"
    assert judged["arms.chain.count == 980"].detail.startswith("not so: 11")
    found = result.finished.metrics.summary()
    assert found["network.crashed"].count == 1
    assert found["arms.chain"].max < 8 * 60 * 10**9


def test_the_arms_of_the_result_are_the_measures_of_the_run(cut_down):
    _, result = cut_down
    found, arms = result.finished.metrics.summary(), {arm.name: arm for arm in result.finished.arms.arms}
    assert {name: arm.claims for name, arm in arms.items()} == {"chain": 11, "manual": 1, "paper": 12}
    for name, arm in arms.items():
        measured = found[f"arms.{name}"]
        assert [quantile.ns for quantile in arm.quantiles] == [measured.p5, measured.p50, measured.p95]
    assert (arms["chain"].noticed, arms["chain"].trips) == (22, 0)
    assert (arms["manual"].noticed, arms["manual"].trips) == (3, 1)
    assert result.finished.arms.links == 18
