"""A year of the city's plan at its whole size: 3,000,000 enrolments and what they claim, in virtual time.

    python tests/benchmarks/bench_city_plan_year.py [--population 3000000] [--protocol raft] [--out FOLDER]

Plays the shipped `city_plan_year` in a process of its own and prints what it took and what it came to. The exit code is
1 where the verdict is not "pass", or a run of at most 3,000,000 takes more than 15 minutes or 12 GiB.
"""
# ruff: noqa: S603, T201 - a benchmark prints, and begins our own program

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import msgspec

from scenarios.results import RunFolder
from scenarios.results.arms import Arms
from scenarios.results.figures import Sheet

CITY = 3_000_000
SECONDS_MAX = 15 * 60
GIB = 1024**3
GIB_MAX = 12
DAY_NS = 86_400 * 10**9


def play(population: int, protocol: str, out: Path) -> tuple[float, float, int]:
    """Run it; wall seconds, CPU seconds, and the most memory that it held, in bytes."""
    words = ["run", "city_plan_year", "--protocol", protocol, "--out", str(out), "--ui", "none"]
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "scenarios.cli", *words, "--set", f"workload.0.population={population}"], check=False
    )
    used = getrusage(RUSAGE_CHILDREN)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def tell(folder: RunFolder) -> str:
    """Print what the run came to; its verdict."""
    manifest = msgspec.json.decode(folder.manifest.read_bytes())
    ledgers = list(folder.ledgers.iterdir())
    stored = {path.stat().st_ino: path.stat().st_size for path in ledgers}
    print(f"ledgers   {len(ledgers)}, stored as {len(stored)} files, {sum(stored.values()) / 1e6:,.0f} MB")
    print(f"state     {folder.business.stat().st_size / 1e6:,.0f} MB, root {manifest['business_root'][:16]}")
    for sheet in msgspec.json.decode(folder.figures.read_bytes(), type=tuple[Sheet, ...])[:2]:
        print(sheet.title, *(column.name for column in sheet.columns), sep=" | ")
        for row in sheet.rows:
            print("", *row, sep=" | ")
    for arm in msgspec.json.decode(folder.arms.read_bytes(), type=Arms).arms:
        spread = ", ".join(f"p{found.percent} {found.ns / DAY_NS:.2f} days" for found in arm.quantiles)
        print(f"{arm.name:9} {arm.claims:,} claims paid, {spread}")
    print(f"verdict   {manifest['verdict']}")
    return str(manifest["verdict"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--population", type=int, default=CITY)
    parser.add_argument("--protocol", default="raft")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        out = given.out or Path(passing)
        seconds, cpu, memory = play(given.population, given.protocol, out)
        print(f"{given.population:,} residents under {given.protocol}:")
        print(f"took      {seconds:.0f} s, {cpu:.0f} CPU-s, {memory / GIB:.1f} GiB at most")
        verdict = tell(RunFolder(out / "city_plan_year" / "latest"))
    within = given.population > CITY or (seconds <= SECONDS_MAX and memory <= GIB_MAX * GIB)
    sys.exit(0 if verdict == "pass" and within else 1)


if __name__ == "__main__":
    main()
