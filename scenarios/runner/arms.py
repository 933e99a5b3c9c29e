"""The two clocks of one claim: the chain's arm and the paper arm, stage by stage (row 38).

Stage times are declared assumptions, drawn from the run's seed. The chain's arm has the commit latency that was
measured on top, counted one to one; the paper arm is what the same claim would have waited for on desks and in post.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scenarios.language.models.world import Stage
from scenarios.language.schema import Scenario
from scenarios.runner.draws import keyed_draw, stage_ns


class Quantiles(msgspec.Struct, frozen=True):
    """Of many draws of a whole arm, in nanoseconds of business time."""

    p5_ns: int
    p50_ns: int
    p95_ns: int


def paper_ns(scenario: Scenario, seed: int, case: str) -> int:
    """How long the paper arm takes for the claim ``case``, all links one after the other."""
    return _sum_ns(scenario.arms.paper, seed, "paper", case)


def paper_quantiles(scenario: Scenario, seed: int, cases: int = 1_000) -> Quantiles:
    """Of ``cases`` claims on paper. The sources say 7 to 15 days."""
    return _quantiles(scenario.arms.paper, seed, "paper", cases)


def chain_quantiles(scenario: Scenario, seed: int, cases: int = 1_000) -> Quantiles:
    """Of the declared stages of ``cases`` claims on the chain, without commit latency. The source says 8 minutes."""
    return _quantiles(scenario.arms.chain, seed, "chain", cases)


def _quantiles(stages: Mapping[str, Stage], seed: int, arm: str, cases: int) -> Quantiles:
    times = sorted(_sum_ns(stages, seed, arm, str(case)) for case in range(cases))
    return Quantiles(
        p5_ns=times[cases * 5 // 100],
        p50_ns=times[cases // 2],
        p95_ns=times[min(cases - 1, cases * 95 // 100)],
    )


def _sum_ns(stages: Mapping[str, Stage], seed: int, arm: str, case: str) -> int:
    return sum(stage_ns(stage, keyed_draw(seed, arm, case, name)) for name, stage in stages.items())
