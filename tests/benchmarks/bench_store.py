"""What a durable append costs, beside the floor: ``python tests/benchmarks/bench_store.py [FOLDER]``.

An append is what a block of 50 KB brings: the block, its certificate, and 3 small records. The floor is a file to
which the same bytes are written, with fdatasync after each append.
"""
# ruff: noqa: T201 - a benchmark prints

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from consensus.vocabulary import Put, Record
from node.ledger.store import SqliteStore

APPENDS = 400
BLOCK = os.urandom(50_000)


class Raw:
    """Values are bytes already."""

    def encode(self, value: Any) -> bytes:
        return bytes(value)

    def decode(self, space: str, raw: bytes) -> bytes:
        del space
        return raw


def records(height: int) -> list[Record]:
    small: list[Record] = [Put("votes", f"{height}/{i}", b"v" * 100) for i in range(3)]
    return [Put("blocks", height, BLOCK), Put("certificates", height, b"c" * 400), *small]


def measure(name: str, append: Callable[[int], None]) -> None:
    times = []
    for height in range(APPENDS):
        begun = time.perf_counter()
        append(height)
        times.append(time.perf_counter() - begun)
    times.sort()
    print(
        f"{name:22} {APPENDS / sum(times):7.0f} appends/s   "
        f"p50 {times[APPENDS // 2] * 1e3:6.2f} ms   p99 {times[APPENDS * 99 // 100] * 1e3:6.2f} ms"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        store = SqliteStore(Path(folder) / "node.db", Raw())
        measure("SQLite, WAL, FULL", lambda height: store.append(records(height)))
        begun = time.perf_counter()
        image = store.load()
        print(f"load                   {len(image['blocks'])} blocks in {time.perf_counter() - begun:.2f} s")
        for name in ("node.db", "node.db-wal"):  # as a kill leaves them
            shutil.copy(Path(folder) / name, Path(folder) / f"killed-{name}")
        store.close()
        size = (Path(folder) / "killed-node.db-wal").stat().st_size
        begun = time.process_time()
        SqliteStore(Path(folder) / "killed-node.db", Raw()).close()
        print(f"open after a kill      {time.process_time() - begun:.2f} CPU-s, with a log of {size / 1e6:.1f} MB")
        with (Path(folder) / "segment").open("wb", buffering=0) as segment:

            def write(_height: int) -> None:
                segment.write(BLOCK + b"x" * 700)
                os.fdatasync(segment.fileno())

            measure("segment, fdatasync", write)


if __name__ == "__main__":
    main()
