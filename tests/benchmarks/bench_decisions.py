"""What PBFT's decisions cost in the virtual world: everything on, at 4 to 256 replicas.

Run ``python tests/benchmarks/bench_decisions.py [N ...]``. Bare replicas (the full protocol, without ledger and
contracts), modelled signatures, links of 250 ms give or take 50 ms, a plan of faults that lasts through the run, all
oracles, the event hash. Each size runs in a process of its own, so that its peak memory is its own. Printed for
comparison, asserted nowhere. "floor" is the same network under the same faults, hashed but with no oracle, of machines
that broadcast as often as a replica votes and ignore what they hear: no protocol could be faster than that.

The aims: 250,000 messages a CPU-second at every size; 8, 33, 130 and 525 ms a decision at 32, 64, 128 and 256 replicas;
200 MB; 2 CPU-seconds for a crashed primary and its view change at 128.
"""

# ruff: noqa: E402, T201 (it imports the program it lies in, and a benchmark prints)
from __future__ import annotations

import multiprocessing
import resource
import sys
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from consensus.pbft.messages import CommitVote
from consensus.protocols import protocol
from consensus.vocabulary import MILLISECOND, SECOND, Broadcast, Effects, NodeId, SetTimer
from network.virtual import Crash, Duplicate, Fault, Link, Links, Loss, Normal, SlowDisk, World, collect_seldom
from network.virtual.bare import BareClient
from scenarios.experiments.phases import replicas

SIZES = (4, 16, 32, 64, 128, 256)
AIMS_MS = {32: 8, 64: 33, 128: 130, 256: 525}
PACE_NS = SECOND
"""One request each: the primary has proposed it when the next one comes, so each is decided alone."""
_HASH, _SIGNATURE = bytes(32), bytes(64)
LATENCY = Normal(mean_ns=250 * MILLISECOND, sd_ns=50 * MILLISECOND)


def disturbances(nodes: int) -> tuple[Fault, ...]:
    """Messages are lost and doubled, a disk is slow, and a backup is down for a while."""
    return (
        Loss(at_ns=0, ppm=1_000),
        Duplicate(at_ns=0, ppm=1_000),
        SlowDisk(at_ns=0, node=1, extra_ns=20 * MILLISECOND),
        Crash(at_ns=2 * PACE_NS, for_ns=PACE_NS, node=nodes - 1),
    )


def build(nodes: int, requests: int, faults: tuple[Fault, ...]) -> World:
    """A world at time 0 whose tables and machines are built."""
    client = BareClient(nodes, protocol("pbft").replies(nodes), requests, PACE_NS)
    collect_seldom()  # as the programs do that play worlds
    world = replicas(nodes, LATENCY, client, seed=1, faults=faults)
    world.run(until_ns=0)
    return world


def finished(world: World) -> bool:
    """Is every request answered?"""
    client = world.machine(world.clients)  # type: ignore[arg-type] # these worlds have one
    return isinstance(client, BareClient) and client.finished


def finish(world: World) -> float:
    """Let every request be answered; the CPU-seconds that it took."""
    begun = process_time()
    while not finished(world):
        world.run(until_ns=world.now + SECOND // 10)
    return process_time() - begun


def decisions(nodes: int) -> dict[str, float]:
    """The cost of deciding under :func:`disturbances`."""
    requests = max(4, min(400, 1_200_000 // (2 * nodes * nodes)))
    world = build(nodes, requests, disturbances(nodes))
    spent = finish(world)
    return {
        "requests": requests,
        "ms": spent * 1000 / requests,
        "rate": world.counts["delivered"] / spent,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


class Idler:
    """Broadcasts two votes for every request, and does nothing with what it hears."""

    def __init__(self, me: NodeId) -> None:
        self.me = me
        self.said = 0

    def start(self, now: int) -> Effects:  # noqa: ARG002
        return [SetTimer("vote", PACE_NS // 2)]

    def receive(self, now: int, sender: NodeId, message: CommitVote) -> Effects:  # noqa: ARG002
        return []

    def timer(self, now: int, name: str) -> Effects:  # noqa: ARG002
        self.said += 1
        return [Broadcast(CommitVote(0, self.said, _HASH, self.me, _SIGNATURE)), SetTimer("vote", PACE_NS // 2)]


def floor(nodes: int) -> dict[str, float]:
    """Messages a CPU-second where nobody does anything with them."""
    world = World(
        factory=lambda actor, _image, _incarnation: Idler(actor),
        nodes=nodes,
        voters=range(nodes),
        links=Links(Link(latency=LATENCY)),
        faults=disturbances(nodes),
        seed=1,
    )
    world.run(until_ns=0)
    begun = process_time()
    world.run(until_ns=max(2, 300_000 // (2 * nodes * nodes)) * PACE_NS)
    return {"rate": world.counts["delivered"] / (process_time() - begun)}


def crashed_primary(nodes: int) -> dict[str, float]:
    """CPU-seconds from a primary's crash with a request under way to the answer, in the next view."""
    world = build(nodes, 1, (Crash(at_ns=PACE_NS + 300 * MILLISECOND, node=0),))
    world.run(until_ns=PACE_NS + 300 * MILLISECOND)
    return {"s": finish(world), "virtual_s": world.now / SECOND}


def alone(function: Any, nodes: int) -> dict[str, float]:
    """``function(nodes)`` in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result: dict[str, float] = pool.apply(function, (nodes,))
    return result


def main(sizes: tuple[int, ...]) -> None:
    print(f"{'nodes':>5} {'decisions':>9} {'ms each':>9} {'aim':>6} {'messages/s':>11} {'floor':>9} {'peak MB':>8}")
    for nodes in sizes:
        row, least = alone(decisions, nodes), alone(floor, nodes)
        aim = AIMS_MS.get(nodes, "")
        print(
            f"{nodes:>5} {row['requests']:>9.0f} {row['ms']:>9.2f} {aim:>6} {row['rate']:>11,.0f} "
            f"{least['rate']:>9,.0f} {row['mb']:>8.0f}",
            flush=True,
        )
    row = alone(crashed_primary, 128)
    print(f"a crashed primary and its view change, 128 nodes: {row['s']:.2f} CPU-s (aim 2)")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
