"""Whether what expectations ask for is ever measured: accounts that there are, stages that a flow's steps come to."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.language.comparisons import parse_comparison
from scenarios.language.findings import Finding
from scenarios.language.models.expect import Compared
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

_STATISTICS = ("count", "mean", "p50", "p90", "p99", "max", "rate")
_SHARED_PURSES = ("policyholders", "residents")


def names_are_measured(scenario: Scenario) -> Iterator[Finding]:
    """Names in expectations that no run of this scenario can give a value."""
    for index, asked in enumerate(scenario.expect.metrics):
        path: Path = ("expect", "metrics", index)
        names = parse_comparison(asked.that).names if isinstance(asked, Compared) else (asked.metric,)
        for name in names:
            message = _account(scenario, name) if name.startswith("accounts.") else _stage(scenario, name)
            if message:
                yield Finding(path, message)


def _account(scenario: Scenario, name: str) -> str:
    from node.contracts.accounts import KINDS  # noqa: PLC0415 - loads every contract, for those who ask for accounts

    owner, _, kind = name.removeprefix("accounts.").rpartition(".")
    owners = [*(client.name for client in scenario.client_names), *_SHARED_PURSES]
    if owner not in owners:
        return f"nobody is called `{owner}`, to have an account{did_you_mean(owner, owners)}"
    if kind not in KINDS:
        return f"there is no kind of account `{kind}`{did_you_mean(kind, KINDS)}; there are: {', '.join(KINDS)}"
    return ""


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
