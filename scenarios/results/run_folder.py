"""A run's folder: ``<base>/<scenario>/<UTC time>-<seed>/``, with ``latest`` beside it pointing at the newest.

Files appear whole or not at all: each is written under another name, made durable, then renamed. Errors of the
operating system (a full disk, no permission) pass through as OSError with the file's name; what was there before is
untouched.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

_ATTEMPTS_MAX = 1000


class RunFolder:
    """The places of one run's results. The folder exists from :meth:`create` on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, base: Path, scenario: str, seed: int, started: dt.datetime) -> RunFolder:
        """A fresh folder; a second run within one second gets ``-2`` at the end. ``latest`` points to it."""
        stem = f"{started.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{seed}"
        parent = base / scenario
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, _ATTEMPTS_MAX):
            path = parent / (stem if attempt == 1 else f"{stem}-{attempt}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            _point(parent / "latest", path.name)
            return cls(path)
        raise FileExistsError(f"{parent / stem} and {_ATTEMPTS_MAX} more exist already")

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def scenario(self) -> Path:
        """The scenario as resolved."""
        return self.path / "scenario.yaml"

    @property
    def history(self) -> Path:
        return self.path / "history.jsonl"

    @property
    def business(self) -> Path:
        """What ``business_root`` covers."""
        return self.path / "state" / "business.jsonl"

    @property
    def metrics_table(self) -> Path:
        return self.path / "metrics.csv"

    @property
    def metrics_summary(self) -> Path:
        return self.path / "metrics.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl.gz"

    @property
    def course(self) -> Path:
        """Faults, and where each node stood, over time."""
        return self.path / "course.jsonl"

    @property
    def exchanges(self) -> Path:
        """A few exchanges of messages worth a picture."""
        return self.path / "exchanges.jsonl"

    @property
    def funnel(self) -> Path:
        """How many cases of each flow came how far."""
        return self.path / "funnel.json"

    @property
    def arms(self) -> Path:
        """How long claims took on each arm, where the scenario has a paper arm."""
        return self.path / "arms.json"

    @property
    def detection(self) -> Path:
        """What people lied about and what of it was caught, where the scenario asks for it."""
        return self.path / "detection.json"

    @property
    def figures(self) -> Path:
        """What the run's business came to, where its flows tell."""
        return self.path / "figures.json"

    @property
    def report(self) -> Path:
        """All of it on one page, drawn from the other files."""
        return self.path / "report.html"

    @property
    def leakage(self) -> Path:
        """Who ever held what of what was shared, and who talked to whom."""
        return self.path / "leakage.json"

    @property
    def leakage_table(self) -> Path:
        """The same matrix for people."""
        return self.path / "leakage.txt"

    @property
    def ledgers(self) -> Path:
        return self.path / "ledger"

    def ledger(self, node: str) -> Path:
        """The exported ledger of ``node``."""
        return self.ledgers / f"{node}.jsonl"

    def node(self, node: str) -> Path:
        """Processes mode: the node's own folder, made if need be."""
        path = self.path / "nodes" / node
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, path: Path, content: str | bytes) -> None:
        """Write ``content`` to ``path``, which lies in this folder, whole or not at all."""
        write_atomically(path, content)

    def write_lines(self, path: Path, lines: Iterable[str | bytes]) -> None:
        """Like :meth:`write`, a line at a time and each with a newline after it."""
        with replacing(path) as file:
            for line in lines:
                file.write((line if isinstance(line, bytes) else line.encode()) + b"\n")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by ``content``, whole or not at all; on an error nothing new is left behind."""
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


class replacing:  # noqa: N801 -- reads as a verb where it is used
    """A file opened beside ``path`` that takes its place when all was written and made durable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.{os.getpid()}.part")

    def __enter__(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._beside.open("wb")
        return self._file

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            try:
                if error is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            finally:
                self._file.close()
            if error is None:
                self._beside.replace(self._path)
                return
        except OSError as failed:
            self._discard()
            raise OSError(failed.errno, failed.strerror, str(self._path)) from None
        self._discard()
        if isinstance(error, OSError) and error.filename is None:
            raise OSError(error.errno, error.strerror, str(self._path)) from None

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self._beside.unlink()


def _point(link: Path, target: str) -> None:
    """Let ``link`` point to ``target``; never absent in between. Where links are not allowed, a text file names it."""
    beside = link.with_name(f".latest.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    try:
        beside.symlink_to(target, target_is_directory=True)
        beside.replace(link)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        link.with_name("latest.txt").write_text(target + "\n")
