import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from node.contracts import Refusal
from node.contracts.products import AGE_MAX, AGE_MIN, HISTORY_MAX, Benefit, Product, Scoring, benefits_of, score
from node.contracts.underwriting import Application, decide, premium_fen, score_holds
from node.privacy.commitments import commitments_of, openings_of
from scenarios.roles.terms import load_product

SCORING = Scoring("v1", 1000, 4, 90, 800, 650, 450, 250_000, 600_000)
AGES = range(AGE_MIN, AGE_MAX + 1)
HISTORIES = range(HISTORY_MAX + 1)

scorings = st.builds(
    Scoring,
    version=st.just("v"),
    base=st.integers(0, 10_000),
    age_step=st.integers(1, 10_000),
    history_step=st.integers(1, 10_000),
    accept_from=st.just(3),
    load_from=st.just(2),
    counter_from=st.just(1),
    loading_ppm=st.just(0),
    counter_sum_ppm=st.just(1),
)


@given(scorings, st.sampled_from(AGES[:-1]), st.sampled_from(HISTORIES[:-1]))
def test_the_score_strictly_falls_with_age_and_with_history(scoring, age, history):
    here = score(scoring, age, history)
    assert score(scoring, age + 1, history) < here
    assert score(scoring, age, history + 1) < here


def test_the_shipped_product_scores_every_applicant_and_reaches_every_decision():
    scoring = load_product("hepatitis-care").scoring
    points = [score(scoring, age, history) for age, history in itertools.product(AGES, HISTORIES)]
    assert {decide(scoring, value, attempt=1) for value in points} == {"accept", "load", "counter"}
    assert {decide(scoring, value, attempt=2) for value in points} == {"accept", "decline"}


def test_the_shipped_product_covers_the_hepatitis_of_the_source():
    assert load_product("hepatitis-care").diseases == ("B15", "B16", "B17.0", "B18.0", "B18.1")


@pytest.mark.parametrize(("age", "history"), [(17, 0), (66, 0), (40, 6), (40, -1)])
def test_nobody_is_scored_off_the_scale(age, history):
    with pytest.raises(Refusal, match="outside_the_scale"):
        score(SCORING, age, history)


@pytest.mark.parametrize(
    ("points", "attempt", "decision"),
    [
        (799, 1, "load"),
        (800, 1, "accept"),
        (801, 1, "accept"),
        (649, 1, "counter"),
        (650, 1, "load"),
        (651, 1, "load"),
        (449, 2, "decline"),
        (450, 2, "accept"),
        (451, 2, "accept"),
    ],
)
def test_decisions_at_the_thresholds(points, attempt, decision):
    assert decide(SCORING, points, attempt) == decision


def application(**changes):
    base = Application(
        state="APPLIED",
        applicant="ann",
        subject="00" * 32,
        insurer="insurer-1",
        product="hepatitis-care",
        riders=("inpatient",),
        attempt=1,
        sum_ppm=1_000_000,
        loading_ppm=0,
        score=None,
        decision="",
        rule_version="",
        authorisation="",
        inputs=(),
    )
    return replace(base, **changes)


MAIN = Benefit("hepatitis", 12_000, 5_000_000, 0, 1_000_000, ())
RIDER = Benefit("inpatient", 24_000, 10_000_000, 0, 1_000_000, ("self-paid",))
PRODUCT = Product("t", (), SCORING, MAIN, (RIDER,))


@pytest.mark.parametrize(
    ("changes", "fen"),
    [
        ({}, 36_000),
        ({"riders": ()}, 12_000),
        ({"loading_ppm": 250_000}, 45_000),
        ({"sum_ppm": 600_000}, 21_600),
        ({"riders": (), "sum_ppm": 333_333, "loading_ppm": 1}, 4_000),
    ],
)
def test_premiums(changes, fen):
    assert premium_fen(PRODUCT, application(**changes)) == fen


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 1_000_000), st.integers(0, 10_000_000))
def test_premiums_are_rounded_to_the_nearest_fen_twice_and_rise_with_the_loading(main, rider, sum_ppm, loading_ppm):
    product = replace(PRODUCT, main=replace(MAIN, premium_fen=main), riders=(replace(RIDER, premium_fen=rider),))

    def nearest(amount):
        return math.floor(amount + Fraction(1, 2))

    reduced = nearest((main + rider) * Fraction(sum_ppm, 10**6))
    applied = application(sum_ppm=sum_ppm, loading_ppm=loading_ppm)
    assert premium_fen(product, applied) == nearest(reduced * (1 + Fraction(loading_ppm, 10**6)))
    assert premium_fen(product, applied) >= premium_fen(product, replace(applied, loading_ppm=0)) == reduced


def test_an_unknown_rider_is_refused():
    assert benefits_of(PRODUCT, ("inpatient",)) == (MAIN, RIDER)
    with pytest.raises(Refusal, match="unknown_rider"):
        benefits_of(PRODUCT, ("dental",))


def test_opened_inputs_recompute_the_score_and_nothing_else_does():
    age, history = openings_of({"age": 34, "history": 2}, {"age": "aa" * 32, "history": "bb" * 32})
    points = score(SCORING, 34, 2)
    inputs = commitments_of((age, history))
    assessed = application(score=points, decision="load", reason="history_costs_most", inputs=inputs)
    assert score_holds(SCORING, assessed, age, history)
    assert not score_holds(SCORING, replace(assessed, score=assessed.score + 1), age, history)
    assert not score_holds(SCORING, replace(assessed, reason="age_costs_most"), age, history)
    assert not score_holds(SCORING, assessed, replace(age, value=33), history)
    assert not score_holds(SCORING, assessed, history, age)
    assert not score_holds(SCORING, assessed, replace(age, salt="cc" * 32), history)
