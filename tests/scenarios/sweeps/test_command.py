"""``consortium sweep`` as people and machines use it."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from scenarios.cli import invoke
from tests.end_to_end.program import CONSORTIUM, environment
from tests.scenarios.sweeps.conftest import PARTLY_INVALID, TEXT

pytestmark = pytest.mark.timeout(180)  # processes begin slowly on a busy machine


@pytest.fixture
def tiny(tmp_path):
    """Writes the tiny scenario with a ``sweep:`` of its own; its path."""

    def write(sweep: str) -> Path:
        path = tmp_path / "tiny.yaml"
        path.write_text(f"{TEXT}sweep: {sweep}\n")
        return path

    return write


def tables(path):
    return {name: (path / name).read_bytes() for name in ("runs.csv", "summary.csv")}


def test_a_sweep_that_was_killed_and_then_interrupted_ends_with_the_very_same_tables(tiny, tmp_path):
    """Killed and interrupted as soon as one more run is finished, long before the last of two hundred.

    Then the sweep of the first six seeds goes on from there, and is held against one that knew no trouble.
    """
    path, out = tiny("{repeat: 200}"), tmp_path / "out"
    for jolt, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 3)):
        words = [str(path), "--jobs", "1", "--ui", "json", "--out", str(out), "--resume"]
        with subprocess.Popen(  # noqa: S603 -- our own program
            [*CONSORTIUM, "sweep", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        ) as sweep:
            assert json.loads(sweep.stdout.readline())["event"] == "run"
            os.kill(sweep.pid, jolt)
            _, said = sweep.communicate()
            assert sweep.returncode == code
    assert "the same command with --resume goes on" in said
    assert "Traceback" not in said
    kept = tables(out)["runs.csv"].count(b",pass,")
    assert 2 <= kept < 200
    first_six = ["sweep", str(path), "--jobs", "1", "--set", "sweep.repeat=6"]
    assert invoke([*first_six, "--out", str(out), "--resume"]) == 0
    assert invoke([*first_six, "--out", str(tmp_path / "whole")]) == 0
    assert tables(out) == tables(tmp_path / "whole")
    assert tables(out)["runs.csv"].count(b",pass,") == 6


def test_people_see_a_table_and_where_the_rest_is(tiny, tmp_path, capsys):
    path = tiny("{repeat: 3}")
    assert invoke(["sweep", str(path), "--jobs", "1", "--out", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["runs", "pass", "commit_latency.mean", "commit_latency.p99", "throughput.rate"]
    assert lines[1].split()[:2] == ["3", "3"]
    assert lines[-1] == f"results: {tmp_path / 'out'}"


def test_the_folder_is_the_scenarios_own_unless_told(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke(["sweep", str(tiny("{repeat: 1}")), "--jobs", "1"]) == 0
    assert (tmp_path / "runs" / "tiny" / "sweep" / "runs.csv").is_file()


def test_finished_runs_are_not_overwritten_unasked(tiny, tmp_path, capsys):
    command = ["sweep", str(tiny("{repeat: 1}")), "--jobs", "1", "--out", str(tmp_path / "out")]
    assert [invoke(command), invoke(command), invoke([*command, "--resume"])] == [0, 2, 0]
    said = capsys.readouterr().err
    assert "holds 1 finished runs already; --resume goes on with them" in said
    assert "1 of 1 runs are finished already" in said


@pytest.mark.parametrize(
    ("sweep", "overrides", "code"),
    [
        ("{repeat: 1}", ["expect.metrics=[{metric: throughput.count, max: 1}]"], 1),
        (PARTLY_INVALID[0], PARTLY_INVALID[1:], 2),
        ("{matrix: {consensus.protocol: [solo, paxos]}}", [], 2),
        ("{repeat: 0}", [], 2),
        ("{matrix: {consensus.protocl: [solo]}}", [], 2),
    ],
)
def test_the_exit_code_tells_the_worst(tiny, tmp_path, sweep, overrides, code):
    settings = [word for text in overrides for word in ("--set", text)]
    path = tiny(sweep)
    assert invoke(["sweep", str(path), "--jobs", "1", "--out", str(tmp_path / "out"), *settings]) == code


def test_a_scenario_without_a_sweep_is_told_so(capsys, tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT)
    assert invoke(["sweep", str(path)]) == 2
    assert "sweep: is missing: say what to run, like `sweep: {repeat: 10}`" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(tiny, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert invoke(["sweep", str(tiny("{repeat: 1}")), "--out", str(tmp_path / "file" / "out")]) == 2
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err
