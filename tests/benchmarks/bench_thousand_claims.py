"""A thousand zero-perception claims at 22 insurers, with a leader's crash, under both protocols.

    python tests/benchmarks/bench_thousand_claims.py [--claims 1000]

Plays the shipped `thousand_claims` in virtual time and prints what it took and how long claims took on each arm. The
exit code is 1 where a claim arm misses what the scenario expects, where the business roots differ, or where a run takes
more than three minutes of processor time.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import argparse
import sys
import time

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import find_scenario

SECONDS_MAX = 180
COUNTS = ("arms.chain.count", "arms.manual.count", "claims.denied.count")
"""Expectations that hold of a thousand claims alone."""


def play(protocol: str, claims: int) -> tuple[bool, str | None]:
    """Run and print it; whether it did as it should, and its business root."""
    overrides = [f"workload.0.claims={claims}", f"clients.patient.count={claims}"]
    overrides += [f"workload.0.revoked={claims // 50}", f"workload.0.reused={claims // 100}"]
    began = time.process_time()
    result = run(
        load_scenario(find_scenario("thousand_claims"), overrides),
        mode="virtual",
        protocol=protocol,
        view=NoView(),
        out=None,
    )
    seconds = time.process_time() - began
    finished = result.finished
    failed = [
        item.name for item in finished.expectations if item.verdict == "fail" and not item.name.startswith(COUNTS)
    ]
    clocks = next(item.detail for item in finished.expectations if item.name == "two_clocks")
    steps = len(result.left.record.acknowledged)
    print(f"{protocol:5} {steps:,} steps in {seconds:.0f} s of CPU, {steps / seconds:.0f} a second; {clocks}")
    if failed:
        print(f"{protocol:5} failed: {', '.join(failed)}")
    return not failed and seconds <= SECONDS_MAX, finished.business_root


def main() -> int:
    """Both protocols; 0 where all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--claims", type=int, default=1_000, help="from 100 on")
    claims = parser.parse_args().claims
    played = [play(protocol, claims) for protocol in ("raft", "pbft")]
    roots = {root for _, root in played}
    print("business roots are equal" if len(roots) == 1 and None not in roots else f"business roots differ: {roots}")
    return 0 if all(well for well, _ in played) and len(roots) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
