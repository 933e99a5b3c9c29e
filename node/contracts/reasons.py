"""Reason codes 核保理由: why an application was accepted, loaded, answered by a counter-offer or declined (rows 5, 6).

The list is closed. Who could not be accepted as applied for is told which step of the score cost most, or that the
second threshold was missed. A reason lies on the chain, where history must not show; so it follows from the score
alone: a step is named only where it cost most of whoever could have that score, and beyond the score it tells nothing.
"""

from __future__ import annotations

from node.contracts.products import AGE_MAX, AGE_MIN, HISTORY_MAX, Scoring

MEETS = "meets_threshold"
MEETS_SECOND = "meets_second_threshold"
BELOW_SECOND = "below_second_threshold"
AGE = "age_costs_most"
HISTORY = "history_costs_most"
EITHER = "age_or_history_costs_most"

REASONS = (MEETS, AGE, HISTORY, EITHER, MEETS_SECOND, BELOW_SECOND)
"""Every code there is."""


def decide(scoring: Scoring, points: int, attempt: int) -> str:
    """The decision for a score: "accept", "load", "counter" at the first attempt; "accept" or "decline" later."""
    if attempt > 1:
        return "accept" if points >= scoring.counter_from else "decline"
    if points >= scoring.accept_from:
        return "accept"
    return "load" if points >= scoring.load_from else "counter"


def reason_of(scoring: Scoring, points: int, attempt: int) -> str:
    """The code that goes with the decision for a score; where both steps cost alike, that counts as age."""
    decision = decide(scoring, points, attempt)
    if attempt > 1:
        return MEETS_SECOND if decision == "accept" else BELOW_SECOND
    if decision == "accept":
        return MEETS
    costliest = {_costs_most(scoring, *applicant) for applicant in applicants_with(scoring, points)}
    return costliest.pop() if len(costliest) == 1 else EITHER


def applicants_with(scoring: Scoring, points: int) -> tuple[tuple[int, int], ...]:
    """Every (age, history) on the scale that scores ``points``: what the score alone says; none, if nobody does."""
    found: list[tuple[int, int]] = []
    for history in range(HISTORY_MAX + 1):
        years, rest = divmod(scoring.base - points - scoring.history_step * history, scoring.age_step)
        if not rest and 0 <= years <= AGE_MAX - AGE_MIN:
            found.append((AGE_MIN + years, history))
    return tuple(found)


def _costs_most(scoring: Scoring, age: int, history: int) -> str:
    return HISTORY if scoring.history_step * history > scoring.age_step * (age - AGE_MIN) else AGE
