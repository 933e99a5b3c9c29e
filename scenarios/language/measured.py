"""Whether what expectations ask for is ever measured, and bounded by what it is measured in.

Measures are of four kinds: those of every run, those of a flow's steps, accounts, and how many records there are.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.language.comparisons import parse_comparison
from scenarios.language.findings import Finding
from scenarios.language.models.expect import Compared, MetricBound
from scenarios.language.models.market import MARKET_FLOWS
from scenarios.language.problems import Path, did_you_mean
from scenarios.language.schema import Scenario

STAGES = {
    "payments": ("sent",),
    "underwriting": ("quoted", "bound"),
    "claims": ("filed", "resubmitted", "assessed", "approved", "denied", "paid", "recovered"),
    "reinsurance": ("agreed",),
    "portfolio": ("quoted", "bound"),
}
"""By a market's flow, what its steps are counted under."""

_STATISTICS = ("count", "mean", "p5", "p50", "p90", "p95", "p99", "max", "rate")
_LASTING = ("commit_latency", "read_latency", "block_spread")
_COUNTED = ("throughput", "blocks", "refused")
_FAMILIES = ("alerts", "arms", "books", "economics", "sent", "heard", "network", "notices")
"""Each has measures of its own below it: live rules, books, stages of two clocks, what joining is worth, kinds of
messages, their fate."""
_WRITTEN = {"duration": "a duration, like `2s`", "rate": "a rate, like `10/s`", "count": "a plain number, like `3`"}
_SHARED_PURSES = ("policyholders", "residents")


def names_are_measured(scenario: Scenario) -> Iterator[Finding]:
    """Names in expectations that no run of this scenario can give a value."""
    for index, asked in enumerate(scenario.expect.metrics):
        path: Path = ("expect", "metrics", index)
        if isinstance(asked, Compared):
            for name in parse_comparison(asked.that).names:
                if message := _wrong(scenario, name):
                    yield Finding(path, message)
        else:
            yield from _bounded(scenario, asked, path)


def _bounded(scenario: Scenario, bound: MetricBound, path: Path) -> Iterator[Finding]:
    """What is wrong with a measure, its statistic, or the unit of its bounds."""
    measure, _, statistic = bound.metric.rpartition(".")
    if message := _wrong(scenario, bound.metric):
        yield Finding((*path, "metric"), message)
    elif not measure or statistic not in _STATISTICS:
        yield Finding((*path, "metric"), f"`{bound.metric}` ends in no statistic{_statistics(statistic)}")
    elif (kind := _kind(measure, statistic)) is None:
        yield Finding((*path, "metric"), f"`{measure}` is counted: ask for `{measure}.count` or `{measure}.rate`")
    else:
        for key in ("min", "max", "equals"):
            limit = getattr(bound, key)
            if limit is not None and limit.kind != kind:
                yield Finding((*path, key), f"`{bound.metric}` is {_WRITTEN[kind]}")


def _statistics(meant: str) -> str:
    return did_you_mean(meant, _STATISTICS) or f"; there are: {', '.join(_STATISTICS)}"


def _kind(measure: str, statistic: str) -> str | None:
    """What a statistic is a quantity of; None where the measure has no such one."""
    if statistic in {"count", "rate"}:
        return statistic
    lasts = measure in _LASTING or measure.endswith(".latency") or measure.startswith("arms.")
    return "duration" if lasts else None


def _wrong(scenario: Scenario, name: str) -> str:
    """What is wrong with a name in an expectation, or nothing."""
    if name.startswith("accounts."):
        return _account(scenario, name)
    if name.startswith("records."):
        return _records(name)
    return _stage(scenario, name) or _unmeasured(scenario, name)


def _unmeasured(scenario: Scenario, name: str) -> str:
    """What is wrong with a name that is neither of every run nor of one of its flows."""
    head, _, last = name.rpartition(".")
    measure = head if head and last in _STATISTICS else name
    if any(flow.flow not in MARKET_FLOWS for flow in scenario.workload):
        flows = None  # which flows its steps have is the workload's own
    else:
        flows = [*(one.flow for one in scenario.workload), *(step.flow for step in scenario.story if step.flow)]
    first, dot, _ = measure.partition(".")
    if dot and first in {*_LASTING, *_COUNTED}:
        return f"there is no statistic `{last}`{_statistics(last)}"
    if not dot:
        known = [*_LASTING, *_COUNTED]
        return "" if measure in known else f"no run measures `{measure}`{did_you_mean(measure, known)}"
    if flows is None or first in {*flows, *_FAMILIES, *STAGES}:
        return ""
    return f"nothing measures `{measure}`: there is no flow `{first}`{did_you_mean(first, [*flows, *_FAMILIES])}"


def _account(scenario: Scenario, name: str) -> str:
    from node.contracts.accounts import KINDS  # noqa: PLC0415 - loads every contract, for those who ask for accounts

    owner, _, kind = name.removeprefix("accounts.").rpartition(".")
    owners = [*(client.name for client in scenario.client_names), *_SHARED_PURSES]
    if owner not in owners:
        return f"nobody is called `{owner}`, to have an account{did_you_mean(owner, owners)}"
    if kind not in KINDS:
        return f"there is no kind of account `{kind}`{did_you_mean(kind, KINDS)}; there are: {', '.join(KINDS)}"
    return ""


def _records(name: str) -> str:
    from node.contracts import record_types  # noqa: PLC0415 - loads every contract, for those who ask for records

    namespace, known = name.removeprefix("records."), record_types()
    return "" if namespace in known else f"there are no records `{namespace}`{did_you_mean(namespace, known)}"


def _stage(scenario: Scenario, name: str) -> str:
    """What is wrong with a name that begins as a market's flow; of others nothing is known here."""
    if scenario.story or any(flow.flow not in MARKET_FLOWS for flow in scenario.workload):
        return ""
    flow, _, rest = name.partition(".")
    if flow not in STAGES:
        return ""
    if flow not in {one.flow for one in scenario.workload} and flow != "portfolio":
        return f"the workload has no flow `{flow}`"
    stage, _, statistic = rest.partition(".")
    known = (*STAGES[flow], "latency")
    if stage not in known:
        return f"`{flow}` counts no `{stage}`{did_you_mean(stage, known)}; it counts {', '.join(STAGES[flow])}"
    if statistic and statistic not in _STATISTICS:
        return f"there is no statistic `{statistic}`{did_you_mean(statistic, _STATISTICS)}"
    return ""
