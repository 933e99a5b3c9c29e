"""Ledgers with one byte or one field changed, each shown to both auditors, who must refuse it: ours and the example's.

    python tests/benchmarks/bench_mutations.py [--count 10000] [--seed 1] [LEDGER.jsonl ...]

Without ledgers it makes its own: of each protocol, and where members and keys change. Half of the mutations change one
byte of the file (to another, or away, or one is added); the other half one field of one line, to another valid value,
or away, as a whole certificate is. The exit code is 1 where either auditor accepts one.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "node" / "ledger"))

from auditors import verdicts
from conftest import LedgerBuilder
from mutations import Mutation, mutated

OWN = (("solo", "grow"), ("raft", "grow"), ("pbft", "grow"), ("raft", "live"), ("pbft", "live"))


def ledgers(paths: list[Path]) -> dict[str, bytes]:
    """The ledgers to be mutated, by name."""
    if paths:
        return {str(path): path.read_bytes() for path in paths}
    return {f"{protocol}/{way}": getattr(LedgerBuilder(protocol), way)().bytes() for protocol, way in OWN}


def play(content: bytes, count: int, draw: random.Random, file: Path) -> Counter[str]:
    """What both auditors say of ``count`` mutations."""
    found: Counter[str] = Counter()
    for _ in range(count):
        mutation: Mutation = mutated(content, draw)
        ours, theirs = verdicts(file, mutation.content)
        if ours is not None and theirs is not None:
            found[f"refused: {mutation.kind}"] += 1
        else:
            found[f"ACCEPTED: {mutation.what}"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("ledgers", nargs="*", type=Path)
    given = parser.parse_args()
    chosen = ledgers(given.ledgers)
    begun, total = time.process_time(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for place, (name, content) in enumerate(chosen.items()):
            count = given.count // len(chosen) + (place < given.count % len(chosen))
            found = play(content, count, random.Random(f"{given.seed}/{name}"), Path(folder) / "ledger.jsonl")
            print(f"{name}: {', '.join(f'{number} {what}' for what, number in sorted(found.items()))}")
            total += found
    print(f"all: {', '.join(f'{number} {what}' for what, number in sorted(total.items()))}")
    print(f"{time.process_time() - begun:.0f} s of CPU")
    if any(what.startswith("ACCEPTED") for what in total):
        sys.exit(1)


if __name__ == "__main__":
    main()
