"""Draws ``docs/pictures/report.png``, the head of a report in a real browser: ``python docs/report_picture.py``.

The run is ``consortium run partition_and_equivocation``. Needs chromium.
"""
# ruff: noqa: INP001 - a script beside the pages

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests/scenarios/results/report")]

from browser import Browser  # noqa: E402 - after the path

from scenarios.dashboard import NoView  # noqa: E402
from scenarios.language import load_scenario  # noqa: E402
from scenarios.runner import run  # noqa: E402
from scenarios.shipped import find_scenario  # noqa: E402

PICTURE = ROOT / "docs" / "pictures" / "report.png"
WIDTH, HEIGHT = 1000, 1600


def main() -> None:
    """Run, open, photograph."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = run(load_scenario(find_scenario("partition_and_equivocation")), view=NoView(), out=folder / "runs")
        assert result.folder is not None  # noqa: S101
        (folder / "profile").mkdir()
        browser = Browser(folder / "profile")
        browser.open((result.folder / "report.html").as_uri(), width=WIDTH, height=HEIGHT)
        PICTURE.write_bytes(browser.picture())
        browser.close()


if __name__ == "__main__":
    main()
