"""A node under hostile fire: ``python tests/benchmarks/bench_hostile_bus.py [FRAMES]``, 50,000 unless said.

Frames that are random, cut, bent, replayed, misplaced, oversized, too deep, forged, or signed by strangers, by revoked
members, by members and wallets that lie (``tests/node/hostile_frames.py`` has them all): first on the intake of a node
in this process, then a slice over the embedded broker on a node in a process of its own. Exit code 1 where the state is
not what it was, memory grew by 8 MiB, a reason was logged more than once a minute, or the node no longer takes part.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
import types
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
_tests = types.ModuleType("tests")  # some package installs one of that name, which would come first
_tests.__path__ = [str(ROOT / "tests")]
sys.modules["tests"] = _tests

from tests.node.hostile_bus import besiege, storm  # noqa: E402

MIB = 1024 * 1024
GROWTH_MAX = 8 * MIB


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    logging.getLogger().addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        siege = asyncio.run(besiege(Path(folder), count))
        minutes = 1 + int((time.monotonic() - begun) // 60)
    print(f"{count:,} frames on a node's intake, {sum(siege.refused.values()):,} refused at the door:")
    for reason, number in sorted(siege.refused.items(), key=lambda item: -item[1]):
        print(f"  {reason:<16} {number:>9,}")
    grown = max(siege.resident) - siege.resident[0]
    print(f"CPU       {siege.cpu_s / count * 1e6:.1f} us a frame")
    print(f"memory    {siege.resident[0] / MIB:.1f} MiB at first, {max(siege.resident) / MIB:.1f} at most")
    print(f"log       {len(siege.log)} lines in {minutes} minutes, {len(siege.refused)} reasons")
    print(f"state     before {siege.before}")
    print(f"          after  {siege.after}")
    print(f"          lied to {siege.lied_to}")
    print(f"followed  {siege.followed}")
    unchanged = siege.after == siege.before and {**siege.lied_to, "core": ""} == {**siege.before, "core": ""}
    quiet = len(siege.log) <= minutes * len(siege.refused)
    return 0 if unchanged and quiet and siege.followed and grown < GROWTH_MAX and _over_the_bus(count // 50) else 1


def _over_the_bus(count: int) -> bool:
    """The slice; False where it left a trace."""
    with tempfile.TemporaryDirectory() as folder:
        assault = asyncio.run(storm(Path(folder), count))
    grown = assault.resident[-1] - assault.resident[0]
    print(f"{count:,} frames over the broker on a process: {sum(assault.refused.values()):,} refused at the door,")
    first, last = (assault.resident[place] / MIB for place in (0, -1))
    print(f"          {len(assault.log)} log lines, memory {first:.1f} to {last:.1f} MiB,")
    print(f"          head {assault.head[:16]}, expected {assault.expected[:16]}")
    return assault.head == assault.expected and grown < GROWTH_MAX


if __name__ == "__main__":
    sys.exit(main())
