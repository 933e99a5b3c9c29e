from __future__ import annotations

import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from scenarios.dashboard import NoView, view_for
from scenarios.dashboard.json_lines import JsonView
from scenarios.dashboard.live import LiveView
from scenarios.dashboard.model import RunModel
from scenarios.dashboard.outlet import Outlet
from scenarios.dashboard.plain import STORY_MAX, PlainView

GOLDEN = Path(__file__).parent / "golden"
SECOND = 1_000_000_000


def test_plain_lines_are_the_golden_ones(scripted) -> None:
    out = io.StringIO()
    scripted(PlainView(Outlet(out)))
    path = GOLDEN / "plain.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(out.getvalue(), encoding="utf-8")
    assert out.getvalue() == path.read_text(encoding="utf-8")


def test_plain_lines_are_coloured_only_where_allowed(scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, bare = io.StringIO(), io.StringIO()
    scripted(PlainView(Outlet(coloured), colour=True))
    assert "\x1b[32mPASS\x1b[0m" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    scripted(PlainView(Outlet(bare), colour=True))
    assert "\x1b" not in bare.getvalue()


def test_a_long_story_is_cut_to_refusals_and_progress() -> None:
    out = io.StringIO()
    view = PlainView(Outlet(out))
    view.started("long", "virtual", "virtual", "raft", "quorum 3 of 5", [])
    total = 5_000
    for number in range(total):
        view.story(number, "insurer", f"step {number}", "no_cover" if number == 4_000 else "ok")
        view.progress(number, number + 1, total)
    lines = out.getvalue().splitlines()
    assert len(lines) < STORY_MAX + 30
    assert sum("from here on only refusals" in line for line in lines) == 1
    assert any("step 4000" in line and "refused: no_cover" in line for line in lines)
    assert "5000 of 5000 steps" in lines[-1]


def test_plain_tells_a_violation_and_a_verdict_that_is_no_pass() -> None:
    out = io.StringIO()
    view = PlainView(Outlet(out))
    view.started("x", "virtual", "virtual", "raft", "quorum 3 of 5", [])
    view.violated(SECOND, "agreement", "two blocks at height 3")
    view.finished("fail", ["FAIL agreement"], "")
    assert "VIOLATED        agreement: two blocks at height 3" in out.getvalue()
    assert out.getvalue().endswith("verdict: FAIL\n")


def test_json_lines_are_objects_and_only_changes(scripted) -> None:
    out = io.StringIO()
    view = JsonView(Outlet(out))
    scripted(view)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "finished"]
    assert events[-1]["verdict"] == "pass"
    times = [event["at"] for event in events[1:-1]]
    assert times == sorted(times)
    told = [{key: value for key, value in event.items() if key != "at"} for event in events if event["event"] == "node"]
    by_node: dict[str, list[dict[str, object]]] = {}
    for node in told:
        by_node.setdefault(node["name"], []).append(node)
    assert all(a != b for nodes in by_node.values() for a, b in itertools.pairwise(nodes))
    assert sum(event["event"] == "story" for event in events) == 14


def test_a_reader_that_leaves_does_not_end_the_run(scripted) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as out:
        scripted(JsonView(Outlet(out)))
        Outlet(out).line("still harmless")


def test_the_live_view_gives_the_terminal_back(scripted) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24, legacy_windows=False, color_system="standard")
    view = LiveView(console)
    scripted(view)
    view.close()
    text = out.getvalue()
    assert text.count("\x1b[?1049h") == text.count("\x1b[?1049l") == 1, "alternate screen"
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "cursor"
    after = text.split("\x1b[?1049l")[1]
    assert " PASS " in after
    assert "results: runs/one-claim/x" in after


def test_a_report_that_was_drawn_is_named(tmp_path) -> None:
    model = RunModel()
    model.finish("pass", [], str(tmp_path))
    assert model.files == [f"results: {tmp_path}"]
    (tmp_path / "report.html").touch()
    assert model.files == [f"results: {tmp_path}", f"report: {tmp_path}/report.html"]
    model.finish("pass", [], "")
    assert model.files == []


def test_a_live_view_closed_in_the_middle_gives_the_terminal_back(scripted) -> None:
    out = io.StringIO()
    view = LiveView(Console(file=out, force_terminal=True, width=80, height=24, legacy_windows=False))
    scripted(view, steps=3)
    view.close()
    view.close()
    assert out.getvalue().count("\x1b[?1049l") == 1


def test_a_terminal_resized_while_drawing_is_no_trouble(scripted) -> None:
    class Shrinking(Console):
        sizes = iter([(80, 24), (20, 5), (200, 60), (1, 1), (132, 43)] * 200)

        @property
        def size(self):
            width, height = next(self.sizes)
            return type(super().size)(width, height)

    view = LiveView(Shrinking(file=io.StringIO(), force_terminal=True, legacy_windows=False))
    scripted(view, lambda _: view._live.refresh())
    view.close()


def test_the_view_follows_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(view_for(None), PlainView)
    assert isinstance(view_for("none"), NoView)
    assert isinstance(view_for("json"), JsonView)
    assert isinstance(view_for("live"), LiveView)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(view_for(None), LiveView)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(view_for(None), PlainView)


@pytest.mark.tmux
@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_real_terminal_shows_the_run_and_is_given_back(tmp_path: Path) -> None:
    script = Path(__file__).with_name("conftest.py")
    root = Path(__file__).parents[3]
    socket = str(tmp_path / "tmux")
    tmux = ["tmux", "-S", socket, "-f", "/dev/null"]
    command = f"PYTHONPATH={root} {sys.executable} {script} live; echo back:$?; cat"
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", command], check=True)  # noqa: S603
    try:
        seen = ""
        deadline = time.monotonic() + 45
        during = False
        while time.monotonic() < deadline and "back:0" not in seen:
            run = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True)  # noqa: S603
            seen = run.stdout
            during = during or (" SAFE " in seen and "★ primary" in seen)
            time.sleep(0.05)
        assert during, "the live picture was seen while the run went on"
        assert "back:0" in seen
        assert "results: runs/one-claim/x" in seen
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)  # noqa: S603
