"""How fast a ledger is audited: ``python tests/benchmarks/bench_audit.py [BLOCKS]`` (500, of 20 transactions each).

The ledger is PBFT's with 6 voters, so each block has 4 commit signatures and each transaction one.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from pathlib import Path

from node.ledger import audit_ledger, export_ledger

BUILDER = Path(__file__).parents[1] / "node" / "ledger" / "conftest.py"


def main() -> None:
    spec = importlib.util.spec_from_file_location("builder", BUILDER)
    if spec is None or spec.loader is None:
        sys.exit("no builder")
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    ledger = builder.LedgerBuilder("pbft", voting=6)
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for _ in range(blocks):
        ledger.append(*(ledger.transaction("alice") for _ in range(20)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "node.jsonl"
        begun = time.perf_counter()
        export_ledger(file, ledger.chain)
        print(f"export {blocks / (time.perf_counter() - begun):8.0f} blocks/s, {file.stat().st_size // 1024} KiB")
        begun = time.process_time()
        audit = audit_ledger(file)
        spent = time.process_time() - begun
        print(f"audit  {blocks / spent:8.0f} blocks/s, {audit.transactions / spent:.0f} transactions/s of CPU")


if __name__ == "__main__":
    main()
