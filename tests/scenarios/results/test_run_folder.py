from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path

import pytest

from scenarios.results import RunFolder
from scenarios.results.run_folder import write_atomically

STARTED = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def test_a_folder_is_named_by_utc_time_and_seed_and_latest_points_to_it(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "runs", "one_claim", 42, STARTED)
    assert folder.path == tmp_path / "runs" / "one_claim" / "20260101T190405Z-42"
    assert (tmp_path / "runs" / "one_claim" / "latest").resolve() == folder.path
    link = tmp_path / "runs" / "one_claim" / "latest"
    assert str(link.readlink()) == folder.path.name, "relative: folders may move"


def test_two_runs_in_one_second_get_two_folders(tmp_path: Path) -> None:
    first = RunFolder.create(tmp_path, "x", 1, STARTED)
    second = RunFolder.create(tmp_path, "x", 1, STARTED)
    assert second.path.name == first.path.name + "-2"
    assert (tmp_path / "x" / "latest").resolve() == second.path


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manifest.json"
    write_atomically(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as failed:
        write_atomically(path, "new")
    assert failed.value.errno == errno.ENOSPC
    assert failed.value.filename == str(path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["manifest.json"]


def test_an_interrupted_writer_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "x", 1, STARTED)

    def lines():
        yield b"one"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder.write_lines(folder.history, lines())
    assert list(folder.path.iterdir()) == []


def test_lines_end_with_newlines_and_folders_are_made(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "x", 1, STARTED)
    folder.write_lines(folder.business, ["a", b"b"])
    assert folder.business.read_bytes() == b"a\nb\n"
    assert folder.ledger("insurer-1") == folder.path / "ledger" / "insurer-1.jsonl"
    assert folder.node("insurer-1").is_dir()


def test_a_base_that_cannot_be_made_is_an_os_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        RunFolder.create(tmp_path / "file", "x", 1, STARTED)
