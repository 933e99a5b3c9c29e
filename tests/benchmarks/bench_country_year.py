"""A year of a country's hospitals: 16,000 of them as light clients, 58 million insured as counts, 22 insurers (row 49).

    python tests/benchmarks/bench_country_year.py [--hospitals 16000] [--protocol raft]

Plays the shipped `country_year` in virtual time and prints what it took and came to. The exit code is 1 where an
expectation fails but for those that count what the shipped 160 hospitals come to.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import argparse
import resource
import sys
import time

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import find_scenario

COUNTED = ("records.hospital_periods", "accounts.insurer-1.claims-paid")


def main() -> int:
    """Play it once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hospitals", type=int, default=16_000, help="up to 16,000")
    parser.add_argument("--protocol", choices=("raft", "pbft"), default="raft")
    asked = parser.parse_args()
    overrides = [f"clients.hospital.count={asked.hospitals}", "run.duration=30 min"]
    scenario = load_scenario(find_scenario("country_year"), overrides)
    wall, cpu = time.monotonic(), time.process_time()
    result = run(scenario, view=NoView(), out=None, mode="virtual", protocol=asked.protocol)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    steps = len(result.left.record.acknowledged)
    nodes = len(result.left.holdings)
    print(f"{asked.hospitals:,} hospitals under {asked.protocol}: {steps:,} transactions at {nodes} nodes")
    print(f"took      {wall:.0f} s, {cpu:.0f} CPU-s, {memory:.1f} GiB at most")
    print(f"state     root {(result.finished.business_root or 'none in common')[:16]}")
    for sheet in result.finished.figures:
        name, patients, fen = sheet.rows[-1]
        print(f"{sheet.title}: {name} {patients:,} in hospital, {int(fen or 0) / 100:,.2f} paid. {sheet.note}")
    failed = [f"{item.name} ({item.detail})" for item in result.finished.expectations if item.verdict != "pass"]
    failed = [item for item in failed if not item.startswith(COUNTED)]
    print(f"failed: {'; '.join(failed)}" if failed else "everything expected holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
