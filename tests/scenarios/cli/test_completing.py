"""What TAB offers: through the shells' own way of asking, and key by key."""

import subprocess
import sys

import pytest

from scenarios.commands.completing import bugs, protocols, scenario_names, settings


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("netw", ["network."]),
        ("network.default.l", ["network.default.latency.", "network.default.loss="]),
        ("consensus.pbft.view", ["consensus.pbft.view_change_timeout="]),
        ("members.insurer.c", ["members.insurer.count="]),
        ("faults.0.restart", ["faults.0.restart_after=", "faults.0.restart="]),
        ("workload.0.arrivals.po", ["workload.0.arrivals.poisson="]),
        ("workload.", ["workload.0."]),
        ("run.seed=", []),
        ("nothing.at.all", []),
    ],
)
def test_settings_are_offered_level_by_level(written, offered):
    assert settings(written) == offered


def test_scenarios_are_offered_by_name_and_by_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one_more.yaml").touch()
    (tmp_path / "one_note.txt").touch()
    names = ["one_account_each", "one_claim", "one_conspires", "one_fen", "one_place", "one_way_line"]
    assert scenario_names("one_") == [*names, "one_more.yaml"]
    assert scenario_names(f"{tmp_path}/one") == [f"{tmp_path}/one_more.yaml"]
    assert scenario_names(f"{tmp_path}/nowhere/one") == []


def test_protocols_and_bugs_are_offered_by_name():
    assert protocols("") == ["pbft", "raft", "solo"]
    assert protocols("r") == ["raft"]
    assert "raft-vote-ignores-logs" in bugs("raft-")
    assert not [name for name in bugs("raft-") if not name.startswith("raft-")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_them(shell):
    asked = {
        "_CONSORTIUM_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "consortium run one_cl",
        "COMP_CWORD": "2",
        "_TYPER_COMPLETE_ARGS": "consortium run one_cl",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from scenarios.cli import app; app(prog_name='consortium')"],
        env={**asked, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "one_claim" in done.stdout, done.stderr
