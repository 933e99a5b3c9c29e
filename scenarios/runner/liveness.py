"""Judges whether the network gets on after faults: how soon it decides again, and how soon everybody holds it all.

Both are judged from the decisions that nodes reported and from when faults began and ended. The *calm* begins when the
last fault ends; a fault that lasts to the end of the run (a node that stays down, a link that stays bad) counts from
its beginning, since nothing changes after that.
"""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.language.units import Span
from scenarios.results import Expectation
from scenarios.runner.faults import seconds
from scenarios.runner.record import RunRecord


def calm_ns(record: RunRecord) -> int:
    """When the last fault was over; 0 where none began."""
    return max((max(fault.now_ns, fault.until_ns or 0) for fault in record.faults), default=0)


def recovered(record: RunRecord, within_ns: int, *, steps: int) -> Expectation:
    """A block was decided within ``within_ns`` of the calm, unless all ``steps`` transactions were done before."""
    name = "recovers_within"
    if (unjudged := _nothing_to_judge(name, record)) is not None:
        return unjudged
    calm = calm_ns(record)
    later = [first for first in record.first_decided().values() if first > calm]
    if later and min(later) <= calm + within_ns:
        return Expectation(name, "pass", f"a block {seconds(min(later) - calm)} after the last fault")
    if sum(item.returned_ns <= calm for item in record.acknowledged) == steps:
        return Expectation(name, "pass", "nothing was left to decide")
    if record.ended_ns < calm + within_ns:
        return Expectation(name, "inconclusive", "the run ended too early to tell")
    took = f"the first one came after {seconds(min(later) - calm)}" if later else "none was"
    return Expectation(name, "fail", f"no block was decided within {seconds(within_ns)} of the last fault; {took}")


def stalled(record: RunRecord, span: Span) -> Expectation:
    """No height was decided for the first time in ``span``."""
    name = "stalls_during"
    told = f"from {seconds(span.start_ns)} to {seconds(span.end_ns)}"
    for height, first in record.first_decided().items():
        if span.start_ns <= first < span.end_ns:
            return Expectation(name, "fail", f"block {height} was decided at {seconds(first)}, not stalled {told}")
    if record.ended_ns < span.end_ns:
        return Expectation(name, "inconclusive", f"the run was over at {seconds(record.ended_ns)}, not stalled {told}")
    return Expectation(name, "pass", f"no block {told}")


def converged(record: RunRecord, within_ns: int, *, names: Sequence[str]) -> Expectation:
    """Every node that is up at the end, and never lied, held every block in time.

    A block decided by the beginning of the calm is due ``within_ns`` after that, a later one ``within_ns`` after
    whoever decided it first.
    """
    name = "converges_within"
    if (unjudged := _nothing_to_judge(name, record)) is not None:
        return unjudged
    calm = calm_ns(record)
    worst = 0
    for node, node_name in enumerate(names):
        if node in record.down or node in record.lying:
            continue
        held = _held_from(record, node)
        for height, first in record.first_decided().items():
            since = max(first, calm)
            at = next((held[above] for above in range(height, max(held, default=0) + 1) if above in held), None)
            if at is None and record.ended_ns < since + within_ns:
                return Expectation(name, "inconclusive", f"{node_name} lacks block {height}, and the run is over")
            if at is None or at > since + within_ns:
                when = "never" if at is None else f"after {seconds(at - since)}"
                return Expectation(
                    name, "fail", f"{node_name} held block {height} {when}, not within {seconds(within_ns)}"
                )
            worst = max(worst, at - since)
    return Expectation(name, "pass", f"every block at every node that is up, {seconds(worst)} late at most")


def _nothing_to_judge(name: str, record: RunRecord) -> Expectation | None:
    if record.faults_waiting:
        return Expectation(name, "inconclusive", f"{record.faults_waiting} of the planned faults never began")
    return None


def _held_from(record: RunRecord, node: int) -> dict[int, int]:
    """Since when the node held each height that it reported: the last time counts, as a crash may have undone others.

    A killed process may not have told its last decisions; what it holds when it is back, or decides above them,
    tells the same.
    """
    held: dict[int, int] = {}
    for decision in record.decisions:
        if decision.node == node:
            held[decision.height] = max(decision.now_ns, held.get(decision.height, 0))
    for decision in record.resumed:
        if decision.node == node:
            held.setdefault(decision.height, decision.now_ns)
    return held
