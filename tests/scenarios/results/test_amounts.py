import pytest

from scenarios.results.amounts import aligned, amount, interval
from scenarios.results.bootstrap import SCALE, Estimate


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "ns", "0 s"),
        (480, "ns", "0.5 us"),
        (15_165_019, "ns", "15.2 ms"),
        (-2_500_000_000, "ns", "-2.50 s"),
        (3 * 86_400 * 10**9, "ns", "3.00 days"),
        (4_878_048, "uHz", "4.88/s"),
        (1_234, "events", "1,234"),
        (7, "", "7"),
    ],
)
def test_amounts_are_told_in_units_that_people_read(value, unit, text):
    assert amount(value * SCALE, unit) == text


def test_what_is_not_there_is_not_told():
    assert amount(None, "ns") == ""


def test_an_interval_stands_in_brackets_where_it_says_something():
    assert interval(Estimate(9, 2_000_000, 1_000_000, 3_000_000), "events") == "2,000 [1,000, 3,000]"
    assert interval(Estimate(1, 2_000, None, None), "events") == "2"
    assert interval(Estimate(9, 2_000, 2_000, 2_000), "events") == "2"


def test_columns_begin_below_one_another():
    assert aligned([["a", "b"], ["long", ""], ["", "c"]]) == ["a     b", "long", "      c"]
