"""What theory says of PBFT's normal case, measured in the virtual world.

The paper's figure 1: three message delays from the primary's PRE-PREPARE to a replica's decision, one more to the
client's f + 1 replies. Under random delays a replica waits for order statistics of them, which :func:`three_phases`
recomputes without a core and without the world.
"""

# ruff: noqa: ARG002 (an observer ignores most of what it is told)
from __future__ import annotations

from collections import Counter
from random import Random
from statistics import fmean

import pytest

from consensus.pbft.messages import CommitVote, Prepare, PrePrepare
from consensus.properties import Observer
from consensus.quorum import byzantine_quorum
from consensus.vocabulary import MILLISECOND, SECOND
from network.virtual import Constant, Normal
from tests.network.virtual.deciding import deciding, finished

DELAY_NS = 40 * MILLISECOND
MEAN_MS, SD_MS = 250, 50


class Phases(Observer):
    """When the primary proposed each height, when each replica decided it, and what arrived."""

    def __init__(self) -> None:
        self.proposed: dict[int, int] = {}
        self.decided: dict[int, list[int]] = {}
        self.arrived: Counter[type] = Counter()

    def on_leave(self, now, node, incarnation, effect, durable):
        if type(effect.message) is PrePrepare:
            self.proposed.setdefault(effect.message.block.height, now)

    def on_commit(self, now, node, incarnation, commit):
        self.decided.setdefault(commit.height, []).append(now)

    def on_receive(self, now, node, incarnation, sender, message):
        self.arrived[type(message)] += 1

    @property
    def waits_ns(self) -> list[int]:
        """From the proposal to each decision."""
        return [now - self.proposed[height] for height, times in self.decided.items() for now in times]


def watched(nodes: int, requests: int, latency, pace_ns: int = SECOND, seed: int = 1):
    phases = Phases()
    world = deciding(nodes=nodes, requests=requests, latency=latency, observers=[phases], pace_ns=pace_ns, seed=seed)
    while not finished(world) or len(phases.waits_ns) < nodes * requests:
        world.run(until_ns=world.now + SECOND)
    return world, phases


@pytest.mark.parametrize("nodes", [4, 5, 6, 7, 16])
def test_replicas_decide_three_delays_after_the_primary_has_the_request_and_the_client_knows_after_four(nodes) -> None:
    world, phases = watched(nodes, 3, Constant(ns=DELAY_NS))
    assert set(phases.waits_ns) == {3 * DELAY_NS}
    client = world.machine(nodes)
    assert [client.acknowledged[n][1] - asked for n, asked in client.asked.items()] == [5 * DELAY_NS] * 3


@pytest.mark.parametrize("nodes", [4, 5, 7, 16, 22])
def test_a_batch_costs_as_many_messages_as_the_paper_says(nodes) -> None:
    _, phases = watched(nodes, 3, Constant(ns=DELAY_NS))
    arrived = {kind: count / 3 for kind, count in phases.arrived.items()}
    assert arrived[PrePrepare] == nodes - 1
    assert arrived[Prepare] == (nodes - 1) ** 2
    assert arrived[CommitVote] == nodes * (nodes - 1)


def three_phases(nodes: int, trials: int, random: Random) -> float:
    """The mean time to a replica's decision in milliseconds: order statistics of normal delays, drawn afresh."""
    quorum = byzantine_quorum(nodes)

    def delay(source: int, target: int) -> float:
        return 0 if source == target else max(0, random.gauss(MEAN_MS, SD_MS))

    decided = []
    for _ in range(trials):
        accepted = [delay(0, replica) for replica in range(nodes)]
        prepared = []
        for replica in range(nodes):
            prepares = sorted(accepted[other] + delay(other, replica) for other in range(1, nodes))
            prepared.append(max(accepted[replica], prepares[quorum - 2]))
        for replica in range(nodes):
            commits = sorted(prepared[other] + delay(other, replica) for other in range(nodes))
            decided.append(max(accepted[replica], commits[quorum - 1]))
    return fmean(decided)


@pytest.mark.parametrize(
    ("nodes", "expected_ms", "requests"), [(4, 720, 300), (7, 763, 120), (16, 787, 40), (64, 799, 4)]
)
def test_under_random_delays_replicas_decide_when_order_statistics_say(nodes, expected_ms, requests) -> None:
    recomputed_ms = three_phases(nodes, 6000 // nodes, Random(nodes))
    latency = Normal(mean_ns=MEAN_MS * MILLISECOND, sd_ns=SD_MS * MILLISECOND)
    _, phases = watched(nodes, requests, latency, pace_ns=2 * SECOND)
    measured_ms = fmean(phases.waits_ns) / MILLISECOND
    assert abs(recomputed_ms - expected_ms) <= expected_ms / 100
    assert abs(measured_ms - expected_ms) <= expected_ms / 100
    assert abs(measured_ms - recomputed_ms) <= expected_ms / 100
