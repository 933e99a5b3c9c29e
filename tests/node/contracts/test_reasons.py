"""Scores, decisions and reasons: of every product that ships, and of drawn ones."""

import itertools
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.contracts.products import AGE_MAX, AGE_MIN, HISTORY_MAX, Scoring, score
from node.contracts.reasons import (
    AGE,
    BELOW_SECOND,
    EITHER,
    HISTORY,
    MEETS,
    MEETS_SECOND,
    REASONS,
    applicants_with,
    decide,
    reason_of,
)
from scenarios.language import load_scenario
from scenarios.roles.terms import load_product, sold
from scenarios.shipped import shipped

EVERYBODY = tuple(itertools.product(range(AGE_MIN, AGE_MAX + 1), range(HISTORY_MAX + 1)))
FAVOUR = ("accept", "load", "counter", "decline")


def shipped_scorings():
    """Of every product file, and of the products that scenarios of the library have in themselves."""
    names = sorted(path.stem for path in Path(str(files("configs"))).joinpath("products").glob("*.yaml"))
    products = [load_product(name) for name in names]
    for path in shipped().values():
        if "scoring: {" in path.read_text(encoding="utf-8"):
            products += sold(load_scenario(path).products)
    return {product.name: product.scoring for product in products if product.scoring is not None}


SHIPPED = shipped_scorings()

scorings = st.builds(
    lambda base, age, history, cuts: Scoring("v", base, age, history, *sorted(cuts, reverse=True), 250_000, 600_000),
    st.integers(0, 10_000),
    st.integers(1, 200),
    st.integers(1, 2_000),
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000)),
)


def counted_down(scoring, age, history):
    """The score, one year and one illness after the other."""
    points = scoring.base
    for _ in range(AGE_MIN, age):
        points -= scoring.age_step
    for _ in range(history):
        points -= scoring.history_step
    return points


def falls_strictly(scoring):
    points = {applicant: score(scoring, *applicant) for applicant in EVERYBODY}
    older = all(points[age, history] > points[age + 1, history] for age, history in EVERYBODY if age < AGE_MAX)
    sicker = all(points[age, history] > points[age, history + 1] for age, history in EVERYBODY if history < HISTORY_MAX)
    return older and sicker and all(points[one] == counted_down(scoring, *one) for one in EVERYBODY)


def test_there_are_scorings_to_test():
    assert {"hepatitis-care", "stepwise"} <= set(SHIPPED)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_scores_strictly_fall_over_all_ages_and_histories(name):
    assert falls_strictly(SHIPPED[name])


@given(scorings)
def test_drawn_scores_strictly_fall_over_all_ages_and_histories(scoring):
    assert falls_strictly(scoring)


@pytest.mark.parametrize("name", sorted(SHIPPED))
@pytest.mark.parametrize(
    ("threshold", "attempt", "below", "at"),
    [
        ("accept_from", 1, "load", "accept"),
        ("load_from", 1, "counter", "load"),
        ("counter_from", 2, "decline", "accept"),
    ],
)
def test_decisions_change_at_each_threshold_and_nowhere_beside_it(name, threshold, attempt, below, at):
    cut = getattr(SHIPPED[name], threshold)
    assert [decide(SHIPPED[name], cut + step, attempt) for step in (-1, 0, 1)] == [below, at, at]


@given(scorings, st.sampled_from(EVERYBODY), st.sampled_from((1, 2)))
def test_nobody_fares_better_for_being_older_or_sicker(scoring, applicant, attempt):
    age, history = applicant
    here = FAVOUR.index(decide(scoring, score(scoring, age, history), attempt))
    for worse in ((age + 1, history), (age, history + 1)):
        if worse in EVERYBODY:
            assert FAVOUR.index(decide(scoring, score(scoring, *worse), attempt)) >= here


@given(scorings, st.sampled_from(EVERYBODY))
def test_a_score_leads_back_to_all_who_have_it(scoring, applicant):
    points = score(scoring, *applicant)
    everybody = tuple(one for one in EVERYBODY if counted_down(scoring, *one) == points)
    assert sorted(applicants_with(scoring, points)) == sorted(everybody)
    assert applicant in everybody


@given(scorings, st.integers(-20_000, 20_000))
def test_a_score_that_nobody_has_leads_to_nobody(scoring, points):
    some = any(counted_down(scoring, *one) == points for one in EVERYBODY)
    assert bool(applicants_with(scoring, points)) == some


@given(scorings, st.sampled_from(EVERYBODY), st.sampled_from((1, 2)))
def test_every_decision_has_a_reason_from_the_list(scoring, applicant, attempt):
    points = score(scoring, *applicant)
    decision, reason = decide(scoring, points, attempt), reason_of(scoring, points, attempt)
    assert reason in REASONS
    assert (reason in {MEETS, MEETS_SECOND}) == (decision == "accept")
    assert (reason == BELOW_SECOND) == (decision == "decline")


@given(scorings, st.sampled_from(EVERYBODY))
def test_a_step_is_named_only_where_it_cost_most_of_whoever_could_have_the_score(scoring, applicant):
    points = score(scoring, *applicant)
    reason = reason_of(scoring, points, 1)
    costs = [
        (scoring.age_step * (age - AGE_MIN), scoring.history_step * history)
        for age, history in EVERYBODY
        if counted_down(scoring, age, history) == points
    ]
    older, sicker = [age >= history for age, history in costs], [age < history for age, history in costs]
    if decide(scoring, points, 1) != "accept":
        assert reason == (AGE if all(older) else HISTORY if all(sicker) else EITHER)


@pytest.mark.parametrize(
    ("age", "history", "reason"),
    [(19, 0, AGE), (18, 1, HISTORY), (40, 1, HISTORY), (41, 1, AGE), (64, 2, AGE), (18, 0, AGE), (65, 2, AGE)],
)
def test_the_step_that_cost_most_is_told_where_the_score_tells_it(age, history, reason):
    """Steps of 2 and 45 leave one age and history open, or two that are two illnesses and 45 years apart."""
    scoring = Scoring("v", 1000, 2, 45, 1001, 0, 0, 0, 0)
    alone = applicants_with(scoring, score(scoring, age, history)) == ((age, history),)
    assert reason_of(scoring, score(scoring, age, history), 1) == (reason if alone else EITHER)
