"""Lying oracles 预言机说谎, as whoever settles by them sees it: a reading far from what the others agree on.

The contract (:mod:`node.contracts.oracle`) settles by the readings that agree, more than half of those asked; how far
honest ones may lie apart is the question's own tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.oracle import CloseArgs, Question, ReadArgs
from scenarios.runner.misbehaviour.watching import Alarm, Watched


def misread(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:  # noqa: ARG001 - the question has a tolerance
    """Readings beyond the tolerance from the settled value."""
    settled: dict[str, int] = {}
    for one in ledger.seen:
        if one.ok and one.output.get("state") == "SETTLED":
            if one.is_call("oracle", "read"):
                settled[one.arguments(ReadArgs).question] = one.time_ms
            elif one.is_call("oracle", "close"):
                settled[one.arguments(CloseArgs).question] = one.time_ms
    for one in ledger.seen:
        if not (one.ok and one.is_call("oracle", "read")):
            continue
        reading = one.arguments(ReadArgs)
        question: Question | None = ledger.tree.get(Question.namespace, reading.question)
        if question is None or question.value is None:
            continue
        off = abs(reading.value - question.value)
        if off > question.tolerance:
            at_ms = max(one.time_ms, settled.get(reading.question, 0))
            yield Alarm(subject=one.object_id, at_ms=at_ms, why=f"{off} away from what was settled")
