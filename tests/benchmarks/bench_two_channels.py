"""A thousand residents through two channels at once, while leaders fall.

    python tests/benchmarks/bench_two_channels.py

Under Raft and PBFT, for two seeds each: 6,002 transactions, four changes of leaders among them. Exactly 1,000 charges,
vouchers and enrolments, exactly 3,000 refusals, and neither channel wins them all, since the order of blocks decides;
within 30 CPU-seconds each.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from scenarios.dashboard import NoView
from scenarios.language import load_scenario
from scenarios.runner import run
from scenarios.shipped import shipped

PAIRS = 1_000
CPU_SECONDS_MAX = 30
CHANGES = ("crash: leader", "pause: leader, for: 1 s", "pause: leader, for: 1 s", "crash: leader")
FAULTS = ", ".join(f"{{at: {1500 + 2000 * place} ms, {change}}}" for place, change in enumerate(CHANGES))
OVERRIDES = (f"workload.0.pairs={PAIRS}", "workload.0.spread=100 min", "expect.metrics=[]", f"faults=[{FAULTS}]")


def campaign(protocol: str, seed: int) -> list[str]:
    """One run; what is wrong with it, after a line that says how it went."""
    began = time.process_time()
    scenario = load_scenario(shipped()["two_channels"], [*OVERRIDES, f"consensus.protocol={protocol}"])
    result = run(scenario, view=NoView(), out=None, mode="virtual", seed=seed)
    spent = time.process_time() - began
    done = result.left.record.acknowledged
    won = Counter(one.step.client for one in done if one.step.id.startswith("query/") and one.code == "ok")
    refused = sum(one.code != "ok" for one in done)
    shares = " to ".join(str(count) for _, count in sorted(won.items()))
    print(f"{protocol} seed {seed}: {result.verdict}, won {shares}, {refused:,} refused, {spent:.1f} s of CPU")
    wrong = [f"{item.name}: {item.detail}" for item in result.finished.expectations if item.verdict != "pass"]
    if won.total() != PAIRS or min(won.values()) == PAIRS:
        wrong.append(f"won {won}")
    if refused != 3 * PAIRS:
        wrong.append(f"{refused} refusals")
    if spent > CPU_SECONDS_MAX:
        wrong.append(f"more than {CPU_SECONDS_MAX} CPU-seconds")
    return wrong


if __name__ == "__main__":
    found = [line for protocol in ("raft", "pbft") for seed in (65, 66) for line in campaign(protocol, seed)]
    print("\n".join(found))
    sys.exit(bool(found))
