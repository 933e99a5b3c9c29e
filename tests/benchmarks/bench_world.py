"""How many messages a CPU-second the virtual world delivers, to machines that only count them.

Run ``python tests/benchmarks/bench_world.py``. Printed for comparison, asserted nowhere. So these are floors: the same
machines under the faults of ``bench_decisions.py`` stand there beside what deciding costs.
"""

# ruff: noqa: ARG002, T201 (a toy machine ignores most inputs, and a benchmark prints)
from __future__ import annotations

import sys
from pathlib import Path
from time import process_time

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from consensus.vocabulary import MILLISECOND, Broadcast, Effects, Persist, Put, SetTimer
from network.virtual import Constant, Link, Links, Loss, Uniform, World

DELIVERIES = 300_000


class Ping(msgspec.Struct, frozen=True, array_like=True, tag="bench.ping"):
    number: int


class Counter:
    """Broadcasts every 10 ms and counts what it hears."""

    def __init__(self, durable: bool) -> None:
        self.durable = durable
        self.sent = 0
        self.heard = 0

    def start(self, now: int) -> Effects:
        return [SetTimer("speak", 10 * MILLISECOND)]

    def receive(self, now: int, sender: int, message: Ping) -> Effects:
        self.heard += 1
        return []

    def timer(self, now: int, name: str) -> Effects:
        self.sent += 1
        persist = [Persist((Put("sent", 0, self.sent),))] if self.durable else []
        return [*persist, Broadcast(Ping(self.sent)), SetTimer("speak", 10 * MILLISECOND)]


def rate(nodes: int, *, hashing: bool, durable: bool, loss: bool) -> float:
    world = World(
        factory=lambda _actor, _image, _incarnation: Counter(durable),
        nodes=nodes,
        voters=range(nodes),
        links=Links(Link(latency=Uniform(low_ns=MILLISECOND, high_ns=5 * MILLISECOND))),
        sync=Constant(ns=MILLISECOND if durable else 0),
        faults=[Loss(at_ns=0, ppm=10_000)] if loss else [],
        seed=1,
        hashing=hashing,
    )
    rounds = max(1, DELIVERIES // (nodes * (nodes - 1)))
    world.run(until_ns=0)  # tables and machines are built
    begun = process_time()
    world.run(until_ns=rounds * 10 * MILLISECOND)
    return world.counts["delivered"] / (process_time() - begun)


def main() -> None:
    print(f"{'nodes':>5} {'counting':>10} {'hashed':>10} {'persisted':>10} {'1 % lost':>10}   messages per CPU-second")
    for nodes in (4, 7, 22, 64, 256):
        rates = [
            rate(nodes, hashing=False, durable=False, loss=False),
            rate(nodes, hashing=True, durable=False, loss=False),
            rate(nodes, hashing=True, durable=True, loss=False),
            rate(nodes, hashing=True, durable=False, loss=True),
        ]
        print(f"{nodes:>5} " + " ".join(f"{value:>10,.0f}" for value in rates))


if __name__ == "__main__":
    main()
