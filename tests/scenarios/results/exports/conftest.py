"""Traced runs that the tests of this folder share: one that goes well, and one with every fate of a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.results.exports import RunFiles
from scenarios.runner import run
from scenarios.shipped import find_scenario

TROUBLE = """\
version: 1
name: trouble
run: {seed: 5, duration: 2 min, clock: {start: 2023-04-01, scale: 1 day = 1 s}}
consensus: {protocol: raft}
members: {insurer: {count: 2}, hospital: {count: 2}, bureau: }
network: {default: {loss: 2 %}}
faults:
  - {at: 1 s, crash: leader, restart_after: 2 s}
  - {at: 2 s, cut: [insurer-1], for: 1 s}
privacy: plain
assumptions:
  - {id: opening, value: 10_000 CNY, row: 14, reason: enough}
  - {id: amount-max, value: 400 CNY, row: 14, reason: any}
workload:
  - {flow: transfers, transfers: 40, reads: 10, amount_max: $amount-max, opening: $opening, spread: 5 days}
expect:
  safety: [agreement]
"""


@pytest.fixture(scope="session")
def told_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped story, traced; the invoice that it hands in twice looks like a lie."""
    scenario = load_scenario(find_scenario("one_claim"), ["expect.detection={double-claim: {false_alarms: 1}}"])
    out = tmp_path_factory.mktemp("told")
    return run(scenario, mode="virtual", view=NoView(), out=out, trace=True).folder


@pytest.fixture(scope="session")
def troubled_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transfers under Raft, with losses, a crash of the leader and a cut, traced."""
    out = tmp_path_factory.mktemp("troubled")
    (out / "trouble.yaml").write_text(TROUBLE)
    return run(load_scenario(out / "trouble.yaml"), mode="virtual", view=NoView(), out=out, trace=True).folder


@pytest.fixture(scope="session")
def told(told_run: Path) -> RunFiles:
    return RunFiles(told_run)


@pytest.fixture(scope="session")
def troubled(troubled_run: Path) -> RunFiles:
    return RunFiles(troubled_run)
