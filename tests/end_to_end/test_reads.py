"""Reads and transfers while whoever leads crashes twice: what clients heard is linearizable, in both worlds."""

from __future__ import annotations

from collections import Counter

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import find_scenario
from tests.end_to_end.program import consortium, latest

NAME = "reads_while_leaders_fall"


@pytest.mark.parametrize("protocol", ["solo", "raft", "pbft"])
def test_reads_are_linearizable_under_every_protocol(tmp_path, protocol):
    result = run(load_scenario(find_scenario(NAME)), view=NoView(), out=tmp_path, protocol=protocol)
    assert result.verdict == "pass", result.lines
    verdicts = {expectation.name: expectation for expectation in result.finished.expectations}
    assert verdicts["linearizable"].detail == "100 transactions and 150 reads have an order"
    assert "faults" not in verdicts  # which would say that some never began


@pytest.mark.timeout(100)
def test_reads_are_linearizable_between_real_processes(tmp_path):
    shorter = ("--set", "workload.0.transfers=60", "--set", "workload.0.reads=90", "--set", "workload.0.spread=6 days")
    options = ("--mode", "processes", "--protocol", "pbft", "--ui", "none", *shorter)
    done = consortium("run", NAME, *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    results = latest(tmp_path, NAME)
    judged = {expectation["name"]: expectation["verdict"] for expectation in results.manifest["expectations"]}
    assert (results.manifest["bus"], judged["linearizable"]) == ("embedded", "pass")
    assert Counter(line["op"] for line in results.history) == {"read": 90, "transact": 60}
