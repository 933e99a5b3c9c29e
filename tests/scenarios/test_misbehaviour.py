"""Misbehaviour: nobody lies, no alarm; a detector that sleeps fails its scenario; none of them knows the truth."""

import ast
from pathlib import Path

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.runner.finish import conclude
from scenarios.runner.misbehaviour import detectors
from scenarios.runner.plan import make_plan
from scenarios.shipped import shipped, themes

NAMES = sorted(next(theme for theme in themes() if theme.name == "misbehaviour").scenarios)
DEAR = {"colluding-hospital": 6}
"""Honest acts that a statistical detector may suspect: dear bills, of some 110."""


def kind_of(name):
    return name.replace("_", "-")


def played(name, *overrides):
    return run(load_scenario(shipped()[name], list(overrides)), view=NoView(), out=None, mode="virtual")


@pytest.mark.parametrize("name", NAMES)
def test_where_nobody_lies_there_is_no_alarm(name):
    kind = kind_of(name)
    asked = f"expect.detection.{kind}={{false_alarms: {DEAR.get(kind, 0)}}}"
    result = played(name, "misbehaviour=[]", asked)
    (score,) = result.finished.scores
    assert score.lies == ()
    assert result.verdict == "pass", result.lines


@pytest.mark.parametrize("name", NAMES)
def test_without_its_detector_the_verdict_is_fail(name, monkeypatch):
    scenario = load_scenario(shipped()[name])
    result = run(scenario, view=NoView(), out=None, mode="virtual")
    assert result.verdict == "pass", result.lines
    monkeypatch.setattr("scenarios.runner.misbehaviour.scoring.DETECTORS", {kind_of(name): lambda *_: iter(())})
    finished = conclude(make_plan(scenario), result.left)
    failed = [item.name for item in finished.expectations if item.verdict == "fail"]
    assert (finished.verdict, failed) == ("fail", [f"detection.{kind_of(name)}"])


def test_every_kind_has_a_detector_and_a_scenario():
    assert sorted(detectors.DETECTORS) == [kind_of(name) for name in NAMES]


def test_no_detector_can_see_who_lies():
    folder = Path(detectors.__file__).parent
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            allowed = ("scenarios.runner.misbehaviour.detectors", "scenarios.runner.misbehaviour.watching")
            hidden = [name for name in names if name.startswith("scenarios") and not name.startswith(allowed)]
            assert not hidden, f"{path.name} imports {hidden}"


@pytest.mark.parametrize("seed", range(50, 56))
def test_collusion_is_scored_by_what_was_really_billed(seed):
    """The plan's lies are exactly the bills that differ from those of the honest run."""
    path = shipped()["colluding_hospital"]
    lying, honest = (make_plan(load_scenario(path, list(more)), seed=seed) for more in ((), ("misbehaviour=[]",)))
    bills = {step.id: step.title for step in honest.workload.steps if step.stage == "filed"}
    told = {step.id: step.title for step in lying.workload.steps if step.stage == "filed"}
    raised = {name for name, title in told.items() if title != bills[name]}
    assert {lie.step for lie in lying.lies} == raised
    assert raised
