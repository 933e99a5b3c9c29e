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


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    scenario = load_scenario(find_scenario("one_claim"))
    out = tmp_path_factory.mktemp("traced")
    folder = run(scenario, view=view_for("none"), mode="virtual", seed=1, out=out, trace=True).folder
    return [json.loads(line) for line in gzip.decompress((folder / "events.jsonl.gz").read_bytes()).splitlines()]


def test_the_same_run_leaves_the_same_trace_and_another_seed_another(traced):
    first = traced(1)
    assert traced(1) == first
    assert traced(2) != first


def test_a_trace_tells_deliveries_timers_and_decisions_in_order(lines):
    assert {"start", "receive", "timer", "durable", "commit"} <= {line["event"] for line in lines}
    assert [line["at_ns"] for line in lines] == sorted(line["at_ns"] for line in lines)
    assert any(line.get("what") == "PrePrepare" and line["height"] == 1 for line in lines)


def test_what_is_received_joins_to_what_was_sent(lines):
    sent = {line["flight"]: line for line in lines if line["event"] == "send"}
    received = [line for line in lines if line["event"] == "receive"]
    assert received
    for line in received:
        departure = sent[line["flight"]]
        assert departure["at"] == line["from"]
        assert line["at"] in departure["to"]
        assert departure["at_ns"] <= line["at_ns"]
        assert departure["what"] == line["what"]


def test_what_machines_tell_of_themselves_is_named_with_its_plain_values(lines):
    told = [line for line in lines if line["event"] == "trace"]
    assert {"at_ns", "event", "at", "what", "client", "step", "code"} in [
        set(line) for line in told if line["what"] == "acknowledged"
    ]
    assert [1] in [line.get("detail") for line in told if line["what"] == "executed"]


def test_a_busy_node_s_messages_are_told_when_they_leave(tmp_path):
    scenario = load_scenario(
        find_scenario("one_claim"),
        [
            "costs={input: 2 ms, encode: 1 us, hash: 1 us, sign: 50 us, verify: 100 us, transaction: 100 us}",
            "faults=[{at: 1 s, pause: bureau, for: 1 s}]",
            "network.default.loss=5%",
        ],
    )
    result = run(scenario, view=view_for("none"), mode="virtual", out=tmp_path, trace=True)
    lines = [
        json.loads(line) for line in gzip.decompress((result.folder / "events.jsonl.gz").read_bytes()).splitlines()
    ]
    assert [line["at_ns"] for line in lines] == sorted(line["at_ns"] for line in lines)
    sent = {line["flight"]: line for line in lines if line["event"] == "send"}
    assert all(sent[line["flight"]]["at_ns"] <= line["at_ns"] for line in lines if line["event"] == "receive")
    assert any(line["event"] == "lost" for line in lines)
    (fault,) = [line for line in lines if line["event"] == "fault"]
    assert "bureau" in fault["what"]
    assert fault["until_ns"] == fault["at_ns"] + 1_000_000_000


def test_nobody_sees_every_event_of_real_processes(tmp_path):
    scenario = load_scenario(find_scenario("one_claim"))
    with pytest.raises(RunError, match="--mode virtual"):
        run(scenario, view=view_for("none"), mode="processes", out=tmp_path, trace=True)
