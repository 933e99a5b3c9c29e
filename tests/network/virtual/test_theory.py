"""What theory says of PBFT's normal case, measured in the virtual world.

The paper's figure 1: three message delays from the primary's PRE-PREPARE to a replica's decision, one more to the
client's f + 1 replies. Under random delays a replica waits for order statistics of them, recomputed without a core
and without the world.
"""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest

from consensus.pbft.messages import CommitVote, Prepare, PrePrepare
from consensus.vocabulary import MILLISECOND
from network.virtual import Constant, Normal
from scenarios.experiments.phases import three_phases, watched

DELAY_NS = 40 * MILLISECOND
MEAN_MS, SD_MS = 250, 50


@pytest.mark.parametrize("nodes", [4, 5, 6, 7, 16, 22])
def test_decisions_take_three_delays_the_client_knows_after_five_and_a_batch_costs_what_the_paper_says(nodes) -> None:
    _, seen = watched(nodes, 3, Constant(ns=DELAY_NS))
    assert len(seen.waits_ns) == 3 * nodes
    assert set(seen.waits_ns) == {3 * DELAY_NS}, "from the primary's proposal, made when it has the request"
    assert seen.replies_ns == [5 * DELAY_NS] * 3, "from the client's request: four delays after the primary has it"
    arrived = {kind: count / 3 for kind, count in seen.arrived.items()}
    assert arrived[PrePrepare] == nodes - 1
    assert arrived[Prepare] == (nodes - 1) ** 2
    assert arrived[CommitVote] == nodes * (nodes - 1)


@pytest.mark.parametrize(
    ("nodes", "expected_ms", "requests"), [(4, 720, 300), (7, 763, 150), (16, 787, 40), (64, 799, 4)]
)
def test_under_random_delays_replicas_decide_when_order_statistics_say(nodes, expected_ms, requests) -> None:
    recomputed_ms = three_phases(nodes, MEAN_MS, SD_MS, 6000 // nodes, Random(nodes))
    latency = Normal(mean_ns=MEAN_MS * MILLISECOND, sd_ns=SD_MS * MILLISECOND)
    _, seen = watched(nodes, requests, latency)
    measured_ms = fmean(seen.waits_ns) / MILLISECOND
    assert abs(recomputed_ms - expected_ms) <= expected_ms / 100
    assert abs(measured_ms - expected_ms) <= expected_ms / 100
    assert abs(measured_ms - recomputed_ms) <= expected_ms / 100
