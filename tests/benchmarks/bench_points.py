"""Half a million point accounts 50万积分用户: opened, some exchanged, and all cleared, in virtual time.

    python tests/benchmarks/bench_points.py [--accounts 500000] [--swaps 2000] [--protocol raft]

Plays the shipped `points_at_scale` in a process of its own and prints what it took and what it came to. The exit code
is 1 where the verdict is not "pass" (value was not conserved over all accounts, say), or a run of at most 500,000 takes
more than 5 CPU-minutes or 4 GiB.
"""
# ruff: noqa: S603, T201 - a benchmark prints, and begins our own program

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import msgspec

from scenarios.results import RunFolder

USERS = 500_000
CPU_SECONDS_MAX = 5 * 60
GIB = 1024**3
GIB_MAX = 4


def play(accounts: int, swaps: int, protocol: str, out: Path) -> tuple[float, int]:
    """Run it; CPU seconds, and the most memory that it held, in bytes."""
    words = ["run", "points_at_scale", "--protocol", protocol, "--out", str(out), "--ui", "none"]
    sizes = ["--set", f"workload.0.accounts={accounts}", "--set", f"workload.0.swaps={swaps}"]
    subprocess.run([sys.executable, "-m", "scenarios.cli", *words, *sizes], check=False)
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=USERS)
    parser.add_argument("--swaps", type=int, default=2_000)
    parser.add_argument("--protocol", default="raft")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        cpu, memory = play(given.accounts, given.swaps, given.protocol, Path(passing))
        folder = RunFolder(Path(passing) / "points_at_scale" / "latest")
        manifest = msgspec.json.decode(folder.manifest.read_bytes())
        print(f"{given.accounts:,} accounts, {given.swaps:,} exchanges under {given.protocol}:")
        print(f"took      {cpu:.0f} CPU-s, {memory / GIB:.2f} GiB at most")
        print(f"state     {folder.business.stat().st_size / 1e6:,.0f} MB, root {manifest['business_root'][:16]}")
        print(f"verdict   {manifest['verdict']}")
    within = given.accounts > USERS or (cpu <= CPU_SECONDS_MAX and memory <= GIB_MAX * GIB)
    sys.exit(0 if manifest["verdict"] == "pass" and within else 1)


if __name__ == "__main__":
    main()
