"""Writes the picture and the table of ``docs/actuary.md``: 200 runs of the actuarial loop. Run it by itself.

``python docs/actuary_page.py`` plays the runs, in some minutes, and keeps them in ``docs/pictures/late_notice.csv``;
``python docs/actuary_page.py --kept`` draws those that are kept. ``consortium actuary delay`` is the same for other
delays, seeds and settings.
"""
# ruff: noqa: INP001 - a script beside the pages

from __future__ import annotations

import csv
import sys
from pathlib import Path

import matplotlib as mpl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
mpl.rcParams["svg.hashsalt"] = "late notice"

from scenarios.actuary.delays import MEDIANS, Point, Summary, summaries, sweep, write_points  # noqa: E402
from scenarios.actuary.picture import draw_delays  # noqa: E402

PAGE = ROOT / "docs" / "actuary.md"
PICTURES = ROOT / "docs" / "pictures"
RUNS, PICTURE = PICTURES / "late_notice.csv", PICTURES / "late_notice.svg"

SEEDS = range(1, 41)
SETTINGS = ("workload.0.population=20190", "workload.0.reports_a_period=3")

BEGIN, END = "<!-- table: docs/actuary_page.py -->\n", "<!-- end -->\n"


def main() -> None:
    """Runs, picture, table."""
    if "--kept" not in sys.argv[1:]:
        write_points(RUNS, sweep(MEDIANS, SEEDS, SETTINGS))
    with RUNS.open(encoding="utf-8", newline="") as file:
        points = [Point(*map(int, row.values())) for row in csv.DictReader(file)]
    found = list(summaries(points))
    draw_delays(found, PICTURE)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{table(found)}{END}{after}", encoding="utf-8")


def table(found: list[Summary]) -> str:
    """A row for each delay, in yuan."""
    lines = ["| median delay | emerged | mean error | root mean square error | of what emerged | Mack said |"]
    lines += ["|-|-:|-:|-:|-:|-:|"]
    for one in found:
        share = f"{100 * one.relative:.0f} %" if one.median_days else ""
        bias, deviation = (
            f"{yuan(value)} ± {yuan(half)}"
            for value, half in ((one.bias, one.bias_half), (one.deviation, one.deviation_half))
        )
        lines.append(
            f"| {one.median_days} days | {yuan(one.emerged)} | {bias} | {deviation} | {share} | {yuan(one.said)} |"
        )
    return "\n".join(lines) + "\n"


def yuan(fen: float) -> str:
    """Whole yuan."""
    return f"{fen / 100:,.0f}"


if __name__ == "__main__":
    main()
