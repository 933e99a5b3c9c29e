"""Bad links: every block reaches every node soon after they heal, and doubled frames count once.

Twenty-two organisations meet in the virtual world (`scenarios/library/networks/gossip_22.yaml`); frames exist between
processes, so doubling is shown there.
"""

from __future__ import annotations

import json

import pytest

from scenarios.language import load_scenario
from scenarios.runner.liveness import converged
from scenarios.runner.plan import make_plan
from scenarios.runner.virtual import VirtualRun
from scenarios.shipped import find_scenario
from tests.end_to_end.program import QUICK, consortium, latest

pytestmark = pytest.mark.timeout(120)

SECOND = 10**9
HEALED = 16 * SECOND


class Silent:
    """A view that shows nothing."""

    def __getattr__(self, name):
        return lambda *_, **__: None


@pytest.mark.parametrize("protocol", ["pbft", "raft"])
def test_every_block_is_at_every_node_within_five_seconds_of_healing(protocol):
    scenario = load_scenario(find_scenario("gossip_22"), [f"consensus.protocol={protocol}"])
    (fault,) = scenario.faults
    assert (fault.cut, len(fault.from_), fault.at + fault.for_) == (("leader",), 5, HEALED)
    assert scenario.network.default.loss == 300_000
    run = VirtualRun(make_plan(scenario), Silent())
    record = run.run()
    assert (len(run.common.voters), record.violations) == (22, [])
    assert len(record.acknowledged) == len(run._plan.workload.steps)
    before = {decision.height for decision in record.decisions if decision.now_ns <= HEALED}
    during = {decision.height for decision in record.decisions if HEALED - 10 * SECOND < decision.now_ns <= HEALED}
    assert len(during) >= 5  # under load
    held = {(decision.node, decision.height): decision.now_ns for decision in record.decisions}
    last = max(held[node, height] for node in range(22) for height in before)
    assert last <= HEALED + 5 * SECOND
    wanted = scenario.expect.liveness
    assert wanted.converges_within == wanted.recovers_within == 5 * SECOND
    assert converged(record, 5 * SECOND, names=run._names).verdict == "pass"
    assert 0.28 < record.counters["lost"] / (record.counters["lost"] + record.counters["delivered"]) < 0.32


def test_doubled_and_lost_frames_between_processes_are_counted_and_change_nothing(tmp_path):
    bad = ("--set", "network.default.duplicate=40%", "--set", "network.default.loss=10%")
    small = ("--set", "workload.0.population=12", "--mode", "processes", "--ui", "none")
    done = consortium("run", "real_spending", *small, *bad, *QUICK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    measured = json.loads((latest(tmp_path, "real_spending").path / "metrics.json").read_text())
    frames, doubled, replayed, lost = (
        measured[f"network.{name}"]["count"] for name in ("frames_in", "duplicated", "replayed", "lost")
    )
    assert replayed == doubled > 0.3 * frames
    assert lost > 0.07 * frames
