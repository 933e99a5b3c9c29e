"""The command line as a person types it: a process of its own in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.cli import invoke
from scenarios.results.report import ReportError

ROOT = Path(__file__).parents[3]
TINY = """\
version: 1
name: tiny
members: {insurer: {count: 4}, regulator: {vote: false}}
"""


def consortium(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", **environment}
    run = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "scenarios.cli", *words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in run.stderr + run.stdout
    return run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "wrong.yaml").write_text(TINY.replace("count", "cuont") + "run: {duration: 5}\n")
    return folder


@pytest.fixture(scope="module")
def a_run(place: Path) -> subprocess.CompletedProcess[str]:
    return consortium("run", "one_claim", "--mode", "virtual", "--protocol", "solo", "--ui", "json", cwd=place)


def test_help_shows_the_commands_and_examples(place: Path) -> None:
    top = consortium("--help", cwd=place)
    assert top.returncode == 0
    for command in ("run", "validate", "schema", "demo", "scenarios", "verify"):
        assert f"\n  {command} " in top.stdout
    assert "consortium run one_claim --mode processes" in consortium("run", "--help", cwd=place).stdout


def test_no_words_at_all_show_the_help_and_are_no_pass(place: Path) -> None:
    run = consortium(cwd=place)
    assert run.returncode == 2
    assert "Usage: consortium" in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "Missing argument"),
        (("rn",), "No such command"),
        (("run", "one_claim", "--sed", "3"), "--seed"),
        (("run", "one_claim", "--mode", "vitual"), "virtual"),
        (("run", "one_claim", "--seed", "-3"), "--seed"),
        (("run", "one_clam"), "did you mean `one_claim`?"),
        (("run", "absent.yaml"), "absent.yaml: there is no such file"),
        (("run", "one_claim", "--protocol", "pbtf"), "did you mean `pbft`?"),
        (("run", "one_claim", "--bus", "kafka"), "`embedded`, `mosquitto` or `mqtt://HOST:PORT`"),
        (("run", "one_claim", "--set", "run.sede=3"), "did you mean `seed`?"),
        (("verify", "nowhere"), "there is no manifest"),
    ],
)
def test_a_mistake_is_told_on_stderr_with_exit_code_2(place: Path, words: tuple[str, ...], said: str) -> None:
    run = consortium(*words, cwd=place)
    assert run.returncode == 2
    assert said in run.stderr
    assert not run.stdout


def test_validate_tells_every_problem_of_every_file(place: Path) -> None:
    run = consortium("validate", "wrong.yaml", "tiny.yaml", cwd=place)
    assert run.returncode == 2
    assert "wrong.yaml:3:21: members.insurer.cuont: unknown key; did you mean `count`?\n    3 | members:" in run.stderr
    assert "wrong.yaml:4:17: run.duration: `5` has no unit" in run.stderr
    assert "warning: neither `story` nor `workload`" in run.stderr
    assert run.stdout == "tiny.yaml: valid; 5 nodes, 4 may vote; pbft: n = 4, f = 1, quorum 3\n"


def test_a_folder_of_the_same_name_does_not_hide_a_shipped_scenario(tmp_path: Path) -> None:
    (tmp_path / "one_claim").mkdir()
    assert consortium("validate", "one_claim", cwd=tmp_path).returncode == 0
    (tmp_path / "other").mkdir()
    assert "other: is a folder; name a scenario file" in consortium("validate", "other", cwd=tmp_path).stderr


def test_schema_is_json(place: Path) -> None:
    assert json.loads(consortium("schema", cwd=place).stdout)["title"] == "consortium scenario"


def test_scenarios_lists_what_is_shipped(place: Path) -> None:
    run = consortium("scenarios", cwd=place)
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert any(line.startswith("stories: ") for line in lines)
    assert any(line.startswith("  one_claim ") for line in lines)


def test_a_run_passes_and_json_is_all_there_is_on_stdout(a_run: subprocess.CompletedProcess[str], place: Path) -> None:
    assert a_run.returncode == 0, a_run.stderr
    events = [json.loads(line) for line in a_run.stdout.splitlines()]
    assert events[0]["event"] == "started"
    assert events[-1] == {**events[-1], "event": "finished", "verdict": "pass"}
    assert (place / events[-1]["folder"] / "manifest.json").is_file()
    manifest = json.loads((place / "runs" / "one_claim" / "latest" / "manifest.json").read_text())
    assert manifest["protocol"] == "solo"
    assert manifest["mode"] == "virtual"


def test_verify_passes_and_fails_with_one_changed_byte(a_run: subprocess.CompletedProcess[str], place: Path) -> None:
    assert a_run.returncode == 0
    good = consortium("verify", "runs/one_claim/latest", cwd=place)
    assert good.returncode == 0
    assert good.stdout.endswith("runs/one_claim/latest: sound\n")
    ledger = place / "runs" / "one_claim" / "latest" / "ledger" / "broker.jsonl"
    raw = ledger.read_bytes()
    ledger.write_bytes(raw.replace(b"a", b"A", 1))
    bad = consortium("verify", "runs/one_claim/latest", cwd=place)
    ledger.write_bytes(raw)
    assert bad.returncode == 1
    assert "FAULT broker: runs/one_claim/latest/ledger/broker.jsonl:1: " in bad.stderr
    assert "runs/one_claim/latest: not sound" in bad.stderr


def test_a_reader_that_leaves_early_hears_nothing_of_it(place: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = f"{sys.executable} -m scenarios.cli schema | head -1"
    run = subprocess.run(line, shell=True, cwd=place, env=env, capture_output=True, text=True, check=False)  # noqa: S602
    assert run.stdout == "{\n"
    assert run.stderr == ""


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs started meanwhile mind SIGINT, though a shell that runs these tests in its background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_cleanly_with_its_results(tmp_path: Path, sent: signal.Signals) -> None:
    command = [sys.executable, "-m", "scenarios.cli", "run", "real_spending", "--mode", "virtual", "--ui", "json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if json.loads(line)["event"] == "progress":
                break
        run.send_signal(sent)
        rest, said = run.communicate(timeout=50)
    assert run.returncode == 3, said
    assert "Traceback" not in said
    assert json.loads(rest.splitlines()[-1])["verdict"] == "inconclusive"
    manifest = tmp_path / "runs" / "real_spending" / "latest" / "manifest.json"
    assert json.loads(manifest.read_text())["verdict"] == "inconclusive"


def test_an_interrupted_search_says_so_and_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scenarios.adversary.command.run_check", interrupted)
    assert invoke(["check", "--protocol", "solo"]) == 3
    assert capsys.readouterr().err.strip() == "interrupted"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_stdout_is_one_clear_line(place: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "scenarios.cli", "schema"],
            cwd=place,
            env=env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.returncode == 3
    assert "the disk is full" in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_folder_that_may_not_be_written_is_named(place: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    out = (Path("/proc") if os.geteuid() == 0 else tmp_path) / "out"  # root may write everywhere else
    run = consortium("run", "one_claim", "--mode", "virtual", "--out", str(out), cwd=place)
    assert run.returncode == 2
    assert str(out) in run.stderr


def test_results_that_cannot_be_put_where_a_file_lies_are_told(place: Path) -> None:
    run = consortium("run", "one_claim", "--mode", "virtual", "--out", "tiny.yaml", cwd=place)
    assert run.returncode == 2
    assert "tiny.yaml" in run.stderr
    assert len(run.stderr.splitlines()) <= 2


def test_a_verdict_is_told_even_where_no_report_can_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: object) -> None:
        raise ReportError("there is no room on the page")

    monkeypatch.setattr("scenarios.results.report.write_report", refuse)
    assert invoke(["run", "members_come_and_go", "--mode", "virtual", "--out", str(tmp_path), "--ui", "plain"]) == 2
    told = capsys.readouterr()
    assert "verdict: PASS" in told.out
    assert "no report: there is no room on the page" in told.err
    assert (tmp_path / "members_come_and_go" / "latest" / "manifest.json").is_file()
