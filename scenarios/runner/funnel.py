"""How many cases of a run's flows came how far, from its workload and what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterable

from scenarios.results.funnel import Stage
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.workload import Workload


def funnel_of(workload: Workload, acknowledged: Iterable[Acknowledged]) -> tuple[Stage, ...]:
    """Every stage that the workload names. A case that one step took there was not refused, whatever others met."""
    planned: dict[tuple[str, str], dict[str, None]] = {}
    for step in workload.steps:
        if step.stage:
            planned.setdefault((step.flow, step.stage), {})[step.case] = None
    reached: dict[tuple[str, str], set[str]] = {key: set() for key in planned}
    refused: dict[tuple[str, str], set[str]] = {key: set() for key in planned}
    for item in acknowledged:
        if item.step.stage:
            (reached if item.code == "ok" else refused)[item.step.flow, item.step.stage].add(item.step.case)
    return tuple(
        Stage(
            flow=flow,
            stage=stage,
            planned=len(cases),
            reached=len(reached[flow, stage]),
            refused=len(refused[flow, stage] - reached[flow, stage]),
        )
        for (flow, stage), cases in planned.items()
    )
