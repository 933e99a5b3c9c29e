"""Each claim that was paid on two clocks: how long on the chain, and how long it would have taken on paper (row 38).

The chain's arm is the drawn stage times and the measured commit latencies, one to one; the paper arm is drawn from the
same seed. Both are measures of the run, ``arms.chain`` and ``arms.paper``, in nanoseconds of business time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from consensus.vocabulary import SECOND
from scenarios.language.schema import Scenario
from scenarios.results import Expectation, Metrics
from scenarios.runner.arms import paper_ns, paper_quantiles
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.story import drawn_ns

MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

CHAIN_ARM_MAX_NS = 8 * MINUTE
"""What the source measured from discharge to the audit's end 仅耗时8分钟."""

PAPER_ARM_NS = (7 * DAY, 15 * DAY)
"""What the source says of the time before 7天至15天."""


class TwoClocks(msgspec.Struct, frozen=True, kw_only=True):
    """One paid claim. ``path`` are its steps from the notice to the payment; ``latency_ns`` is their commits' part."""

    case: str
    path: tuple[Acknowledged, ...]
    chain_ns: int
    latency_ns: int
    paper_ns: int


def on_two_clocks(scenario: Scenario, seed: int, acknowledged: Iterable[Acknowledged]) -> Iterator[TwoClocks]:
    """Every claim that was paid, in order of name; none where the scenario has no paper arm."""
    if not scenario.arms.paper:
        return
    cases: dict[str, list[Acknowledged]] = {}
    for item in sorted(acknowledged, key=lambda item: item.position):
        cases.setdefault(item.step.case, []).append(item)
    for case, steps in sorted(cases.items()):
        if {"notice", "paid"} <= {item.step.stage for item in steps}:
            yield _timed(scenario, seed, case, steps)


def measure_two_clocks(metrics: Metrics, claims: Iterable[TwoClocks]) -> None:
    """Both arms of each claim, as of its payment."""
    for claim in claims:
        paid_ns = claim.path[-1].returned_ns
        metrics.sample("arms.chain", paid_ns, claim.chain_ns)
        metrics.sample("arms.paper", paid_ns, claim.paper_ns)


def two_clocks(scenario: Scenario, seed: int, acknowledged: Sequence[Acknowledged]) -> list[Expectation]:
    """Is each paid claim as quick on the chain, and as slow on paper, as the sources say?"""
    return [_judged(scenario, seed, claim) for claim in on_two_clocks(scenario, seed, acknowledged)]


def _timed(scenario: Scenario, seed: int, case: str, steps: Sequence[Acknowledged]) -> TwoClocks:
    stages = [item.step.stage for item in steps]
    path = steps[stages.index("notice") : stages.index("paid") + 1]
    scale = scenario.run.clock.scale
    stages_ns = (path[-1].step.at_ns - path[0].step.at_ns) * scale.business_ns // scale.run_ns
    notice = next(step for step in scenario.story if step.id == path[0].step.id)
    stages_ns += drawn_ns(scenario, notice, seed)  # from the discharge to its report
    latency_ns = sum(item.returned_ns - item.called_ns for item in path)
    return TwoClocks(
        case=case,
        path=tuple(path),
        chain_ns=stages_ns + latency_ns,
        latency_ns=latency_ns,
        paper_ns=paper_ns(scenario, seed, case),
    )


def _judged(scenario: Scenario, seed: int, claim: TwoClocks) -> Expectation:
    chain_ns, many = claim.chain_ns, paper_quantiles(scenario, seed)
    holds = chain_ns <= CHAIN_ARM_MAX_NS and PAPER_ARM_NS[0] <= many.p5_ns and many.p95_ns <= PAPER_ARM_NS[1]
    patients = {client.name for client in scenario.client_names if client.role == "patient"}
    visible = 1 + sum(item.step.client in patients for item in claim.path)  # what they do themselves, and the money
    detail = (
        f"{claim.case}: {visible} links of {len(scenario.arms.paper)} that the patient notices; "
        f"on the chain {chain_ns // MINUTE} min {chain_ns % MINUTE // SECOND} s, "
        f"of it {claim.latency_ns / SECOND:.1f} s of commits as measured; "
        f"on paper {claim.paper_ns / DAY:.1f} days (p5-p95 {many.p5_ns / DAY:.1f}-{many.p95_ns / DAY:.1f})"
    )
    return Expectation("two_clocks", "pass" if holds else "fail", detail)
