"""Reason codes 核保理由: why an application was accepted, loaded, answered by a counter-offer or declined (rows 5, 6).

The list is closed. Who could not be accepted as applied for is told which step of the score cost most, or that the
second threshold was missed. The bureau, which alone knows age and history, says which; the contract lets it say only
what some applicant with that score could be told, and opened commitments show whether it was this one.
"""

from __future__ import annotations

from node.contracts.products import AGE_MAX, AGE_MIN, HISTORY_MAX, Scoring

MEETS = "meets_threshold"
MEETS_SECOND = "meets_second_threshold"
BELOW_SECOND = "below_second_threshold"
AGE = "age_costs_most"
HISTORY = "history_costs_most"

REASONS = (MEETS, AGE, HISTORY, MEETS_SECOND, BELOW_SECOND)
"""Every code there is."""


def decide(scoring: Scoring, points: int, attempt: int) -> str:
    """The decision for a score: "accept", "load", "counter" at the first attempt; "accept" or "decline" later."""
    if attempt > 1:
        return "accept" if points >= scoring.counter_from else "decline"
    if points >= scoring.accept_from:
        return "accept"
    return "load" if points >= scoring.load_from else "counter"


def reason_of(scoring: Scoring, decision: str, attempt: int, age: int, history: int) -> str:
    """The code that goes with ``decision`` for this applicant; where both steps cost alike, age is told."""
    if attempt > 1:
        return MEETS_SECOND if decision == "accept" else BELOW_SECOND
    if decision == "accept":
        return MEETS
    return HISTORY if scoring.history_step * history > scoring.age_step * (age - AGE_MIN) else AGE


def applicants_with(scoring: Scoring, points: int) -> tuple[tuple[int, int], ...]:
    """Every (age, history) on the scale that scores ``points``: what the score alone says; none, if nobody does."""
    found: list[tuple[int, int]] = []
    for history in range(HISTORY_MAX + 1):
        years, rest = divmod(scoring.base - points - scoring.history_step * history, scoring.age_step)
        if not rest and 0 <= years <= AGE_MAX - AGE_MIN:
            found.append((AGE_MIN + years, history))
    return tuple(found)


def possible_reasons(scoring: Scoring, points: int, attempt: int) -> tuple[str, ...]:
    """The codes that some applicant with that score gets, in the list's order; none where nobody scores so."""
    decision = decide(scoring, points, attempt)
    given = [reason_of(scoring, decision, attempt, *applicant) for applicant in applicants_with(scoring, points)]
    return tuple(reason for reason in REASONS if reason in given)
