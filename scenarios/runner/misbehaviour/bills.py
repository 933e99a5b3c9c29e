"""Bills that hospital and patient agree to raise 医患合谋: which of a market's claims they are, and to how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from node.contracts.fields import MILLION
from scenarios.language.models.misbehaviour import ColludingHospital
from scenarios.language.schema import Scenario
from scenarios.runner.misbehaviour.telling import Lie, is_drawn
from scenarios.runner.workload import Step

FILED = "filed"
"""The stage of a flow of claims at which a bill is handed in."""


def billed_fen(scenario: Scenario, seed: int, hospital: str, case: str, amount_fen: int) -> int:
    """What ``hospital`` bills in that case for a treatment of ``amount_fen``."""
    collusion = _collusion(scenario, seed, hospital, case)
    return amount_fen if collusion is None else amount_fen * collusion.factor // MILLION


def raised_bills(scenario: Scenario, seed: int, steps: Iterable[Step]) -> Iterator[Lie]:
    """The bills among ``steps`` that are raised."""
    if not any(isinstance(lie, ColludingHospital) for lie in scenario.misbehaviour):
        return
    for step in steps:
        if step.stage == FILED and _collusion(scenario, seed, step.client, step.case) is not None:
            at_ms = scenario.run.clock.business_ms(step.at_ns)
            yield Lie(kind="colluding-hospital", by=step.client, step=step.id, subject=step.id, at_ms=at_ms)


def _collusion(scenario: Scenario, seed: int, hospital: str, case: str) -> ColludingHospital | None:
    for lie in scenario.misbehaviour:
        if isinstance(lie, ColludingHospital) and lie.by == hospital and is_drawn(seed, lie.kind, case, lie.share):
            return lie
    return None
