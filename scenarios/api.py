"""The program from Python: run a scenario, sweep one, and hold typed results in the hand. For scripts and notebooks.

::

    import scenarios

    run = scenarios.run("one_claim", seed=7, consensus__protocol="pbft")
    run.verdict, run.measures["commit_latency.p99"]

A scenario is named as on the command line: by a file, or as a shipped one. Any other setting is an argument called
after its path, with two underscores for a dot (``network__default__loss="5%"``); where a name has a hyphen, unpack a
mapping (``**{"members.insurer-group.count": 3}``). Values are as in a scenario: text with its unit, numbers, lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from consensus.chain import Block, Certificate
from node.ledger.business import Entry
from scenarios.dashboard.base import NoView
from scenarios.language import Scenario, ScenarioInvalid, load_scenario
from scenarios.language.models.sweep import override
from scenarios.results import Expectation, Manifest, Operation, Summary
from scenarios.results.flat import flat_measures
from scenarios.results.metrics import SECOND_NS, Row
from scenarios.runner.finish import operations
from scenarios.runner.run import RunResult
from scenarios.runner.run import run as _run
from scenarios.shipped import find_scenario
from scenarios.sweeps.planning import plan_sweep
from scenarios.sweeps.sweeping import Means, begin
from scenarios.sweeps.sweeping import sweep as _sweep
from scenarios.sweeps.table import Table

__all__ = ["Run", "Table", "run", "sweep"]


class Run:
    """What came of a run. Times are nanoseconds of run time, money is fen, shares are parts per million."""

    def __init__(self, scenario: Scenario, result: RunResult) -> None:
        self.scenario = scenario
        self._result = result

    def __repr__(self) -> str:
        told = self.manifest
        return f"<Run {told.scenario}, seed {told.seed}, {told.protocol}, {told.mode}: {self.verdict}>"

    @property
    def verdict(self) -> str:
        """``pass``, ``fail`` or ``inconclusive``."""
        return self._result.verdict

    @property
    def passed(self) -> bool:
        """Did everything hold that the scenario expects?"""
        return self.verdict == "pass"

    @property
    def manifest(self) -> Manifest:
        """What was run and what fixes its results: versions, heights, heads, roots."""
        return self._result.manifest

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Each with its name, verdict and detail."""
        return self._result.finished.expectations

    @cached_property
    def metrics(self) -> Mapping[str, Summary]:
        """Each measure's summary by its name: ``run.metrics["commit_latency"].p99``."""
        return self._result.finished.metrics.summary()

    @cached_property
    def measures(self) -> Mapping[str, int]:
        """The same as one flat mapping: ``run.measures["commit_latency.p99"]``; rates are in events in 10^6 seconds."""
        return flat_measures(self.metrics, self._result.left.record.ended_ns)

    def series(self, interval_ns: int = SECOND_NS) -> list[Row]:
        """Each measure in each interval of run time in which it was measured."""
        return list(self._result.finished.metrics.rows(interval_ns))

    @property
    def history(self) -> Iterator[Operation]:
        """What every client asked and heard, in order of asking."""
        found = operations(self._result.left.record)
        return iter(sorted(found, key=lambda one: (one.called, one.client, one.key)))

    @cached_property
    def ledger(self) -> Mapping[str, tuple[tuple[Block, Certificate | None], ...]]:
        """Each node's blocks with their certificates, from genesis to the last that one proves, by the node's name."""
        return {held.name: tuple(held.certified()) for held in self._result.left.holdings}

    @property
    def business(self) -> tuple[Entry, ...] | None:
        """The business state at the end, as (namespace, key, record); None where the nodes do not agree on one."""
        return self._result.finished.business

    @property
    def folder(self) -> Path | None:
        """Where everything was written; None where ``out`` was not given."""
        return self._result.folder


def run(  # noqa: PLR0913 -- the choices of one run
    path: str | Path,
    *,
    seed: int | None = None,
    mode: str | None = None,
    bus: str | None = None,
    out: str | Path | None = None,
    trace: bool = False,
    **overrides: Any,
) -> Run:
    """Run the scenario at ``path`` and judge it; what is not given is as the scenario says.

    ``out`` is the folder in which the run's is made, as ``--out``; without it, nothing is written, which virtual mode
    alone allows. ScenarioInvalid tells everything that is wrong with the scenario; RunError, why it cannot be run.
    """
    chosen = {"run.seed": seed, "run.mode": mode, "run.bus": bus}
    overrides |= {name: value for name, value in chosen.items() if value is not None}
    scenario = load_scenario(find_scenario(str(path)), _settings(overrides))
    try:
        result = _run(scenario, view=NoView(), out=None if out is None else Path(out), trace=trace)
    except ScenarioInvalid as invalid:
        raise ScenarioInvalid(scenario.origin.located(invalid.problems)) from None
    return Run(scenario, result)


def sweep(
    path: str | Path,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    **overrides: Any,
) -> Table:
    """Play every point of the scenario's ``sweep:`` in virtual time: ``pandas.DataFrame(table.records())``.

    ``jobs`` processes play at a time (a script that has several needs ``if __name__ == "__main__":`` around it), or the
    Dask cluster at ``scheduler``. ``out`` keeps every finished run and the tables, and with ``resume`` goes on with
    what lies there. ScenarioInvalid, or FailureError where ``out`` or ``scheduler`` will not do; KeyboardInterrupt once
    what was finished is kept.
    """
    plan = plan_sweep(find_scenario(str(path)), _settings(overrides))
    sweeping = begin(plan, None if out is None else Path(out), resume=resume)
    table = _sweep(sweeping, Means(jobs=jobs, scheduler=scheduler))
    if sweeping.interrupted:
        raise KeyboardInterrupt
    return table


def _settings(overrides: Mapping[str, Any]) -> list[str]:
    return [override(name.replace("__", "."), value) for name, value in overrides.items()]
