"""Draws ``docs/pictures/report.png`` and ``exchange.png``, out of a report in a real browser: run it by itself.

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

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1000, 1600
SECOND_EXCHANGE = """
(() => {
  const fold = document.querySelectorAll('details.fold')[1];
  fold.open = true;
  fold.querySelector('.tall').style.maxHeight = 'none';
  fold.scrollIntoView();
})()
"""


def main() -> None:
    """Run, open, photograph."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = run(load_scenario(find_scenario("partition_and_equivocation")), view=NoView(), out=folder / "runs")
        assert result.folder is not None  # noqa: S101
        (folder / "profile").mkdir()
        browser = Browser(folder / "profile")
        browser.open((result.folder / "report.html").as_uri(), width=WIDTH, height=HEIGHT)
        (PICTURES / "report.png").write_bytes(browser.picture())
        browser.resize(WIDTH + 100, 1100)
        browser.value(SECOND_EXCHANGE)
        (PICTURES / "exchange.png").write_bytes(browser.picture())
        browser.close()


if __name__ == "__main__":
    main()
