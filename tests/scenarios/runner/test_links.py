"""Where nodes stand, and what their work costs, shows in how long decisions take."""

from __future__ import annotations

from consensus.vocabulary import MILLISECOND
from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import find_scenario

BUSY = "costs={input: 0 s, encode: 0 s, hash: 0 s, sign: 0 s, verify: 1 ms, transaction: 0 s}"
FREE = "costs={input: 0 s, encode: 0 s, hash: 0 s, sign: 0 s, verify: 0 s, transaction: 0 s}"


def commit_ms(tmp_path, *overrides: str) -> float:
    """The median commit latency of three of the shipped scenario's transfers, without its fault."""
    scenario = load_scenario(
        find_scenario("three_regions"), ("faults=[]", "workload.0.transfers=3", "workload.0.spread=1 days", *overrides)
    )
    result = run(scenario, view=NoView(), out=tmp_path)
    verdicts = {item.name: item.verdict for item in result.finished.expectations}
    assert verdicts["agreement"] == verdicts["drained"] == "pass"
    return float(result.finished.metrics.value("commit_latency.p50", 1)) / MILLISECOND


def test_every_node_checks_every_transaction_once_and_whoever_comes_last_waits_for_that(tmp_path):
    scenario = load_scenario(find_scenario("fisco_bcos"), (BUSY, "expect.metrics=[]"))
    result = run(scenario, view=NoView(), out=tmp_path)
    assert result.verdict == "pass"
    last = float(result.finished.metrics.value("commit_latency.max", 1)) / MILLISECOND
    # 500 transactions arrive within 100 ms at one node or another; each node opens a message for each, and checks it.
    assert 2 * 500 - 100 < last < 2 * 500 + 100


def test_distance_work_and_the_shape_of_the_network_show_in_commit_latencies(tmp_path):
    near = commit_ms(tmp_path, "network={profile: lan}", FREE)
    working = commit_ms(tmp_path, "network={profile: lan}")
    far = commit_ms(tmp_path)
    assert working > near + 1, "a quorum's signatures alone take a millisecond"
    assert far > working + 3 * 14, "three phases, each across the country"
    mesh = commit_ms(tmp_path, "network={default: {latency: 20 ms}}")
    star = commit_ms(tmp_path, "network={shape: star, default: {latency: 20 ms}}")
    assert star > mesh + 3 * 20, "up to the bus and down again, in each phase"
