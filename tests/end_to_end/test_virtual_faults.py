"""What the virtual world alone can do to a network, in a scenario: safe throughout, and all is answered afterwards."""

from __future__ import annotations

import pytest

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.runner.ground import RunError
from scenarios.shipped import find_scenario

NODES = "insurer-1, insurer-2, hospital-1, bureau"
LINKS = f"""[
    {{at: 100 ms, duplicate: 40%, for: 2 s}}, {{at: 200 ms, corrupt: 20%, on: [bureau], for: 2 s}},
    {{at: 300 ms, reorder: 30%, by: 80 ms, for: 2 s}}, {{at: 400 ms, throttle: 200 kB, for: 2 s}},
    {{at: 1 s, ring: [{NODES}], for: 1 s}}, {{at: 2 s, broker_down: backlog, for: 300 ms}},
    {{at: 3 s, broker_down: lost, for: 300 ms}}, {{at: 4 s, flap: [leader], down: 300 ms, up: 200 ms, for: 2 s}}]"""
NODE = """[
    {at: 100 ms, slow: leader, by: 3 ms, for: 2 s}, {at: 200 ms, clock: follower, ahead: 1 s, gains: 5%, for: 3 s},
    {at: 300 ms, clock: leader, behind: 500 ms, for: 1 s}, {at: 400 ms, slow_disk: follower, by: 50 ms, for: 1 s},
    {at: 500 ms, torn_write: bureau, for: 3 s}, {at: 1 s, bit_rot: bureau, for: 3 s},
    {at: 1500 ms, crash: bureau, restart_after: 500 ms}, {at: 5 s, full_disk: follower, for: 1 s}]"""


@pytest.mark.parametrize("protocol", ["raft", "pbft"])
@pytest.mark.parametrize("faults", [LINKS, NODE], ids=["links", "nodes"])
def test_every_kind_of_fault_is_survived(tmp_path, protocol, faults):
    scenario = load_scenario(find_scenario("one_claim"), ("run.mode=virtual", f"faults={' '.join(faults.split())}"))
    result = run(scenario, view=NoView(), out=tmp_path, protocol=protocol)
    judged = {expectation.name: expectation.verdict for expectation in result.finished.expectations}
    assert "faults" not in judged, "every fault began"
    assert judged["agreement"] == judged["durability"] == judged["drained"] == "pass", result.lines


def test_real_processes_are_not_asked_for_it(tmp_path):
    scenario = load_scenario(
        find_scenario("one_claim"), ("run.mode=virtual", "faults=[{at: 1 s, bit_rot: bureau, for: 1 s}]")
    )
    with pytest.raises(RunError, match="`bit_rot` needs the virtual world") as refused:
        run(scenario, view=NoView(), out=tmp_path, mode="processes")
    assert "--mode virtual" in refused.value.hint
