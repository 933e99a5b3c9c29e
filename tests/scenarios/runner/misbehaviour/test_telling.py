"""Lies in a story: what liars do instead, what is kept as the truth, and what cannot be told."""

import pytest

from scenarios.language import load_scenario
from scenarios.language.models.business import Story
from scenarios.language.problems import ScenarioInvalid
from scenarios.runner.misbehaviour import with_lies
from scenarios.runner.misbehaviour.telling import is_drawn
from scenarios.runner.story import story_times
from scenarios.shipped import shipped

DAY_MS = 86_400_000


def told(name, *overrides, seed=1):
    honest = load_scenario(shipped()[name], ["misbehaviour=[]"])
    lying = load_scenario(shipped()[name], list(overrides))
    scenario, lies = with_lies(lying, seed)
    return honest, scenario, lies


def step(scenario, name):
    return next(one for one in scenario.story if one.id == name)


def test_where_nobody_lies_the_scenario_is_as_it_was():
    honest, _, _ = told("withheld_loss_notice")
    assert with_lies(honest, 1) == (honest, ())


def test_a_notice_comes_late_or_never_and_the_truth_is_the_moment_it_was_due_to_be_told():
    honest, scenario, lies = told("withheld_loss_notice")
    before, after = story_times(honest, 1), story_times(scenario, 1)
    assert after["notice-lin"] - before["notice-lin"] == 5 * DAY_MS
    assert {*before} - {*after} == {"notice-wu"}
    assert [(lie.step, lie.subject, lie.at_ms) for lie in lies] == [
        ("notice-lin", "discharge-lin", before["notice-lin"]),
        ("notice-wu", "discharge-wu", before["notice-wu"]),
    ]


def test_what_comes_after_a_step_left_out_comes_after_what_it_came_after():
    lie = "misbehaviour=[{kind: withheld-loss-notice, by: insurer-1, on: notice-zhu}]"
    lying = load_scenario(shipped()["withheld_loss_notice"], [lie])
    last = Story(id="last", who="reinsurer", do="read", after=("notice-zhu", "notice-lin"))
    scenario, _ = with_lies(lying.model_copy(update={"story": (*lying.story, last)}), 1)
    assert step(scenario, "last").after == ("cede-zhu", "pay-zhu", "notice-lin")


def test_papers_are_of_a_stay_that_was_made_up():
    honest, scenario, lies = told("forged_invoice")
    own = honest.world.stays["lin-april"]
    made_up = scenario.world.stays[step(scenario, "papers-lin").__pydantic_extra__["stay"]]
    assert [item.amount for item in made_up.items] == [item.amount * 3 // 2 for item in own.items]
    assert made_up.invoice == own.invoice
    assert scenario.world.stays["lin-april"] == own
    assert [lie.subject for lie in lies] == ["discharge-lin", "discharge-wu"]


def test_later_steps_get_the_answers_that_the_lie_says():
    _, scenario, _ = told("double_claim")
    assert (step(scenario, "audit-lin-2").expect, step(scenario, "audit-wu-2").expect) == ("invoice_reused", "ok")


def test_a_share_is_drawn_by_seed_and_name_alone():
    drawn = [is_drawn(7, "double-claim", f"step-{n}", 300_000) for n in range(2_000)]
    assert 500 < sum(drawn) < 700
    assert drawn[5] == is_drawn(7, "double-claim", "step-5", 300_000)
    assert not any(is_drawn(7, "k", str(n), 0) for n in range(100))
    assert all(is_drawn(7, "k", str(n), 1_000_000) for n in range(100))


def test_all_of_a_share_of_everything_lie():
    lie = "misbehaviour=[{kind: silent-policy-edit, by: insurer-1, share: 100%}]"
    _, _, lies = told("silent_policy_edit", lie)
    assert [one.step for one in lies] == ["deposit-zhu", "deposit-lin", "deposit-wu"]


def test_no_step_is_two_lies():
    both = "[{kind: forged-invoice, by: hospital-1, share: 100%, factor: 200%}, "
    both += "{kind: forged-invoice, by: hospital-1, on: papers-lin, factor: 300%}]"
    _, scenario, lies = told("forged_invoice", f"misbehaviour={both}")
    assert [lie.step for lie in lies] == ["papers-zhu", "papers-lin"]
    bills = [scenario.world.stays[f"{p}-april.papers-{p}"].items[0].amount for p in ("zhu", "lin")]
    assert bills == [2 * 26_000, 3 * 32_500]


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ("{kind: silent-policy-edit, by: insurer-9, on: deposit-lin}", "nobody is called `insurer-9`"),
        ("{kind: silent-policy-edit, by: insurer-1, on: deposit-lim}", "did you mean `deposit-lin`?"),
        ("{kind: silent-policy-edit, by: insurer-1, on: compare-lin}", "is a step of `custodian`, not of `insurer-1`"),
        ("{kind: silent-policy-edit, by: insurer-1, on: [deposit-lin, deposit-lin]}", "is a lie already"),
        ("{kind: silent-policy-edit, by: insurer-1}", "say which steps are lies"),
        ("{kind: silent-policy-edit, by: insurer-1, on: deposit-lin, share: 1%}", "say which steps are lies"),
        ("{kind: silent-policy-edit, by: insurer-1, on: deposit-lin, then: {x: ok}}", "is called `x`"),
        ("{kind: forged-invoice, by: hospital-1, on: deposit-lin}", "say what is forged"),
        ("{kind: forged-invoice, by: insurer-1, on: deposit-lin, factor: 150%}", "nothing is asked of its detection"),
        ("{kind: forged-invoice, by: insurer-1, on: deposit-lin, factor: 50%}", "to more than 100 % of itself"),
        ("{kind: colluding-hospital, by: hospital-1, share: 5%, factor: 200%}", "the workload has none"),
        ("{kind: fib, by: hospital-1}", "does not match any of the expected"),
    ],
)
def test_what_cannot_be_told_is_named(lie, said):
    with pytest.raises(ScenarioInvalid, match="misbehaviour") as found:
        load_scenario(shipped()["silent_policy_edit"], [f"misbehaviour=[{lie}]"])
    assert any(said in problem.message for problem in found.value.problems), found.value


def test_a_lie_on_a_step_of_another_kind_is_refused():
    lie = "misbehaviour=[{kind: silent-policy-edit, by: insurer-1, on: bind-lin}]"
    with pytest.raises(ScenarioInvalid, match=r"`bind-lin` is none of insurer-1's steps `deposit`"):
        told("silent_policy_edit", lie)


def test_a_detection_that_cannot_fail_is_refused():
    with pytest.raises(ScenarioInvalid, match="this can never fail"):
        load_scenario(shipped()["silent_policy_edit"], ["expect.detection.silent-policy-edit={threshold: 3}"])
