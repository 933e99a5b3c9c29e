"""Comparisons of measures: what they come to, and what is none."""

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.language.comparisons import (
    ComparisonError,
    Dimension,
    UnmeasuredError,
    Value,
    evaluate,
    holds,
    parse_comparison,
)

SECONDS, RATE, MONEY = Dimension(time=1), Dimension(time=-1), Dimension(money=1)
MEASURES = {
    "claims.paid": Value(Fraction(90)),
    "claims.approved": Value(Fraction(100)),
    "commit_latency.p99": Value(Fraction(1_500_000_000), SECONDS),
    "throughput.rate": Value(Fraction(12, 10**9), RATE),
    "accounts.insurer-1.claims-paid": Value(Fraction(500_00), MONEY),
    "refused.count": Value(Fraction(0)),
}


def judged(text):
    comparison = parse_comparison(text)
    return holds(comparison, *(evaluate(side, MEASURES.__getitem__) for side in (comparison.left, comparison.right)))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("claims.paid / claims.approved == 90%", True),
        ("claims.paid/claims.approved == 100%", False),
        ("commit_latency.p99 < 2s", True),
        ("commit_latency.p99 <= 1500 ms", True),
        ("1.5s != commit_latency.p99", False),
        ("throughput.rate >= 10/s", True),
        ("throughput.rate >= 721/min", False),
        ("throughput.rate * 10s >= 120", True),
        ("accounts.insurer-1.claims-paid / claims.paid > 5.55 CNY", True),
        ("accounts.insurer-1.claims-paid == 500 CNY", True),
        ("claims.paid - claims.approved + 20 == 2 * 5", True),
        ("claims.approved - (claims.paid - 10) == 20", True),
        ("claims.approved - claims.paid - 10 == 0", True),
        ("claims.approved / 10 / 2 == 5", True),
    ],
)
def test_what_holds(text, held):
    assert judged(text) is held


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must stand where its end does"),
        ("claims.paid", "must follow, not nothing"),
        ("claims.paid = 3", "must follow, not `=`"),
        ("claims.paid == 3 == 3", "comes after the end"),
        ("claims.paid == (3", "never closed"),
        ("claims.paid == -3", "must stand where `-` does"),
        ("claims == 3", "`claims` is no measure by itself"),
        ("commit_latency < 2s", "`commit_latency` is no measure by itself"),
        ("commit_latency.p99 < 2", "a duration is compared with a number"),
        ("commit_latency.p99 + 3 CNY < 2s", "a duration and money cannot be added"),
        ("claims.paid < 3 lightyears", "is no unit"),
        ("claims.paid / 0 == 1", "divides by nothing"),
        ("open('/etc/passwd').read() == 1", "`open` is no measure"),
        ("(" * 40 + "a.b" + ")" * 40 + " == 1", "within each other"),
        ("a.b == " + "1 + " * 200 + "1", "at most 300 characters"),
    ],
)
def test_what_is_no_comparison_is_told(text, said):
    with pytest.raises(ComparisonError) as refused:
        parse_comparison(text)
    assert said in str(refused.value)


def test_a_measure_of_nothing_divides_nothing():
    with pytest.raises(UnmeasuredError, match="divides by nothing"):
        judged("claims.paid / refused.count == 1")


def test_names_come_once_in_order():
    assert parse_comparison("a.b + c.d > a.b * 2").names == ("a.b", "c.d")


TOKENS = ["1", "2s", "a.b", "c.p99", "+", "-", "*", "/", "(", ")", "==", "<", "5%"]


@given(st.text(max_size=40) | st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join))
def test_any_text_is_a_comparison_or_refused(text):
    with suppress(ComparisonError, UnmeasuredError):
        evaluate(parse_comparison(text).left, lambda _: Value(Fraction(1)))
