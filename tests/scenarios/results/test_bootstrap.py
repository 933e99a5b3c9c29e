from random import Random

import pytest

from scenarios.results.bootstrap import (
    COUNT_MIN,
    RESAMPLES,
    Estimate,
    estimate,
    estimate_difference,
    scaled_mean,
    tail_of,
    thousandths,
)


def test_the_same_values_give_the_same_interval_on_every_machine():
    assert estimate([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]) == Estimate(10, 3_900, 2_300, 5_800)


def test_no_values_have_no_mean_and_few_have_no_interval():
    assert estimate([]) is None
    assert estimate([7]) == Estimate(1, 7_000, None, None)
    assert estimate([1, 2]) == Estimate(2, 1_500, None, None)
    assert estimate([1, 2, 3, 6]) == Estimate(4, 3_000, None, None)


def test_equal_values_have_an_interval_of_no_width():
    assert estimate([7] * 5) == Estimate(5, 7_000, 7_000, 7_000)


def test_the_interval_holds_the_mean_and_lies_among_the_values():
    random = Random(1)
    for count in range(COUNT_MIN, 30):
        values = [random.randrange(10**9) for _ in range(count)]
        found = estimate(values)
        assert min(values) * 1_000 <= found.low <= found.mean <= found.high <= max(values) * 1_000


@pytest.mark.parametrize("count", [COUNT_MIN, 10, 20])
def test_nine_intervals_of_ten_and_more_hold_the_true_mean(count):
    random = Random(count)
    trials = 60
    found = [estimate([round(random.gauss(0, 10**6)) for _ in range(count)]) for _ in range(trials)]
    assert sum(one.low <= 0 <= one.high for one in found) >= trials * 85 // 100


def test_more_values_narrow_the_interval():
    values = [1, 5, 9, 12, 20]
    few, many = estimate(values), estimate(values * 8)
    assert many.high - many.low < (few.high - few.low) / 2


def test_tails_are_those_of_students_t():
    """Hesterberg 2015: the normal probability beyond sqrt(n/(n-1)) t, at 97.5 % of n-1 degrees of freedom."""
    assert [tail_of(count) for count in (3, 5, 10, 10_000)] == [0, 1, 17, RESAMPLES * 25 // 1_000 - 1]


def test_a_difference_of_runs_that_are_no_pairs():
    told = estimate_difference([10, 11, 12, 13, 14, 15], [111, 112, 110, 113, 114])
    assert told.mean == 99_500
    assert told.count == 5
    assert told.differs
    assert told.low < told.mean < told.high


def test_a_difference_with_too_few_or_none():
    assert estimate_difference([], [1]) is None
    assert estimate_difference([1, 2, 3, 4], [5, 6, 7, 8, 9]) == Estimate(4, 4_500, None, None)


def test_an_interval_around_nought_tells_no_difference():
    assert not estimate([-5, 5, -4, 4, -1]).differs
    assert not estimate([9]).differs


@pytest.mark.parametrize(
    ("total", "count", "mean"), [(1, 3, 333), (2, 3, 667), (1, 2_000, 0), (3, 2_000, 2), (-1, 3, -333)]
)
def test_means_are_rounded_half_to_even(total, count, mean):
    assert scaled_mean(total, count) == mean


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0, "0.000"), (1_500, "1.500"), (-1, "-0.001")])
def test_thousandths_as_text(value, text):
    assert thousandths(value) == text
