import json
from pathlib import Path

import msgspec
import pytest

from scenarios.cli import invoke
from scenarios.failures import FailureError
from scenarios.results import Manifest, Summary, read_manifest, write_manifest
from scenarios.results.comparison import compare, read_side

HEAD = "consensus.protocol,seed,outcome,why,height,virtual_ns,event_sha256,commit_latency.mean,refused.count\n"


def made_run(path: Path, seed: int, mean: int, *, protocol: str = "raft", refused: int = 0) -> Path:
    """A run's folder with what comparing reads of it."""
    path.mkdir(parents=True)
    summaries = {"commit_latency": Summary(unit="ns", count=3, mean=mean, p50=1, p90=2, p99=3, max=4)}
    if refused:
        summaries["refused"] = Summary(unit="events", count=refused)
    (path / "metrics.json").write_bytes(msgspec.json.encode(summaries))
    (path / "scenario.yaml").write_text(f"consensus: {{protocol: {protocol}}}\nfaults: [{{at: 1 s}}]\n")
    manifest = Manifest(
        scenario="made", scenario_sha256="0" * 64, protocol=protocol, seed=seed, mode="virtual", bus=None, argv=(),
        versions={}, git=None, started="", finished="", virtual_ns=2 * 10**9, verdict="pass", height={"a": 4},
        head={}, state_root={}, business_root=None,
    )  # fmt: skip
    write_manifest(path / "manifest.json", manifest)
    return path


def made_sweep(path: Path, lines: str) -> Path:
    path.mkdir()
    (path / "runs.csv").write_text(HEAD + lines)
    (path / "summary.csv").write_text("consensus.protocol,measure,unit,runs\nraft,commit_latency.mean,ns,3\n")
    return path


def by_measure(comparison):
    return {line.measure: line for line in comparison.measures}


def test_two_runs_differ_in_what_they_were_given_and_what_came_of_it(tmp_path):
    first = read_side(made_run(tmp_path / "a", 1, 20_000_000))
    second = read_side(made_run(tmp_path / "b", 2, 25_000_000, protocol="pbft"))
    told = compare(first, second)
    assert [(change.name, change.first, change.second) for change in told.facts] == [
        ("protocol", "raft", "pbft"),
        ("seed", "1", "2"),
    ]
    assert [(change.name, change.first, change.second) for change in told.settings] == [
        ("consensus.protocol", "raft", "pbft")
    ]
    line = by_measure(told)["commit_latency.mean"]
    assert (line.unit, line.first_mean, line.second_mean) == ("ns", 20_000_000_000, 25_000_000_000)
    assert (line.difference.mean, line.difference.low, line.relative_ppm) == (5_000_000_000, None, 250_000)


def test_a_setting_that_one_scenario_lacks_is_told(tmp_path):
    first, second = made_run(tmp_path / "a", 1, 1), made_run(tmp_path / "b", 1, 1)
    (second / "scenario.yaml").write_text("consensus: {protocol: raft}\nfaults: []\n")
    (first_change, second_change) = compare(read_side(first), read_side(second)).settings
    assert (first_change.name, first_change.first, first_change.second) == ("faults[0].at", "1 s", None)
    assert (second_change.name, second_change.second) == ("faults", "()")


def test_what_was_never_counted_is_nought(tmp_path):
    told = compare(read_side(made_run(tmp_path / "a", 1, 1)), read_side(made_run(tmp_path / "b", 1, 1, refused=4)))
    line = by_measure(told)["refused.count"]
    assert (line.first_mean, line.second_mean, line.relative_ppm) == (0, 4_000, None)


def test_rates_are_of_real_processes_too_and_unknown_ones_are_not_nought(tmp_path):
    virtual = made_run(tmp_path / "a", 1, 1, refused=4)
    real = made_run(tmp_path / "b", 1, 1, refused=4)
    old = made_run(tmp_path / "c", 1, 1, refused=4)
    for folder, run_ns in ((real, 8 * 10**9), (old, None)):
        manifest = read_manifest(folder / "manifest.json")
        told = msgspec.structs.replace(manifest, mode="processes", bus="embedded", virtual_ns=None, run_ns=run_ns)
        write_manifest(folder / "manifest.json", told)
    rate = by_measure(compare(read_side(virtual), read_side(real)))["refused.rate"]
    assert (rate.first_mean, rate.second_mean) == (2_000_000_000, 500_000_000)
    unknown = by_measure(compare(read_side(virtual), read_side(old)))["refused.rate"]
    assert (unknown.second_mean, unknown.difference) == (None, None)


def test_folders_of_runs_with_the_same_seeds_are_compared_in_pairs(tmp_path):
    for seed in range(1, 6):
        made_run(tmp_path / "a" / f"run-{seed}", seed, 1_000_000 * seed**3)
        made_run(tmp_path / "b" / f"run-{seed}", seed, 1_000_000 * seed**3 + 10_000 + seed)
    (tmp_path / "a" / "latest").symlink_to("run-5")
    line = by_measure(compare(read_side(tmp_path / "a"), read_side(tmp_path / "b")))["commit_latency.mean"]
    assert (line.first_count, line.paired) == (5, True)
    assert line.difference.differs
    assert line.difference.high - line.difference.low <= 4_000


def test_other_seeds_are_no_pairs(tmp_path):
    for seed in range(1, 6):
        made_run(tmp_path / "a" / f"run-{seed}", seed, 1_000_000 * seed)
        made_run(tmp_path / "b" / f"run-{seed}", seed + 1, 1_000_000 * seed)
    line = by_measure(compare(read_side(tmp_path / "a"), read_side(tmp_path / "b")))["commit_latency.mean"]
    assert not line.paired
    assert (line.difference.mean, line.difference.differs) == (0, False)


def test_sweeps_are_compared_cell_by_cell(tmp_path):
    first = made_sweep(tmp_path / "a", "".join(f"raft,{n},pass,,,,,{1_000 * n},\n" for n in range(1, 6)))
    raft = "".join(f"raft,{n},fail,,,,,{1_000 * n + 5},2\n" for n in range(1, 6))
    second = made_sweep(tmp_path / "b", raft + "pbft,1,crashed,,,,,,\npbft,2,pass,,,,,7,\n")
    told = compare(read_side(first), read_side(second))
    lines = by_measure(told)
    assert lines["commit_latency.mean"].unit == "ns"
    assert (lines["commit_latency.mean"].difference.low, lines["commit_latency.mean"].difference.high) == (5_000, 5_000)
    assert told.missing == (((("consensus.protocol", "pbft"),), str(second)),)
    assert [(c.name, c.first, c.second) for c in told.facts] == [
        ("outcome pass", "5", "1"), ("outcome crashed", None, "1"), ("outcome fail", None, "5"),
    ]  # fmt: skip


def test_a_table_by_itself_will_do(tmp_path):
    folder = made_sweep(tmp_path / "a", "raft,1,pass,,,,,9,\n")
    moved = (folder / "runs.csv").rename(tmp_path / "mine.csv")
    assert read_side(moved).cells == {(("consensus.protocol", "raft"),): {1: {"commit_latency.mean": 9}}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no table of a sweep"),
        ("a,b\n1,2\n", "is no table of a sweep"),
        (HEAD + "raft,one,pass,,,,,9,\n", "2: 'one' is no whole number"),
        (HEAD + "raft,1,pass,,,,,9.5,\n", "2: '9.5' is no whole number"),
        (HEAD + "raft,1,pass,,,,,1_000,\n", "2: '1_000' is no whole number"),
        (HEAD + f"raft,1,pass,,,,,{10**400},\n", "2: '10{39}' is no whole number"),
        (HEAD + "raft,1,pass,,,,,9,\nraft,1,pass,,,,,8,\n", "3: seed 1 stands in this cell twice"),
        (HEAD.replace("refused.count", "commit_latency.mean") + "raft,1,pass,,,,,9,8\n", "two columns of one name"),
        (HEAD + "raft,1,pass\n", "another number of cells"),
        (HEAD + "raft,1,pass,,,,,9,,,\n", "another number of cells"),
        (HEAD + 'raft,1,"pass\n', "is no table"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, content, said):
    path = tmp_path / "runs.csv"
    path.write_text(content)
    with pytest.raises(FailureError, match=rf"runs.csv.*{said}"):
        read_side(path)


def test_runs_of_different_scenarios_have_no_mean(tmp_path):
    made_run(tmp_path / "a" / "run-1", 1, 20_000_000)
    made_run(tmp_path / "a" / "run-2", 2, 90_000_000, protocol="pbft")
    with pytest.raises(FailureError, match=r"run-2: its scenario has another `consensus\.protocol`"):
        read_side(tmp_path / "a")


def test_what_cannot_be_compared_is_named(tmp_path):
    with pytest.raises(FailureError, match="is neither a run's folder, nor one of runs, nor a sweep's"):
        read_side(tmp_path)
    run = made_run(tmp_path / "a", 1, 1)
    (run / "metrics.json").write_text('{"a": 1}')
    with pytest.raises(FailureError, match=r"metrics\.json: holds no measures"):
        read_side(run)
    (run / "metrics.json").unlink()
    with pytest.raises(FailureError, match=r"metrics\.json: there is no such file; did the run end"):
        read_side(run)
    (run / "manifest.json").write_text("{}")
    with pytest.raises(FailureError, match=r"manifest\.json: is no manifest"):
        read_side(run)


def test_the_command_tells_people_what_differs(tmp_path, capsys):
    first, second = made_run(tmp_path / "a", 1, 20_000_000), made_run(tmp_path / "b", 1, 25_000_000)
    assert invoke(["compare", str(first), str(second)]) == 0
    assert capsys.readouterr().out == (
        f"first   {first}\nsecond  {second}\n\n"
        "measure              first    second   difference\n"
        "commit_latency.mean  20.0 ms  25.0 ms  5.0 ms      +25.0 %\n"
        "... and 5 measures more, equal ones and counts of messages among them: --all shows them\n"
    )


def test_of_sweeps_people_see_a_few_measures_of_each_cell_and_all_if_they_ask(tmp_path, capsys):
    lines = "".join(f"{name},{n},pass,,,,,{1_000 * n},1\n" for name in ("raft", "solo") for n in range(1, 6))
    first, second = made_sweep(tmp_path / "a", lines), made_sweep(tmp_path / "b", lines.replace("000,", "500,"))
    assert invoke(["compare", str(first), str(second)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[3:6] == [
        "consensus.protocol  measure              first            second           difference",
        "raft                commit_latency.mean  3.0 us (5 runs)  3.5 us (5 runs)  0.5 us      +16.7 % *",
        "solo                commit_latency.mean  3.0 us (5 runs)  3.5 us (5 runs)  0.5 us      +16.7 % *",
    ]
    assert told[-1] == "*: the 95 % interval of the difference does not hold nought"
    assert invoke(["compare", str(first), str(second), "--all"]) == 0
    assert "refused.count" in capsys.readouterr().out


def test_nothing_that_a_table_holds_steers_a_terminal(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("typer.echo", lambda text, **_: shown.append(text))
    cells = "\x1b[31mraft,1,pass,,,,,9,\n\x9b2Jpbft,1,\x1b]0;mine\x07,,,,,9,\n"
    first, second = made_sweep(tmp_path / "a", cells), made_sweep(tmp_path / "b", cells.replace(",9,", ",8,"))
    assert invoke(["compare", str(first), str(second)]) == 0
    assert "·[31mraft" in shown[0]
    assert not any(mark in shown[0] for mark in "\x1b\x9b\x07")


def test_the_command_tells_machines_everything(tmp_path, capsys):
    first, second = made_run(tmp_path / "a", 1, 20_000_000), made_run(tmp_path / "b", 1, 25_000_000)
    assert invoke(["compare", str(first), str(second), "--ui", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = {line["measure"]: line["relative_ppm"] for line in told["measures"]}
    assert (found["commit_latency.mean"], found["commit_latency.p99"]) == (250_000, 0)


def test_the_command_refuses_what_is_no_run(tmp_path, capsys):
    assert invoke(["compare", str(tmp_path), str(tmp_path)]) == 2
    assert "is neither a run's folder" in capsys.readouterr().err
