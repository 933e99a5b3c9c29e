"""Measures over parts of a run, and comparisons of them: each passes, fails, or says that there is nothing to judge."""

import pytest

from scenarios.language.models.expect import Compared, MetricBound
from scenarios.language.units import Span
from scenarios.results import Metrics
from scenarios.runner.bounds import Measures, calm_times
from scenarios.runner.bounds import told as told_in_words
from scenarios.runner.liveness import stalled
from scenarios.runner.record import Decision, FaultDone, RunRecord

SECOND = 1_000_000_000


@pytest.fixture
def measures():
    metrics = Metrics()
    for at, latency in ((1, 100), (6, 5000), (8, 200), (12, 300)):
        metrics.sample("commit_latency", at * SECOND, latency * 1_000_000)
        metrics.count("throughput", at * SECOND)
        metrics.count("claims.approved", at * SECOND)
    metrics.count("claims.paid", 1 * SECOND, 3)
    record = RunRecord(faults=[FaultDone(2 * SECOND, "insurer-1 is cut off", 4 * SECOND)], ended_ns=20 * SECOND)
    return Measures(metrics, record, None, ["claims.denied"])


def judged(measures, **asked):
    return measures.judge((Compared if "that" in asked else MetricBound).model_validate(asked))


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ({"metric": "commit_latency.max", "max": "1s"}, "fail"),
        ({"metric": "commit_latency.max", "max": "1s", "outside": "faults"}, "pass"),
        ({"metric": "commit_latency.max", "max": "1s", "during": "5s..20s"}, "pass"),
        ({"metric": "commit_latency.max", "max": "250 ms", "during": "5s..20s"}, "fail"),
        ({"metric": "commit_latency.max", "max": "250 ms", "during": "5s..20s", "severity": "warn"}, "warn"),
        ({"metric": "commit_latency.count", "equals": 3, "outside": "faults"}, "pass"),
        ({"metric": "throughput.rate", "equals": "0.3/s", "during": "5s..15s"}, "pass"),
        ({"metric": "commit_latency.max", "max": "1s", "during": "13s..20s"}, "inconclusive"),
        ({"that": "claims.paid / claims.approved == 75%"}, "pass"),
        ({"that": "claims.paid / claims.approved == 100%"}, "fail"),
        ({"that": "claims.paid / claims.approved == 100%", "severity": "warn"}, "warn"),
        ({"that": "claims.denied == 0"}, "pass"),
        ({"that": "claims.deneid == 0"}, "inconclusive"),
        ({"that": "claims.denied / claims.denied == 1"}, "inconclusive"),
        ({"that": "commit_latency.p99 == 5s"}, "pass"),
        ({"that": "accounts.insurer-1.cash > 0 CNY"}, "inconclusive"),
    ],
)
def test_verdicts(measures, asked, verdict):
    assert judged(measures, **asked).verdict == verdict


def test_a_verdict_tells_what_was_measured_and_when(measures):
    told = judged(measures, metric="commit_latency.max", max="250 ms", during="5s..20s")
    assert told.detail == "is 300 ms (from 5 s to 20 s), should be at most 250 ms"
    told = judged(measures, that="claims.paid / claims.approved == 100%")
    assert told.detail == "not so: 75 % == 100 %"


def test_what_lasts_ends_when_its_node_is_back():
    faults = [
        FaultDone(2 * SECOND, "insurer-1 is killed"),
        FaultDone(3 * SECOND, "insurer-2 is killed", 5 * SECOND),
        FaultDone(8 * SECOND, "insurer-1 starts again", 8 * SECOND),
        FaultDone(15 * SECOND, "insurer-1 is killed"),
    ]
    record = RunRecord(faults=faults, ended_ns=20 * SECOND)
    assert calm_times(record, 0, 20 * SECOND) == [(0, 2 * SECOND), (8 * SECOND, 15 * SECOND)]
    assert calm_times(record, 3 * SECOND, 10 * SECOND) == [(8 * SECOND, 10 * SECOND)]
    assert calm_times(RunRecord(ended_ns=5), 0, 5) == [(0, 5)]


@pytest.mark.parametrize(
    ("decided", "ended", "verdict"),
    [
        ([1, 9], 12, "pass"),
        ([1, 5, 9], 12, "fail"),
        ([1, 8], 12, "pass"),
        ([1, 4], 12, "fail"),
        ([1], 7, "inconclusive"),
    ],
)
def test_a_stall_is_a_time_without_a_decision(decided, ended, verdict):
    decisions = [Decision(at * SECOND, node, height) for height, at in enumerate(decided, 1) for node in (0, 1)]
    record = RunRecord(decisions=decisions, ended_ns=ended * SECOND)
    assert stalled(record, Span(4 * SECOND, 8 * SECOND)).verdict == verdict


@pytest.mark.parametrize(
    ("ns", "words"),
    [
        (300 * 10**6, "300 ms"),
        (2 * 10**9, "2 s"),
        (284 * 10**9, "284 s"),
        (620 * 10**9, "10.3 min"),
        (11 * 3600 * 10**9, "11 h"),
        (849_000 * 10**9, "9.826 days"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_suits_it(ns, words):
    assert told_in_words(ns, "duration") == words
