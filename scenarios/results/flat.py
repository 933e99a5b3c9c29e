"""A run's measures as one flat mapping, "commit_latency.p99" -> integer, as tables and comparisons take them."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.results.metrics import RATE_SCALE, SECOND_NS, Summary

EVENTS, RATE = "events", "uHz"
"""The units of counts and of rates: micro-hertz are events in a million seconds."""

_COUNTS = ("count", "rate")
_STATISTICS = ("count", "mean", "p5", "p50", "p90", "p95", "p99", "max")


def flat_measures(summaries: Mapping[str, Summary], duration_ns: int | None) -> dict[str, int]:
    """Every statistic by "measure.statistic", in order of measure.

    A counter of no family (``throughput``, ``blocks``; not ``heard.…``) has its rate besides, where ``duration_ns`` of
    run time is known.
    """
    flat: dict[str, int] = {}
    for name, summary in sorted(summaries.items()):
        for statistic in _STATISTICS:
            value = getattr(summary, statistic)
            if value is not None:
                flat[f"{name}.{statistic}"] = value
        if duration_ns is not None and summary.mean is None and "." not in name:
            flat[f"{name}.rate"] = summary.count * RATE_SCALE * SECOND_NS // max(1, duration_ns)
    return flat


def flat_units(summaries: Mapping[str, Summary]) -> dict[str, str]:
    """The unit of each measure whose samples have one of their own."""
    return {name: summary.unit for name, summary in sorted(summaries.items()) if summary.mean is not None}


def unit_of(name: str, units: Mapping[str, str]) -> str:
    """The unit of "measure.statistic"; nothing where it is not known."""
    measure, _, statistic = name.rpartition(".")
    if statistic in _COUNTS:
        return EVENTS if statistic == "count" else RATE
    return units.get(measure, "")


def is_count(name: str) -> bool:
    """Is "measure.statistic" nought where nothing of the kind happened? Other statistics are then not there at all."""
    return name.rpartition(".")[2] in _COUNTS
