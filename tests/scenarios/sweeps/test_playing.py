from typing import Any

import msgspec
import pytest

from scenarios.sweeps import playing
from scenarios.sweeps.playing import WHY_MAX, play
from tests.scenarios.sweeps.conftest import PARTLY_INVALID


def test_a_point_gives_the_same_row_again(planned):
    (point,) = planned("{}").points
    row = play(point)
    assert row.outcome == "pass"
    assert row.measures["throughput.count"] == 4
    assert row.measures["throughput.rate"] == 4 * 10**15 // row.virtual_ns
    assert row.units["commit_latency"] == "ns"
    assert play(point) == row


def test_another_seed_gives_another_run(planned):
    first, second = planned("{repeat: 2}").points
    assert play(first).event_sha256 != play(second).event_sha256


def test_a_failed_expectation_is_told(planned):
    bound = "expect.metrics=[{metric: throughput.count, max: 1}]"
    (point,) = planned("{}", bound).points
    row = play(point)
    assert row.outcome == "fail"
    assert "throughput.count" in row.why


def test_an_invalid_cell_says_why(planned):
    _, point = planned(*PARTLY_INVALID).points
    row = play(point)
    assert (row.outcome, row.measures) == ("invalid", {})
    assert "insurer-2" in row.why


def test_what_only_the_plan_refuses_is_invalid_too(planned):
    (point,) = planned("{}").points
    row = play(msgspec.structs.replace(point, document=point.document.replace("$opening", "$closing")))
    assert row.outcome == "invalid"
    assert "closing" in row.why


def test_a_bug_of_ours_loses_one_run(planned, monkeypatch):
    def broken(*_: Any, **__: Any) -> None:
        raise LookupError("no such\nthing " + "x" * 500)

    (point,) = planned("{}").points
    monkeypatch.setattr(playing, "run", broken)
    row = play(point)
    assert row.outcome == "error"
    assert row.why.startswith("LookupError: no such thing xxx")
    assert len(row.why) == WHY_MAX


def test_an_interrupted_run_is_no_row(planned, monkeypatch):
    (point,) = planned("{}").points
    run = playing.run

    def interrupted(*given: Any, **named: Any) -> Any:
        result = run(*given, **named)
        result.left.record.interrupted = True
        return result

    monkeypatch.setattr(playing, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        play(point)
