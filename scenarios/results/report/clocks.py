"""The two clocks: how long claims took to be paid on the chain, beside what the same claims take on paper."""

from __future__ import annotations

from scenarios.results.arms import Arm, Quantile
from scenarios.results.report import latency
from scenarios.results.report.facts import Facts
from scenarios.results.report.parts import Section, Table, figure
from scenarios.results.report.words import count, duration

_NAMES = {
    "chain": "chain",
    "manual": "chain, then by hand 人工",
    "batch": "chain, sent together",
    "paper": "paper",
}
_SECOND = 10**9
_MARKS = (
    (_SECOND, "1 s"),
    (10 * _SECOND, "10 s"),
    (60 * _SECOND, "1 min"),
    (480 * _SECOND, "8 min"),
    (3_600 * _SECOND, "1 h"),
    (6 * 3_600 * _SECOND, "6 h"),
    (86_400 * _SECOND, "1 day"),
    (3 * 86_400 * _SECOND, "3 days"),
    (7 * 86_400 * _SECOND, "7 days"),
    (15 * 86_400 * _SECOND, "15 days"),
    (60 * 86_400 * _SECOND, "60 days"),
    (400 * 86_400 * _SECOND, "400 days"),
)
"""The times of the axis; 8 minutes, 7 and 15 days are the source's."""


def two_clocks(facts: Facts) -> Section:
    """Time to payment by arm, with intervals, and what patients noticed."""
    id_, title = "clocks", "Two clocks: time to payment"
    if facts.arms is None:
        return Section(id=id_, title=title, absent="no claim was paid, or the scenario has no paper arm")
    arms = facts.arms.arms
    curves = {_NAMES.get(arm.name, arm.name): list(arm.curve_ns) for arm in arms}
    label = "Share of claims that were paid within a time"
    legend = [(f"s{place}", name) for place, name in enumerate(curves)]
    return Section(
        id=id_,
        title=title,
        lead="From discharge to payment, in business time, of the same claims. The chain's arm is its declared business"
        " delays and the commits as measured, one to one;"
        f" paper's {facts.arms.links} links are drawn from the same seed.",
        figures=[
            figure(
                f"{label} (logarithmic axis)",
                lambda width: latency.curves(curves, width, marks=_MARKS, label=label),
                legend,
            )
        ],
        tables=[
            Table(
                caption="Time to payment, with 95 % intervals of the quantiles",
                head=("arm", "claims", "5 of 100", "half", "95 of 100", "of it commits", "noticed each", "trips each"),
                rows=[_row(arm) for arm in arms],
                numbers=frozenset({1, 2, 3, 4, 5, 6, 7}),
                note="Noticed: what the chain's events asked of patients or told them of; trips: requests for papers.",
            )
        ],
    )


def _row(arm: Arm) -> tuple[str, ...]:
    return (
        _NAMES.get(arm.name, arm.name),
        count(arm.claims),
        *(_quantile(found) for found in arm.quantiles),
        duration(arm.commits_ns) if arm.commits_ns else "–",
        _each(arm.noticed, arm.claims),
        _each(arm.trips, arm.claims),
    )


def _quantile(found: Quantile) -> str:
    if found.low_ns is None and found.high_ns is None:
        return duration(found.ns)
    low, high = (("…" if end is None else duration(end)) for end in (found.low_ns, found.high_ns))
    return f"{duration(found.ns)} ({low} to {high})"


def _each(total: int | None, claims: int) -> str:
    return "–" if total is None else f"{total / claims:.3g}"
