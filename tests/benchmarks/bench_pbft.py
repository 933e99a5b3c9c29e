"""How many transactions a CPU-second four PBFT cores order in one thread, without cryptography, network or disk.

Run ``python tests/benchmarks/bench_pbft.py``. Printed for comparison, asserted nowhere. The aims: 4,000 a second in
batches of 1, 60,000 in batches of 256.
"""

# ruff: noqa: ARG002, T201 (nothing is signed, and a benchmark prints)
from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from consensus.chain import FORMAT_VERSION, Block, Header
from consensus.pbft import PbftCore
from consensus.protocols import Application, Setup, Verdict
from consensus.vocabulary import Broadcast, Commit, Effects, Send

NODES = 4
SECONDS = 3.0
NOTHING = bytes(32)


class Unsigned:
    """Every signature is 64 zero bytes, and good."""

    def sign(self, data: bytes) -> bytes:
        return bytes(64)

    def verify(self, member: int, data: bytes, signature: bytes) -> bool:
        return True


class Agreeable(Application):
    def validate(self, block: Block) -> Verdict:
        return Verdict.ACCEPT


class Cluster:
    """Four cores and one queue; the primary proposes whenever it may."""

    def __init__(self) -> None:
        self.queue: deque[tuple[int, int, Any]] = deque()
        self.decided = 0
        self.cores = [self._core(node) for node in range(NODES)]

    def _core(self, node: int) -> PbftCore:
        return PbftCore(
            Setup(
                me=node,
                voters=tuple(range(NODES)),
                genesis=NOTHING,
                application=Agreeable(),
                crypto=Unsigned(),
                image={},
                random=lambda: 0,
            )
        )

    def carry_out(self, node: int, effects: Effects) -> None:
        for effect in effects:
            kind = type(effect)
            if kind is Broadcast:
                self.queue.extend((node, to, effect.message) for to in range(NODES) if to != node)
            elif kind is Send:
                self.queue.append((node, effect.to, effect.message))
            elif kind is Commit:
                self.decided += node == 0
                self.carry_out(node, self.cores[node].executed(0, effect.height))

    def propose(self, transactions: tuple[bytes, ...]) -> None:
        while (slot := self.cores[0].slot()) is not None:
            header = Header(
                version=FORMAT_VERSION,
                network="bench",
                height=slot.height,
                parent=slot.parent,
                round=slot.round,
                proposer=0,
                members=NOTHING,
                transactions=NOTHING,
                state_height=0,
                state=NOTHING,
            )
            self.carry_out(0, self.cores[0].propose(0, Block(header, transactions)))

    def drain(self) -> None:
        while self.queue:
            sender, to, message = self.queue.popleft()
            self.carry_out(to, self.cores[to].receive(0, sender, message))


def rate(batch: int) -> float:
    """Transactions decided per CPU-second."""
    cluster = Cluster()
    transactions = tuple(b"x" * 100 for _ in range(batch))
    start = process_time()
    while process_time() - start < SECONDS:
        cluster.propose(transactions)
        cluster.drain()
    return cluster.decided * batch / (process_time() - start)


if __name__ == "__main__":
    for size in (1, 64, 256):
        print(f"{NODES} PBFT cores, batch {size:>3}: {rate(size):>10,.0f} transactions per CPU-second")
