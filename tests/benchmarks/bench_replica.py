"""How fast whole replicas are: all nodes in one thread, no disk. ``python tests/benchmarks/bench_replica.py``.

Transfers in batches of 64 go through mempool, consensus, contracts and ledger of every node. With *model* crypto nodes
sign for nothing, with *real* it is Ed25519. The *floor* is the verification of the clients' signatures alone, which is
done once for all nodes of a process: what no replica can save.
"""

# ruff: noqa: T201 (a benchmark prints)
from __future__ import annotations

import cProfile
import pstats
import sys
from collections import deque
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "node"))
sys.path.insert(0, str(Path(__file__).parents[2]))

from cores import Trusting
from lab import KEYS, MEMBERS, genesis, transfer

from consensus.raft.server import ELECTION
from consensus.vocabulary import SECOND, Broadcast, Send, SetTimer
from node.assembly import Common
from node.membership import Ed25519Crypto
from node.options import ReplicaOptions

BATCH = 64
BATCHES = 32
REPEATS = 3
NETWORKS = (("solo", 1), ("raft", 3), ("pbft", 4))
OPTIONS = ReplicaOptions(block_transactions_max=BATCH)


class Network:
    """Replicas and the queue between them; time stands still but for Raft's first election."""

    def __init__(self, protocol: str, nodes: int, *, real: bool) -> None:
        self.common = Common(genesis(protocol, nodes))
        self.queue: deque[tuple[int, int, Any]] = deque()
        self.now = 0
        self.replicas = [
            self.common.replica(
                node,
                crypto=Ed25519Crypto(self.common.directory, KEYS.sign(MEMBERS[node]), self.common.verifier)
                if real
                else Trusting(),
                vault=lambda _: {},
                image={},
                random=lambda: 0,
                options=OPTIONS,
            )
            for node in range(nodes)
        ]
        elects = False
        for node, replica in enumerate(self.replicas):
            effects = replica.start(self.now)
            elects |= any(isinstance(effect, SetTimer) and effect.name == ELECTION for effect in effects)
            self.take(node, effects)
        self.run()
        if elects:
            self.now = 60 * SECOND
            self.take(0, self.replicas[0].timer(self.now, ELECTION))
            self.run()

    def take(self, me: int, effects: list[Any]) -> None:
        """Put what is sent under way; a batch that is all decided leaves nothing."""
        for effect in effects:
            if isinstance(effect, Send):
                self.queue.append((me, effect.to, effect.message))
            elif isinstance(effect, Broadcast):
                self.queue.extend((me, to, effect.message) for to in range(len(self.replicas)) if to != me)

    def run(self) -> None:
        """Deliver until nothing is under way."""
        while self.queue:
            sender, to, message = self.queue.popleft()
            self.take(to, self.replicas[to].receive(self.now, sender, message))

    def submit(self, raws: tuple[bytes, ...]) -> None:
        """A client asks whoever leads."""
        leader = self.replicas[0].status().leader or 0
        self.take(leader, self.replicas[leader].submit(self.now, raws))


def run_once(protocol: str, nodes: int, batches: list[tuple[bytes, ...]], *, real: bool) -> float:
    """CPU seconds for all of it."""
    network = Network(protocol, nodes, real=real)
    began = process_time()
    for raws in batches:
        network.submit(raws)
        network.run()
    took = process_time() - began
    executed = {replica.chain.executed("ann", BATCH * len(batches)) for replica in network.replicas}
    assert executed == {True}, "some transactions were not decided"
    return took


def floor(batches: list[tuple[bytes, ...]]) -> float:
    """CPU seconds to verify each client's signature, once."""
    common = Common(genesis())
    began = process_time()
    for raws in batches:
        for raw in raws:
            common.admission.require_signed(raw, common.admission.read(raw))
    return process_time() - began


def main() -> None:
    """Print one line a network; with ``--profile PROTOCOL`` where its time goes."""
    batches = [tuple(transfer(BATCH * i + n + 1) for n in range(BATCH)) for i in range(BATCHES)]
    count = BATCH * BATCHES
    if sys.argv[1:2] == ["--profile"]:
        profile = cProfile.Profile()
        profile.runcall(run_once, sys.argv[2], dict(NETWORKS)[sys.argv[2]], batches, real=False)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    print(f"{'':12}{count} transfers, {BATCH} a block; floor {count / floor(batches):8,.0f}/CPU-s (signatures alone)")
    for protocol, nodes in NETWORKS:
        for kind in ("model", "real"):
            took = median(run_once(protocol, nodes, batches, real=kind == "real") for _ in range(REPEATS))
            print(f"{protocol:6}{nodes} {kind:7}{count / took:8,.0f} transactions/CPU-s")


if __name__ == "__main__":
    main()
