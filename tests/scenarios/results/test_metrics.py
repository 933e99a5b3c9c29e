from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.results.metrics import Metrics, Summary, percentile, summarise


def test_a_summary_is_exact() -> None:
    assert summarise("ns", list(range(1, 101))) == Summary(
        unit="ns", count=100, mean=50, p5=5, p50=50, p90=90, p95=95, p99=99, max=100
    )
    assert summarise("ns", [7]) == Summary(unit="ns", count=1, mean=7, p5=7, p50=7, p90=7, p95=7, p99=7, max=7)
    assert summarise("ns", []) == Summary(unit="ns", count=0)


def test_means_round_half_to_even() -> None:
    assert [summarise("", [a, b]).mean for a, b in ((1, 2), (2, 3), (3, 4))] == [2, 2, 4]
    assert summarise("", [10**18, 10**18 + 2, 10**18 + 1]).mean == 10**18 + 1, "no float came near"


@given(st.lists(st.integers(-(2**60), 2**60), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_covers_enough(values: list[int], percent: int) -> None:
    found = percentile(sorted(values), percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def filled(order: random.Random | None = None) -> Metrics:
    metrics = Metrics()
    calls = [("sample", "latency", n * 100_000_000, n) for n in range(25)]
    calls += [("count", "blocks", n * 300_000_000, 1) for n in range(8)]
    if order:
        order.shuffle(calls)
    for kind, name, now, value in calls:
        getattr(metrics, kind)(name, now, value)
    return metrics


def test_the_order_of_calls_changes_nothing() -> None:
    shuffled = filled(random.Random(1))
    assert shuffled.summary_json() == filled().summary_json()
    assert list(shuffled.table_lines()) == list(filled().table_lines())


def test_the_summary_file_has_a_measure_a_key() -> None:
    found = json.loads(filled().summary_json())
    assert found == {
        "blocks": {"unit": "events", "count": 8},
        "latency": {
            "unit": "ns",
            "count": 25,
            "mean": 12,
            "p5": 1,
            "p50": 12,
            "p90": 22,
            "p95": 23,
            "p99": 24,
            "max": 24,
        },
    }


def test_the_table_goes_by_interval_and_measure() -> None:
    assert list(filled().table_lines()) == [
        "time_ns,measure,count,mean,p50,p99,max",
        "0,blocks,4,,,,",
        "0,latency,10,4,4,9,9",
        "1000000000,blocks,3,,,,",
        "1000000000,latency,10,14,14,19,19",
        "2000000000,blocks,1,,,,",
        "2000000000,latency,5,22,22,24,24",
    ]


def test_expectations_look_values_up_by_name() -> None:
    metrics = filled()
    assert metrics.value("latency.p99", 1) == 24
    assert metrics.value("blocks.count", 1) == 8
    assert metrics.value("blocks.rate", 4_000_000_000) == 2_000_000, "2/s in events per million seconds"
    assert metrics.value("nothing.count", 1) == 0
    assert metrics.value("nothing.p99", 1) is None
    for wrong in ("latency", "latency.p42", ".p99"):
        with pytest.raises(KeyError):
            metrics.value(wrong, 1)


def test_a_measure_keeps_one_unit() -> None:
    metrics = filled()
    with pytest.raises(ValueError, match="measured in ns, not fen"):
        metrics.sample("latency", 0, 1, unit="fen")
