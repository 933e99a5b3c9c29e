"""Warnings before a run: no quorum, expectations that cannot fail, loads that cannot be carried."""

import pytest

from scenarios.language import parse_scenario

HEAD = """\
version: 1
name: foreseen
run: {duration: 60s}
members: {insurer: {count: 4}, hospital: , reinsurer: , bureau: , regulator: {vote: false}}
consensus: {protocol: pbft}
"""
LOAD = "workload: [{flow: payments, by: insurer, arrivals: 5/s, for: 0s..50s, amount: 1 CNY}]\n"


def warnings(text, load=LOAD):
    return [problem.message for problem in parse_scenario(HEAD + load + text).origin.warnings]


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ("{at: 20s, partition: [[insurer-1, insurer-2, insurer-3], rest], for: 15s}", "from 20s to 35s at most 4 of 7"),
        ("{at: 20s, partition: [[insurer-1, insurer-2], rest], for: 15s}", None),
        ("{at: 20s, partition: [[insurer-1, regulator], rest], for: 15s}", None),
        ("{at: 20s, cut: [insurer-1, insurer-2, bureau], for: 15s}", "at most 4 of 7"),
        ("{at: 20s, cut: [insurer-1, insurer-2, bureau], one_way: true, for: 15s}", None),
        ("{at: 20s, broker_down: lost, for: 2s}", "from 20s to 22s at most 1 of 7"),
        ("{at: 20s, crash: leader, restart_after: 5s}", None),
        ("{at: 20s, byzantine: insurer-1, does: [mute]}", None),
        (
            (
                "{at: 20s, pause: insurer-1, for: 9s}, {at: 22s, pause: insurer-2, for: 9s},"
                "{at: 25s, pause: bureau, for: 9s}"
            ),
            "from 25s to 29s at most 4 of 7",
        ),
        (
            (
                "{at: 20s, partition: [[insurer-1, insurer-2], rest], for: 15s},"
                "{at: 25s, crash: leader, restart_after: 1s}"
            ),
            "from 25s to 26s at most 4 of 7",
        ),
        ("{after_commits: 3, partition: [[insurer-1, insurer-2, insurer-3], rest], for: 15s}", None),
    ],
)
def test_times_without_a_quorum(faults, said):
    found = warnings(f"faults: [{faults}]\n")
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_a_stall_that_is_expected_is_no_surprise():
    partition = "faults: [{at: 20s, partition: [[insurer-1, insurer-2, insurer-3], rest], for: 15s}]\n"
    assert warnings(partition)
    assert not warnings(partition + "expect: {liveness: {stalls_during: 21s..35s}}\n")
    assert warnings(partition + "expect: {liveness: {stalls_during: 40s..45s}}\n")


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("metrics: [{metric: throughput.rate, min: 0/s}]", "no measure is less than nothing"),
        ("metrics: [{metric: throughput.rate, min: 1/s}]", None),
        ("metrics: [{metric: blocks.count, min: 0, max: 5}]", None),
        ("metrics: [{metric: blocks.count, equals: 0}]", None),
        ("metrics: ['1 + 1 == 2']", "compares no measure"),
        ("metrics: ['claims.paid <= claims.paid']", "both sides are the same"),
        ("metrics: ['claims.paid / claims.approved >= 0']", "less than nothing"),
        ("metrics: ['0 <= claims.paid']", "less than nothing"),
        ("metrics: ['claims.paid - claims.approved >= 0']", None),
        ("metrics: ['accounts.insurer-1.cash >= 0 CNY']", None),
        ("metrics: ['economics.net.p5 >= 0 CNY']", None),
        ("metrics: ['economics.saving.p5 >= 0 CNY']", "less than nothing"),
        ("metrics: [{metric: blocks.count, max: 5, during: 70s..80s}]", "after the run's duration"),
        ("metrics: [{metric: blocks.count, max: 5, outside: faults}]", "no faults to be outside of"),
        ("liveness: {stalls_during: 70s..80s}", "the run is over by then"),
        ("liveness: {recovers_within: 60s}", "does not last that long"),
        ("safety: [agreement, privacy]", "none are declared"),
        ("safety: [agreement]", None),
    ],
)
def test_expectations_that_can_never_fail(expect, said):
    found = warnings(f"expect: {{{expect}}}\n", "workload: [{flow: drill}]\n")
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


@pytest.mark.parametrize(
    ("privacy", "warned"),
    [("", 0), ("privacy: plain\n", 0), ("privacy: hash\n", 1), ("privacy: {treaty: collection}\n", 1)],
)
def test_a_workload_is_in_the_clear_whatever_its_scenario_says(privacy, warned):
    found = warnings(privacy, "workload: [{flow: drill}]\n")
    assert ["workloads are in the clear" in one for one in found] == [True] * warned


@pytest.mark.parametrize(
    ("load", "more", "said"),
    [
        ("arrivals: 5/s, for: 0s..50s", "", None),
        ("arrivals: 5/s, for: 10s..70s", "", "no case begins then"),
        ("arrivals: 3000/s, for: 0s..60s", "network: {default: {latency: 1s}}\n", "cannot be carried"),
        ("arrivals: 3000/s, for: 0s..2s", "network: {default: {latency: 1s}}\n", None),
        ("arrivals: 3000/s, for: 0s..60s", "network: {default: {latency: 1ms}}\n", None),
        ("arrivals: 300/s, for: 0s..60s", "network: {default: {latency: 1ms, bandwidth: 64 KiB}}\n", "65,536 bytes"),
        (
            "arrivals: 3000/s, for: 0s..60s",
            "costs: {input: 1us, encode: 1us, hash: 1us, sign: 1us, verify: 400us, transaction: 100us}\n",
            "500us of work for each transaction allow 2000 a second",
        ),
        (
            "arrivals: {bursts: {size: 9000, every: 4s}}, for: 0s..60s",
            "network: {default: {latency: 1s}}\n",
            "cannot be",
        ),
    ],
)
def test_loads_that_cannot_be_carried(load, more, said):
    found = warnings(more, f"workload: [{{flow: payments, by: insurer, {load}, amount: 1 CNY}}]\n")
    assert len(found) == (said is not None)
    assert said is None or said in found[0]
