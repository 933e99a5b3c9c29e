"""``--trace``: every event of a virtual run, the same bytes for the same run."""

import gzip
import json

import pytest

from scenarios.dashboard import view_for
from scenarios.language import load_scenario
from scenarios.runner import RunError, run
from scenarios.shipped import find_scenario


@pytest.fixture
def traced(tmp_path):
    def play(seed):
        scenario = load_scenario(find_scenario("one_claim"))
        result = run(scenario, view=view_for("none"), mode="virtual", seed=seed, out=tmp_path / str(seed), trace=True)
        return (result.folder / "events.jsonl.gz").read_bytes()

    return play


def test_the_same_run_leaves_the_same_trace_and_another_seed_another(traced):
    first = traced(1)
    assert traced(1) == first
    assert traced(2) != first


def test_a_trace_tells_deliveries_timers_and_decisions_in_order(traced):
    lines = [json.loads(line) for line in gzip.decompress(traced(1)).splitlines()]
    assert {"start", "receive", "timer", "durable", "commit"} <= {line["event"] for line in lines}
    assert [line["at_ns"] for line in lines] == sorted(line["at_ns"] for line in lines)
    assert any(line.get("what") == "PrePrepare" and line["height"] == 1 for line in lines)


def test_nobody_sees_every_event_of_real_processes(tmp_path):
    scenario = load_scenario(find_scenario("one_claim"))
    with pytest.raises(RunError, match="--mode virtual"):
        run(scenario, view=view_for("none"), mode="processes", out=tmp_path, trace=True)
