"""Money between institutions: how long an annuity takes on the chain and on paper, and what supervisors are told."""

import pytest

from node.contracts.fields import Arguments
from node.privacy import Opening
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.roles.arguments import ArgumentError, References, arguments_of
from scenarios.runner import run
from scenarios.runner.arms import chain_quantiles, paper_quantiles
from scenarios.shipped import shipped

DAY_NS = 86_400 * 10**9


@pytest.fixture(scope="module")
def moved():
    return run(load_scenario(shipped()["annuity_moved"]), view=NoView(), out=None, mode="virtual")


def test_two_months_on_paper_are_days_on_the_chain():
    scenario = load_scenario(shipped()["annuity_moved"])
    paper, chain = (of(scenario, scenario.run.seed) for of in (paper_quantiles, chain_quantiles))
    assert 55 * DAY_NS < paper.p50_ns < 65 * DAY_NS, "the source says about two months"
    assert chain.p95_ns < 10 * DAY_NS < paper.p5_ns


def test_the_report_tells_how_far_each_transfer_is(moved):
    (sheet,) = (sheet for sheet in moved.finished.figures if sheet.title == "Annuities that move")
    columns = [column.name for column in sheet.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in sheet.rows]
    assert [row["state"] for row in rows] == ["CREDITED", "DECLINED", "CREDITED"]
    for row in rows:
        on_paper = row["hours on paper"]
        assert (on_paper is None) == (row["state"] == "DECLINED")
        assert on_paper is None or row["hours so far"] < 10 * 24 < 40 * 24 < on_paper


class Shown(Arguments, frozen=True):
    amount: Opening


class OneStep(References):
    def opening(self, key, step, field):  # noqa: ARG002 - no mistake to place
        return Opening(path=field, value=7, salt=step * 32)


def test_an_opening_is_written_by_the_step_that_enclosed_it():
    given = {"amount": {"open": "ab", "field": "amount_fen"}}
    assert arguments_of(Shown, given, OneStep()).amount == Opening("amount_fen", 7, "ab" * 32)
    with pytest.raises(ArgumentError, match="no step stands before this, to open `amount_fen` of"):
        arguments_of(Shown, given, References())
    with pytest.raises(ArgumentError, match="`field` is no argument"):
        arguments_of(Shown, {"amount": {"field": "amount_fen"}}, OneStep())
