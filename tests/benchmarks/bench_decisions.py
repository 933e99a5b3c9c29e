"""What PBFT's decisions cost in the virtual world: everything on, at 4 to 256 replicas.

Run ``python tests/benchmarks/bench_decisions.py [N ...]``. Bare replicas (the full protocol, without ledger and
contracts), modelled signatures, links of 250 ms give or take 50 ms, a plan of faults that lasts through the run, all
oracles, the event hash. Each size runs in a process of its own, so that its peak memory is its own. Printed for
comparison, asserted nowhere. The aims: 250,000 messages a CPU-second at every size; 8, 33, 130 and 525 ms a decision
at 32, 64, 128 and 256 replicas; 200 MB; 2 CPU-seconds for a crashed primary and its view change at 128.
"""

# ruff: noqa: T201 (a benchmark prints)
from __future__ import annotations

import multiprocessing
import resource
import sys
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import consensus.pbft  # noqa: F401  (registers itself)
from consensus.properties import standard_oracles
from consensus.protocols import protocol
from consensus.vocabulary import MILLISECOND, SECOND, Image, NodeId
from network.virtual import Crash, Duplicate, Fault, Link, Links, Loss, Normal, SlowDisk, World
from network.virtual.bare import GENESIS, BareClient, BareNode, BareSetup
from network.virtual.crypto import ModelCrypto, Notary
from network.virtual.draws import Stream
from network.virtual.machine import Machine

SIZES = (4, 16, 32, 64, 128, 256)
AIMS_MS = {32: 8, 64: 33, 128: 130, 256: 525}
PACE_NS = SECOND
"""One request each, decided alone: the primary has proposed it when the next one comes."""
OPTIONS = {"view_change_timeout_ns": 10 * SECOND, "resend_interval_ns": 2 * SECOND, "window": 4}


def build(nodes: int, requests: int, faults: tuple[Fault, ...]) -> World:
    """A world of ``nodes`` replicas and a client with so many requests."""
    entry = protocol("pbft")
    notary = Notary(1, nodes)
    voters = tuple(range(nodes))

    def machine(actor: NodeId, image: Image, incarnation: int) -> Machine:
        if actor == nodes:
            return BareClient(nodes, entry.replies(nodes), requests, PACE_NS)
        return BareNode(
            BareSetup(
                me=actor,
                nodes=nodes,
                voters=voters,
                protocol=entry,
                options=OPTIONS,
                crypto=ModelCrypto(notary, actor),
                random=Stream(f"node/{actor}/{incarnation}").bits64,
                image=image,
                position_ns=4 * SECOND,
            )
        )

    return World(
        factory=machine,
        nodes=nodes,
        voters=voters,
        clients_actor=nodes,
        links=Links(Link(latency=Normal(mean_ns=250 * MILLISECOND, sd_ns=50 * MILLISECOND))),
        seed=1,
        faults=faults,
        observers=standard_oracles(
            protocol="pbft",
            voters=voters,
            quorum=entry.quorum(nodes),
            genesis=GENESIS.hash,
            verify=notary.verify,
        ),
    )


def decisions(nodes: int) -> dict[str, float]:
    """The cost of deciding while messages are lost and doubled, a disk is slow and a backup is down for a while."""
    requests = max(4, min(400, 1_200_000 // (2 * nodes * nodes)))
    faults = (
        Loss(at_ns=0, ppm=1_000),
        Duplicate(at_ns=0, ppm=1_000),
        SlowDisk(at_ns=0, node=1, extra_ns=20 * MILLISECOND),
        Crash(at_ns=2 * PACE_NS, for_ns=PACE_NS, node=nodes - 1),
    )
    world = build(nodes, requests, faults)
    world.run(until_ns=0)  # tables and machines are built
    begun = process_time()
    world.run(until=lambda w: w.machine(nodes).finished)  # type: ignore[union-attr]
    spent = process_time() - begun
    return {
        "requests": requests,
        "ms": spent * 1000 / requests,
        "rate": world.counts["delivered"] / spent,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def crashed_primary(nodes: int) -> dict[str, float]:
    """CPU-seconds from a primary's crash with a request under way to the answer, in the next view."""
    world = build(nodes, 1, (Crash(at_ns=PACE_NS + 300 * MILLISECOND, node=0),))
    world.run(until_ns=PACE_NS + 300 * MILLISECOND)
    begun = process_time()
    world.run(until=lambda w: w.machine(nodes).finished)  # type: ignore[union-attr]
    return {"s": process_time() - begun, "virtual_s": world.now / SECOND}


def alone(function: Any, nodes: int) -> dict[str, float]:
    """``function(nodes)`` in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result: dict[str, float] = pool.apply(function, (nodes,))
    return result


def main(sizes: tuple[int, ...]) -> None:
    print(f"{'nodes':>5} {'decisions':>9} {'ms each':>9} {'aim':>6} {'messages/s':>11} {'peak MB':>8}")
    for nodes in sizes:
        row = alone(decisions, nodes)
        aim = AIMS_MS.get(nodes, "")
        print(
            f"{nodes:>5} {row['requests']:>9.0f} {row['ms']:>9.2f} {aim:>6} {row['rate']:>11,.0f} {row['mb']:>8.0f}",
            flush=True,
        )
    row = alone(crashed_primary, 128)
    print(f"a crashed primary and its view change, 128 nodes: {row['s']:.2f} CPU-s (aim 2)")


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
