"""What goes wrong around a run: one clear message, the right exit code, no traceback, nothing left running or lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenarios.cli import invoke
from tests.end_to_end.program import (
    CONSORTIUM,
    QUICK,
    complaint,
    consortium,
    environment,
    execute,
    gone,
    latest,
    started,
)

pytestmark = pytest.mark.timeout(120)

BROKER = (sys.executable, "-P", "-m", "network.broker")
SLOW = ("--set", "run.clock.scale=1 day = 1 s", "--set", "workload.0.population=200", "--set", "run.duration=60 s")
"""A run that will not end before the test has done what it wants to."""
PROCESSES = ("run", "real_spending", "--mode", "processes", *SLOW)
TRIED = {"done": lambda done: done >= 2}
"""An event that shows that the run is in the middle of its work."""


# Refused before anything runs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "run.sed=3"), "run.sed: unknown key"),
        (("--set", "network.default.loss=5"), "network.default.loss: "),
        (("--set", "run.duration=5 parsecs"), "run.duration: "),
        (("--bus", "amqp://127.0.0.1"), "run.bus: "),
    ],
)
@pytest.mark.parametrize("mode", ["virtual", "processes"])
def test_a_wrong_word_is_named_and_leaves_nothing_behind(  # noqa: PLR0917 -- fixtures and parameters
    tmp_path, monkeypatch, capsys, mode, words, said
):
    monkeypatch.chdir(tmp_path)
    assert invoke(["run", "one_claim", "--mode", mode, *words]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path):
    done = consortium("run", "nowhere/mine.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint(done.stderr) == ["nowhere/mine.yaml: there is no such file"]


def test_a_broker_that_is_not_there_is_named(tmp_path):
    done = consortium(
        "run", "one_claim", "--mode", "processes", "--bus", "mqtt://127.0.0.1:1", "--ui", "none", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "127.0.0.1:1" in done.stderr
    assert len(complaint(done.stderr)) <= 2


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = execute([*BROKER, "--port", str(port)], tmp_path, seconds=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"no broker at 127.0.0.1:{port}: address already in use\n"


@pytest.mark.parametrize("mode", ["virtual", "processes"])
def test_results_that_cannot_be_put_anywhere_are_told(tmp_path, mode):
    (tmp_path / "taken").write_text("somebody's letter")
    done = consortium("run", "one_claim", "--mode", mode, "--ui", "none", "--out", "taken", cwd=tmp_path)
    assert done.returncode == 2
    assert "taken" in complaint(done.stderr)[0]
    assert (tmp_path / "taken").read_text() == "somebody's letter"


# In the middle of a run


def test_ctrl_c_ends_processes_in_good_order_with_results_so_far(tmp_path, capsys):
    with started(*PROCESSES, cwd=tmp_path) as run:
        run.until(event="progress", **TRIED)
        assert len(run.family()) >= 10  # eight nodes, the clients, the broker
        run.send(signal.SIGINT)
        code, said = run.end(seconds=40)
        assert (code, complaint(said)) == (3, [])
        assert gone(run, seconds=2) == {}
    kept(tmp_path, capsys)


def kept(place: Path, capsys) -> None:
    """There are results, they say that the run was cut short, and they are sound."""
    results = latest(place, "real_spending")
    assert results.manifest["verdict"] == "inconclusive"
    assert results.expectation("drained") == "inconclusive"
    assert results.expectation("durability") == "pass"
    answered = [line for line in results.history if line["status"] != "info"]
    assert len(answered) >= 2
    assert invoke(["verify", str(results.path)]) == 0
    assert capsys.readouterr().err == ""


def test_a_runner_that_is_killed_leaves_nobody_behind(tmp_path):
    with started(*PROCESSES, cwd=tmp_path) as run:
        run.until(event="progress", **TRIED)
        family = run.family()
        assert len(family) >= 10
        os.kill(run.pid, signal.SIGKILL)
        assert gone(run, seconds=20) == {}


def test_a_broker_that_dies_ends_the_run_with_results_so_far(tmp_path, capsys):
    with started(*PROCESSES, cwd=tmp_path) as run:
        run.until(event="progress", **TRIED)
        (broker,) = [pid for pid, command in run.family().items() if "network.broker" in command]
        os.kill(broker, signal.SIGKILL)
        code, said = run.end(seconds=60)
        assert code == 3
        assert complaint(said) == ["consortium: the embedded broker ended in the middle of the run"]
        assert gone(run, seconds=2) == {}
    kept(tmp_path, capsys)
    assert latest(tmp_path, "real_spending").expectation("environment") == "inconclusive"


def test_a_users_broker_that_never_comes_back_ends_the_run(tmp_path, capsys):
    with subprocess.Popen(  # noqa: S603 -- our own program
        [*BROKER, "--port", "0"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as broker:
        assert broker.stdout is not None
        url = f"mqtt://127.0.0.1:{broker.stdout.readline().split()[1]}"
        with started(*PROCESSES, "--bus", url, cwd=tmp_path) as run:
            run.until(event="progress", **TRIED)
            broker.kill()
            code, said = run.end(seconds=60)
            assert code == 3
            assert f"no node has reached the broker at {url} for 10 s" in complaint(said)[0]
            assert len(complaint(said)) == 2
            assert gone(run, seconds=2) == {}
    kept(tmp_path, capsys)


# A full disk


@contextmanager
def small_disk(place: Path, kilobytes: int):
    """(folder, command prefix): commands behind the prefix find so much room in the folder, and then no more.

    A file system of its own where we may mount one, by ourselves or in a user namespace; else a limit on each file.
    """
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(place)]
    if execute(mount, place.parent).returncode == 0:
        try:
            yield place, []
        finally:
            assert execute(["umount", "-l", str(place)], place.parent).returncode == 0
    elif shutil.which("unshare") and execute(["unshare", "-rm", *mount], place.parent).returncode == 0:
        yield place, ["unshare", "-rm", "sh", "-c", '"$@" && shift 7 && exec "$@"', "sh", *mount]
    else:
        yield place, ["sh", "-c", f'ulimit -f {kilobytes // 32}; exec "$@"', "sh"]


@pytest.mark.parametrize(("mode", "kilobytes"), [("virtual", 300), ("processes", 1600), ("processes", 200)])
def test_a_full_disk_is_told_in_one_line_and_a_hint(tmp_path, mode, kilobytes):
    words = ("run", "real_spending", "--mode", mode, "--ui", "none", *QUICK, "--set", "workload.0.population=300")
    with small_disk(tmp_path / "disk", kilobytes) as (disk, prefix):
        done = execute([*prefix, *CONSORTIUM, *words, "--out", str(disk)], tmp_path)
    assert done.returncode == 3, done.stderr
    told = complaint(done.stderr)
    assert "disk is full" in told[0] or "too large" in told[0].lower()
    assert len(told) <= 2
