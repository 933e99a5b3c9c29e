"""The program as a person runs it: `consortium` in processes of their own, and what they leave in a run's folder."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
QUICK = ("--set", "run.clock.scale=1 day = 10 ms")
"""Business time at a pace that leaves the machine's own speed to decide."""
CONSORTIUM = (sys.executable, "-P", "-m", "scenarios.cli")
_TAG = "CONSORTIUM_TEST_RUN"


def environment(**more: str) -> dict[str, str]:
    """Ours, with the checkout importable and a tag that every process started below inherits."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "120", "NO_COLOR": "1", **more}


def execute(command: Sequence[str], cwd: Path, seconds: float = 100, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, at most so long; nobody ever sees a traceback."""
    done = subprocess.run(  # noqa: S603 -- the tests' own commands
        command, cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def consortium(*words: str, cwd: Path, seconds: float = 100, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `consortium` to its end."""
    return execute([*CONSORTIUM, *words], cwd, seconds, **more)


class Started:
    """A `consortium` that runs while we look on, and every process that it has started."""

    def __init__(self, words: tuple[str, ...], cwd: Path) -> None:
        self.tag = uuid.uuid4().hex
        self.events: list[dict[str, Any]] = []
        self._process = subprocess.Popen(  # noqa: S603 -- our own program
            [*CONSORTIUM, *words, "--ui", "json"],
            cwd=cwd,
            env=environment(**{_TAG: self.tag}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, **wanted: Any) -> dict[str, Any]:
        """Read on to the first event that has all ``wanted``; a callable value judges."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            self.events.append(event)
            if all(
                want(event.get(key, 0)) if callable(want) else event.get(key) == want for key, want in wanted.items()
            ):
                return event
        raise AssertionError(f"the run ended before {wanted}: {self._process.communicate()[1]}")

    def send(self, sent: signal.Signals) -> None:
        self._process.send_signal(sent)

    def end(self, seconds: float) -> tuple[int, str]:
        """(exit code, standard error) once it has ended, which it must within so long."""
        rest, said = self._process.communicate(timeout=seconds)
        self.events += [json.loads(line) for line in rest.splitlines()]
        assert "Traceback" not in said
        return self._process.returncode, said

    def family(self) -> dict[int, str]:
        """The processes of this run that live, by id, with their commands; the first one is not among them."""
        found = _tagged(self.tag)
        found.pop(self.pid, None)
        return found

    def kill_all(self) -> None:
        for pid in [self.pid, *self.family()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait(10)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def started(*words: str, cwd: Path) -> Iterator[Started]:
    """A run that goes on while the test looks on; nothing of it outlives the test."""
    run = Started(words, cwd)
    try:
        yield run
    finally:
        run.kill_all()


def gone(run: Started, seconds: float) -> dict[int, str]:
    """What still lives of ``run`` after at most so long: nothing, if all ended by themselves."""
    deadline = time.monotonic() + seconds
    while (left := run.family()) and (rest := deadline - time.monotonic()) > 0:
        _wait_for_end(next(iter(left)), rest)
    return left


def _wait_for_end(pid: int, seconds: float) -> None:
    """Wait until a process that need not be our child has ended, at most so long."""
    if not hasattr(os, "pidfd_open"):  # only Linux tells; elsewhere we look again
        time.sleep(0.05)
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([handle], [], [], seconds)
    finally:
        os.close(handle)


def _tagged(tag: str) -> dict[int, str]:
    """Every living process whose environment carries ``tag``."""
    if not Path("/proc/self/environ").exists():
        return _tagged_by_ps(tag)
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if tag.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it has just ended, or is somebody else's
            continue
    return found


def _tagged_by_ps(tag: str) -> dict[int, str]:
    listed = subprocess.run(["ps", "-Aww", "-E", "-o", "pid=,command="], capture_output=True, text=True, check=True)  # noqa: S607
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines() if tag in line]
    return {int(pid): command for pid, command in lines}


class Results:
    """A run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.manifest: dict[str, Any] = json.loads((path / "manifest.json").read_text())

    @property
    def nodes(self) -> list[str]:
        return list(self.manifest["height"])

    @property
    def history(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.path / "history.jsonl").read_text().splitlines()]

    def ledger(self, node: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.path / "ledger" / f"{node}.jsonl").read_text().splitlines()]

    def expectation(self, name: str) -> str:
        return next(found["verdict"] for found in self.manifest["expectations"] if found["name"] == name)


def latest(cwd: Path, scenario: str, out: str = "runs") -> Results:
    """The newest run of ``scenario`` under ``cwd``."""
    return Results(cwd / out / scenario / "latest")


def complaint(said: str) -> list[str]:
    """Standard error by lines, without warnings, which are not about the failure at hand."""
    return [line for line in said.splitlines() if line.strip() and "warning" not in line]
