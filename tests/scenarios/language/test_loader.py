from __future__ import annotations

from hashlib import sha256

import pytest

from scenarios.language import Scenario, ScenarioInvalid, Severity, arithmetic, parse_scenario
from scenarios.language.problems import Mark, Problem

TEXT = """\
version: 1
name: example
run: {seed: 7, duration: 60s, clock: {start: 2023-04-01, scale: 1 day = 1 s}}
x-links:
  wan: &wan {latency: {dist: lognormal, median: 40ms, p99: 180ms}, loss: 0.1%}
members:
  insurer: {count: 4}
  bureau:
  regulator: {vote: false}
clients:
  patient: {count: 3}
  child: {people: [ann], home: bureau}
assumptions:
  - {id: crash-at, value: 12s, row: 13, reason: the sources name no time}
  - {id: retention, value: 100_000 CNY, row: [13, 14], reason: no treaty terms}
network:
  default: {latency: 5ms}
  links: [{between: [insurer, bureau], <<: *wan, loss: 2%}]
faults:
  - {at: $crash-at, crash: leader, restart_after: 5s}
  - {at: {assumption: crash-at}, partition: [[insurer-1], rest], for: 15s}
workload:
  - {flow: drill, retention: $retention}
"""


def example(*overrides: str) -> Scenario:
    return parse_scenario(TEXT, "example.yaml", overrides)


def test_members_and_clients_are_spelled_out_in_order() -> None:
    scenario = example()
    assert [member.name for member in scenario.member_names] == [
        *(f"insurer-{n}" for n in range(1, 5)),
        "bureau",
        "regulator",
    ]
    assert scenario.voters == (0, 1, 2, 3, 4)
    assert scenario.node_number("bureau") == 4
    homes = {client.name: client.home for client in scenario.client_names}
    assert homes["insurer-2"] == "insurer-2"
    assert homes["patient-3"] == "insurer-3"
    assert homes["ann"] == "bureau"
    with pytest.raises(KeyError):
        scenario.node_number("nobody")


def test_merged_anchors_yield_to_a_mappings_own_keys() -> None:
    (link,) = example().network.links
    assert link.latency is not None
    assert (link.latency.median, link.latency.p99, link.loss) == (40_000_000, 180_000_000, 20_000)


def test_assumptions_stand_for_their_values() -> None:
    scenario = example()
    assert [fault.at for fault in scenario.faults] == [12_000_000_000, 12_000_000_000]
    assert scenario.workload[0].model_extra == {"retention": "100_000 CNY"}
    assert scenario.assumption("retention") == "100_000 CNY"


def test_a_builder_that_assumes_what_is_not_declared_is_told() -> None:
    with pytest.raises(ScenarioInvalid, match=r"`retentions` is assumed but not declared.*did you mean `retention`"):
        example().assumption("retentions")


def test_overrides_win_in_order_and_are_part_of_what_is_resolved() -> None:
    scenario = example("run.seed=8", "run.seed=9", "network.default.loss=5%", "faults.0.at=3s", "clients.child.home=")
    assert scenario.run.seed == 9
    assert scenario.network.default.loss == 50_000
    assert scenario.faults[0].at == 3_000_000_000
    again = parse_scenario(scenario.origin.resolved)
    assert again.model_dump() == scenario.model_dump()


def test_an_override_can_make_a_place_and_is_judged_by_the_schema() -> None:
    assert example("consensus.pbft.view_change_timeout=800ms").consensus.pbft.view_change_timeout == 800_000_000
    with pytest.raises(ScenarioInvalid) as refused:
        example("consensus.pbft.view_chnge_timeout=800ms", "run.seed=x")
    first, second = refused.value.problems
    assert (first.mark.label, first.mark.column) == ("--set", 0)
    assert "did you mean `view_change_timeout`" in first.message
    assert second.path == ("run", "seed")
    assert second.mark.column == len("run.seed=")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("run.seed", "write it like"),
        ("=3", "write it like"),
        ("run..seed=3", "write it like"),
        ("faults.7.at=3s", "no place in a list of 2"),
        ("name.x=3", "inside a plain value"),
        ("run.seed=[1", "no YAML"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(override: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        example(override)


def test_the_resolved_text_is_hashed_and_needs_no_anchors() -> None:
    origin = example().origin
    assert origin.sha256 == sha256(origin.resolved.encode()).hexdigest()
    assert "&wan" not in origin.resolved
    assert "x-links" not in origin.resolved
    assert "$crash-at" in origin.resolved, "assumptions stay visible"
    assert example().origin.sha256 == origin.sha256
    assert example("run.seed=8").origin.sha256 != origin.sha256


def test_a_problem_found_later_gets_its_line() -> None:
    origin = example().origin
    found = Problem(Mark("example.yaml", -1, 0), ("workload", 0, "retention"), "is too little")
    (located,) = origin.located([found])
    assert str(located).startswith("example.yaml:23:30: workload[0].retention: is too little\n")


def test_the_clock_maps_business_time_to_run_time_and_back() -> None:
    clock = example().run.clock
    day_ms = 86_400_000
    assert clock.run_ns(clock.start) == 0
    assert clock.run_ns(clock.start + 3 * day_ms) == 3_000_000_000
    assert clock.run_ns(clock.start - day_ms) == 0
    assert clock.business_ms(1_500_000_000) == clock.start + day_ms * 3 // 2


def test_n_f_and_quorum_follow_the_protocol() -> None:
    found = {name: arithmetic(example(f"consensus.protocol={name}")) for name in ("solo", "raft", "pbft")}
    assert {name: (sums.n, sums.f, sums.quorum) for name, sums in found.items()} == {
        "solo": (1, 0, 1),
        "raft": (5, 2, 3),
        "pbft": (5, 1, 4),  # 2f + 1 = 3 would be unsafe here
    }
    assert str(found["pbft"]) == "pbft: n = 5, f = 1, quorum 4"


def test_a_fault_plan_that_no_quorum_survives_is_warned_of() -> None:
    crashes = [f"{{at: {n}s, crash: insurer-{n}}}" for n in (1, 2)]
    scenario = example(f"faults=[{', '.join(crashes)}]")
    (warning,) = scenario.origin.warnings
    assert warning.severity is Severity.WARNING
    assert "2 voters crash for good, 3 of 5 remain: no quorum of 4" in str(warning)
    assert not example(f"faults=[{crashes[0]}]").origin.warnings


def test_metric_bounds_carry_their_units() -> None:
    scenario = example(
        "expect.metrics=[{metric: commit_latency.p99, max: 2s}, {metric: throughput.rate, min: 10/s},"
        " {metric: blocks.count, min: 3}]"
    )
    bounds = [bound.max or bound.min or bound.equals for bound in scenario.expect.metrics]
    assert [(bound.kind, bound.value) for bound in bounds if bound is not None] == [
        ("duration", 2_000_000_000),
        ("rate", 10_000_000),
        ("count", 3),
    ]
