"""Files that a scenario refers to become part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from network.virtual import Empirical, Pareto
from scenarios.language import Scenario, ScenarioInvalid, load_scenario, parse_scenario
from scenarios.runner.distributions import distribution_of

TEXT = """\
version: 1
name: measured
members: {insurer: {count: 4}}
x-far: &far {file: pings/far.txt}
network:
  default: {latency: {file: near.txt}}
  links:
    - {between: [insurer-1, insurer-2], latency: *far}
    - {between: [insurer-1, insurer-3], latency: *far}
workload:
  - {flow: drill}
"""


def load(
    folder: Path, *overrides: str, near: str = "2 ms\n1.5 ms\n", far: str = "80 ms  # over the sea\n\n"
) -> Scenario:
    (folder / "pings").mkdir(exist_ok=True)
    (folder / "near.txt").write_text(near, encoding="utf-8")
    (folder / "pings" / "far.txt").write_text(far, encoding="utf-8")
    (folder / "measured.yaml").write_text(TEXT, encoding="utf-8")
    return load_scenario(folder / "measured.yaml", overrides)


def test_samples_are_read_from_the_scenario_s_folder(tmp_path: Path) -> None:
    network = load(tmp_path).network
    assert distribution_of(network.default.latency) == Empirical((1_500_000, 2_000_000))
    assert [link.latency and distribution_of(link.latency) for link in network.links] == [Empirical((80_000_000,))] * 2


def test_what_a_run_keeps_needs_no_file_any_more(tmp_path: Path) -> None:
    scenario = load(tmp_path)
    again = parse_scenario(scenario.origin.resolved, str(tmp_path / "elsewhere" / "scenario.yaml"))
    assert again.model_dump() == scenario.model_dump()
    assert again.origin.sha256 == scenario.origin.sha256
    assert load(tmp_path, near="3 ms").origin.sha256 != scenario.origin.sha256


def test_the_command_line_may_name_a_file_too(tmp_path: Path) -> None:
    network = load(tmp_path, "network.default.latency={file: pings/far.txt}").network
    assert distribution_of(network.default.latency) == Empirical((80_000_000,))


@pytest.mark.parametrize(
    ("near", "said"),
    [
        ("1 ms\nquick\n", r"measured\.yaml:6:\d+: network\.default\.latency\.file: `.*near\.txt`, line 2: "),
        ("# nothing\n", "holds 0 durations"),
        ("1 ms\n" * 4097, "holds 4097 durations; one to 4096 are good"),
    ],
)
def test_samples_that_are_none_are_told_with_file_and_line(tmp_path: Path, near: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        load(tmp_path, near=near)


def test_a_missing_file_is_told_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid, match=r"nowhere\.txt` cannot be read"):
        load(tmp_path, "network.links.0.latency={file: nowhere.txt}")


def test_a_file_goes_with_measured_samples_alone(tmp_path: Path) -> None:
    with pytest.raises(ScenarioInvalid, match="`dist: normal` takes `mean` and `sd`"):
        load(tmp_path, "network.default.latency={file: near.txt, dist: normal}")


def test_pareto_takes_its_least_value_and_its_99th_percentile(tmp_path: Path) -> None:
    network = load(tmp_path, "network.default.latency={dist: pareto, min: 10 ms, p99: 100 ms}").network
    assert distribution_of(network.default.latency) == Pareto(10_000_000, 100_000_000)
    for wrong in ("{dist: pareto, min: 10 ms, p99: 9 ms}", "{dist: pareto, min: 0 ms, p99: 9 ms}"):
        with pytest.raises(ScenarioInvalid, match="`p99` must be at least `min`"):
            load(tmp_path, f"network.default.latency={wrong}")
    with pytest.raises(ScenarioInvalid, match="`dist: pareto` takes `min` and `p99`"):
        load(tmp_path, "network.default.latency={dist: pareto, min: 10 ms}")


REPLAYED = """\
version: 1
name: replayed
members: {insurer: {count: 4}}
workload: [{flow: payments, by: insurer, arrivals: {replay: trace.csv}, amount: 5 CNY}]
"""


def test_recorded_arrivals_take_their_file_s_place_and_are_played_again_from_what_a_run_keeps(tmp_path):
    (tmp_path / "trace.csv").write_text("at_s,amount_cny\n0.5,12.30\n2,\n")
    (tmp_path / "replayed.yaml").write_text(REPLAYED)
    scenario = load_scenario(tmp_path / "replayed.yaml")
    assert scenario.workload[0].arrivals.replay.rows == ((500_000_000, 1230), (2_000_000_000, None))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "scenario.yaml").write_text(scenario.origin.resolved)
    again = load_scenario(tmp_path / "kept" / "scenario.yaml")
    assert (again.workload, again.origin.resolved) == (scenario.workload, scenario.origin.resolved)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("trace.csv", "at_s\nsoon\n", "trace.csv`, line 2: "),
        ("trace.txt", "at_s\n1\n", "is neither *.csv nor *.jsonl"),
        ("trace.csv", "at_s\n" + "1\n" * 20_001, "line 20002: more than 20,000 rows"),
        ("trace.csv", "at_s\n" + "1\n" * 600_000, "is larger than 1024 KiB"),
    ],
)
def test_a_recording_that_is_wrong_is_told_where_it_is_named(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    (tmp_path / "replayed.yaml").write_text(REPLAYED.replace("trace.csv", name))
    with pytest.raises(ScenarioInvalid) as refused:
        load_scenario(tmp_path / "replayed.yaml")
    (problem,) = refused.value.problems
    assert problem.path == ("workload", 0, "arrivals", "replay")
    assert said in problem.message
