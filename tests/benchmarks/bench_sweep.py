"""One sweep in four ways: one run after the other, on all cores, on a Dask cluster of two workers, and killed half-way.

    python tests/benchmarks/bench_sweep.py [SCENARIO] [--repeat 10] [--jobs 2]

The tables of all four must be the same, byte by byte; else the exit code is 1. The shipped `protocols_and_sizes` is
three protocols, three sizes and ten seeds: ninety runs.
"""
# ruff: noqa: S603, T201 - a benchmark prints, and begins our own program

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from distributed import LocalCluster

from scenarios.workers import cores

CONSORTIUM = [sys.executable, "-m", "scenarios.cli"]
TABLES = ("runs.csv", "summary.csv")


def sweep(words: list[str], out: Path, *more: str) -> tuple[float, float]:
    """Play it to its end; wall and CPU seconds, those of its own processes among them."""
    began, used = time.monotonic(), getrusage(RUSAGE_CHILDREN)
    subprocess.run([*CONSORTIUM, "sweep", *words, "--out", str(out), *more], check=True, stdout=subprocess.DEVNULL)
    now = getrusage(RUSAGE_CHILDREN)
    return time.monotonic() - began, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def kill(words: list[str], out: Path, after: int) -> int:
    """Play it, and kill it once ``after`` runs were told; how many runs were kept."""
    command = [*CONSORTIUM, "sweep", *words, "--out", str(out), "--ui", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as playing:
        assert playing.stdout is not None
        for _ in range(after):
            playing.stdout.readline()
        playing.send_signal(signal.SIGKILL)
    return len(list((out / "points").glob("*/*.json")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", default="protocols_and_sizes")
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=cores())
    given = parser.parse_args()
    words, jobs = [given.scenario, "--set", f"sweep.repeat={given.repeat}"], ["--jobs", str(given.jobs)]
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        print("serial    {:6.1f} s, {:6.1f} CPU-s".format(*sweep([*words, "--jobs", "1"], top / "serial")), flush=True)
        print("parallel  {:6.1f} s, {:6.1f} CPU-s".format(*sweep([*words, *jobs], top / "parallel")), flush=True)
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster:
            took = sweep([*words, "--scheduler", cluster.scheduler_address], top / "dask")
        print(f"dask      {took[0]:6.1f} s with two workers", flush=True)
        kept = kill([*words, *jobs], top / "killed", 5)
        sweep([*words, *jobs], top / "killed", "--resume")
        print(f"killed    {kept} runs were kept, and the rest played later")
        tables = [way / name for way in sorted(top.iterdir()) for name in TABLES]
        found = {path: sha256(path.read_bytes()).hexdigest() for path in tables}
        for path, digest in found.items():
            print(f"{digest}  {path.relative_to(top)}")
    if len(set(found.values())) != len(TABLES):
        sys.exit("FAILED: the tables differ")


if __name__ == "__main__":
    main()
