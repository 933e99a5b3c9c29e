from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.sweeps.planning import SweepPlan, plan_sweep
from scenarios.sweeps.playing import RunRow

TEXT = """\
version: 1
name: tiny
run: {seed: 5, duration: 20 s, clock: {start: 2023-04-01, scale: 1 day = 1 s}}
consensus: {protocol: solo}
members: {insurer: {count: 2}, bureau: }
privacy: plain
assumptions:
  - {id: opening, value: 10_000 CNY, row: 14, reason: enough}
  - {id: amount-max, value: 400 CNY, row: 14, reason: plays no part}
workload:
  - {flow: transfers, transfers: 4, amount_max: $amount-max, opening: $opening, spread: 1 day}
expect: {safety: [agreement], liveness: {drains: true}}
"""

PARTLY_INVALID = "{matrix: {members.insurer.count: [2, 1]}}", "faults=[{at: 1 s, crash: insurer-2, restart_after: 1 s}]"
"""A ``sweep:`` and a setting: where there is one insurer, there is none of that name to crash."""


@pytest.fixture
def planned(tmp_path: Path) -> Callable[..., SweepPlan]:
    """The plan of the tiny scenario with a ``sweep:`` of its own."""

    def plan(sweep: str, *overrides: str) -> SweepPlan:
        path = tmp_path / "tiny.yaml"
        path.write_text(f"{TEXT}sweep: {sweep}\n")
        return plan_sweep(path, overrides)

    return plan


@pytest.fixture
def rows() -> Callable[..., dict[str, RunRow]]:
    """A row for each point of a plan, made up by a function of its place."""

    def make(plan: SweepPlan, made: Callable[[int], dict]) -> dict[str, RunRow]:
        found = {}
        for number, point in enumerate(plan.points):
            found[point.sha256] = RunRow(point=point.sha256, **{"outcome": "pass", **made(number)})
        return found

    return make
