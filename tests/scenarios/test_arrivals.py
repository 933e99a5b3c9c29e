"""When the cases of a flow begin: how many, how they are spread, and always the same."""

from itertools import pairwise

import pytest

from scenarios.language.models.arrivals import Arrivals
from scenarios.language.models.replay import rows_of_csv, rows_of_jsonl
from scenarios.language.units import Span
from scenarios.runner.arrivals import beginnings

SECOND_NS = 1_000_000_000
MINUTE = Span(0, 60 * SECOND_NS)


def times(span=MINUTE, name="7/flow", **arrivals):
    return [case.at_ns for case in beginnings(Arrivals.model_validate(arrivals), span, name)]


def test_a_rate_spreads_evenly_over_its_span():
    found = times(Span(5 * SECOND_NS, 6 * SECOND_NS), rate="4/s")
    assert found == [5_000_000_000, 5_250_000_000, 5_500_000_000, 5_750_000_000]


def test_a_rate_that_does_not_divide_a_second_loses_nothing():
    found = times(rate="7/s")
    assert len(found) == 7 * 60
    assert found[7] == SECOND_NS
    assert max(b - a for a, b in pairwise(found)) == 142_857_143


def test_a_poisson_process_has_its_rate_and_its_spread():
    found = times(Span(0, 1000 * SECOND_NS), poisson="20/s")
    assert found == sorted(found)
    assert abs(len(found) - 20_000) < 4 * 142  # standard deviations of a count
    counts = [0] * 1000
    for at in found:
        counts[at // SECOND_NS] += 1
    variance = sum((count - 20) ** 2 for count in counts) / 1000
    assert 17 < variance < 23  # as the mean: what tells it from an even spread, whose variance is 0


def test_what_is_drawn_follows_the_name_alone():
    assert times(poisson="9/s") == times(poisson="9/s")
    assert times(poisson="9/s") != times(poisson="9/s", name="8/flow")
    assert times(poisson="9/s") == times(Span(0, 90 * SECOND_NS), poisson="9/s")[: len(times(poisson="9/s"))]


def test_bursts_come_at_once_or_within_a_time():
    found = times(Span(0, 11 * SECOND_NS), bursts={"size": 3, "every": "5s"})
    assert found == [0] * 3 + [5 * SECOND_NS] * 3 + [10 * SECOND_NS] * 3
    within = times(Span(0, SECOND_NS), bursts={"size": 4, "every": "5s", "within": "2s"})
    assert within == [0, 500_000_000]


def test_a_day_has_its_peak_and_its_night():
    day = {"low": "2/s", "high": "40/s", "day": "100s", "peak": "30s"}
    found = times(Span(0, 1000 * SECOND_NS), diurnal=day)
    hours = [0] * 10
    for at in found:
        hours[at // SECOND_NS % 100 // 10] += 1
    assert abs(len(found) - 21 * 1000) < 4 * 145
    assert max(hours) in hours[2:4]
    assert min(hours) in hours[7:9]
    assert 33 < max(hours) / 100 < 40
    assert 2 < min(hours) / 100 < 8


def test_a_closed_loop_has_its_actors_one_after_the_other():
    closed = {"actors": 3, "rounds": 4, "think": {"dist": "uniform", "min": "1s", "max": "2s"}}
    found = beginnings(Arrivals.model_validate({"closed": closed}), None, "7/flow")
    assert len(found) == 12
    assert sum(case.after is None for case in found) == 3
    followed = [case.after for case in found if case.after is not None]
    assert len(set(followed)) == 9
    for place, case in enumerate(found):
        assert SECOND_NS <= case.think_ns <= 2 * SECOND_NS
        assert case.after is None or (case.after < place and found[case.after].at_ns + case.think_ns == case.at_ns)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (rows_of_csv, "at_s,amount_cny\n0.25,1200.50\n2,\n"),
        (rows_of_csv, "amount,at\n1200.50 CNY,250 ms\n,2s\n"),
        (rows_of_jsonl, '{"at_ms": 250, "amount_cny": 1200.50}\n\n{"at": "2s"}\n'),
    ],
)
def test_recorded_arrivals_are_the_same_from_any_file(read, text):
    arrivals = Arrivals.model_validate({"replay": {"rows": read(text)}})
    found = beginnings(arrivals, Span(5 * SECOND_NS, 60 * SECOND_NS), "7/flow")
    assert [(case.at_ns, case.amount_fen) for case in found] == [(5_250_000_000, 120_050), (7_000_000_000, None)]


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (rows_of_csv, "", "there is no column"),
        (rows_of_csv, "when\n1\n", "line 1: there is no column `when`"),
        (rows_of_csv, "at\n5\n", "line 2: `5` has no unit"),
        (rows_of_csv, "at_s\n1\n-1\n", "line 3: `-1s`: nothing arrives before the beginning"),
        (rows_of_csv, "at_s,at_ms\n1,2\n", "line 2: give one time"),
        (rows_of_csv, "at_s,amount_cny\n1,-5\n", "an amount is more than nothing"),
        (rows_of_csv, "at_s\n", "it holds no arrival"),
        (rows_of_csv, "at_s\n1,2,3\n", "line 2: more cells than columns"),
        (rows_of_jsonl, "[1]\n", "line 1: is no object"),
        (rows_of_jsonl, "{\n", "line 1: is no JSON"),
        (rows_of_jsonl, '{"at_s": [1]}\n', "line 1"),
        (rows_of_jsonl, '{"time": 1}\n', "there is no key `time`"),
    ],
)
def test_a_file_that_is_wrong_names_its_line(read, text, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        read(text)


def test_more_cases_than_a_flow_may_have_are_refused():
    with pytest.raises(ValueError, match="more than 200,000 cases"):
        times(Span(0, 3600 * SECOND_NS), rate="1000/s")
