"""The program from Python, as scripts and notebooks use it."""

import subprocess
import sys

import pytest

import scenarios
from scenarios.language import ScenarioInvalid
from scenarios.results import read_manifest
from scenarios.runner import RunError


@pytest.fixture(scope="module")
def run():
    return scenarios.run("reads_while_leaders_fall", seed=3, workload__0__transfers=10, workload__0__reads=5)


def test_a_run_comes_back_with_typed_results(run):
    assert run.passed
    assert (run.verdict, run.manifest.seed, run.manifest.protocol) == ("pass", 3, "raft")
    assert run.measures["throughput.count"] == run.metrics["throughput"].count == 10
    assert run.measures["commit_latency.p99"] == run.metrics["commit_latency"].p99
    assert "agreement" in {expectation.name for expectation in run.expectations}
    assert repr(run) == "<Run reads_while_leaders_fall, seed 3, raft, virtual: pass>"


def test_its_history_and_ledgers_are_at_hand(run):
    called = [operation.called for operation in run.history]
    assert called == sorted(called)
    assert sum(operation.op == "read" for operation in run.history) == 5
    for name, blocks in run.ledger.items():
        assert len(blocks) - 1 == run.manifest.height[name]
        assert blocks[-1][0].hash.hex() == run.manifest.head[name]
    assert {namespace for namespace, _, _ in run.business} >= {"accounts"}
    assert sum(row.count for row in run.series() if row.measure == "throughput") == 10


def test_nothing_is_written_unasked(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run.folder is None
    assert not list(tmp_path.iterdir())


def test_a_folder_holds_what_the_run_holds(tmp_path):
    run = scenarios.run("reads_while_leaders_fall", out=tmp_path, workload__0__transfers=2, workload__0__reads=0)
    assert read_manifest(run.folder / "manifest.json") == run.manifest


def test_settings_are_as_on_the_command_line():
    run = scenarios.run(
        "reads_while_leaders_fall", consensus__protocol="pbft", faults=[], workload__0__transfers=2,
        **{"members.hospital.count": 1, "network.default.loss": "5%"},
    )  # fmt: skip
    assert run.manifest.protocol == "pbft"
    assert len(run.ledger) == 4
    assert run.scenario.network.default.loss == 50_000


def test_what_is_wrong_with_a_setting_is_told():
    with pytest.raises(ScenarioInvalid, match="did you mean `raft`"):
        scenarios.run("reads_while_leaders_fall", consensus__protocol="rafft")
    with pytest.raises(ScenarioInvalid, match="no shipped scenario"):
        scenarios.run("reads_while_leaders")


def test_processes_need_a_folder():
    with pytest.raises(RunError, match="needs a folder"):
        scenarios.run("reads_while_leaders_fall", faults=[], mode="processes")


def test_a_sweep_is_a_table(tmp_path):
    table = scenarios.sweep(
        "protocols_and_sizes", out=tmp_path / "out",
        sweep={"repeat": 3, "matrix": {"consensus.protocol": ["solo", "raft"]}}, workload__0__transfers=3,
    )  # fmt: skip
    assert table.complete
    assert [(record["consensus.protocol"], record["seed"], record["outcome"]) for record in table.records()] == [
        (protocol, seed, "pass") for protocol in ("solo", "raft") for seed in (1, 2, 3)
    ]
    assert (tmp_path / "out" / "runs.csv").read_text() == table.csv()


def test_the_face_is_light_and_whole():
    code = (
        "import sys, scenarios; assert 'scenarios.api' not in sys.modules; "
        "assert all(callable(getattr(scenarios, name)) for name in scenarios.__all__); print(scenarios.__all__)"
    )
    done = subprocess.run(  # noqa: S603 -- fixed arguments
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['Run', 'Table', 'run', 'sweep']\n"
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        scenarios.walk  # noqa: B018 -- the asking is the test
