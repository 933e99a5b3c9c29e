"""One point played in virtual time, and what is kept of it.

What a run makes of its machine (memory, wall time) is none of its row: the same point gives the same row wherever it is
played.
"""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import Annotated, Literal

import msgspec

from scenarios.dashboard.base import NoView
from scenarios.language import Scenario, ScenarioInvalid, parse_scenario
from scenarios.results.flat import flat_measures, flat_units
from scenarios.results.numbers import Int64, Natural
from scenarios.runner.ground import RunError
from scenarios.runner.run import RunResult, run
from scenarios.sweeps.planning import Point

WHY_MAX = 300

Outcome = Literal["pass", "fail", "inconclusive", "invalid", "error", "crashed"]
"""The verdict of a run; or why there is none: the scenario was refused, our program failed, its process died."""

JUDGED: tuple[Outcome, ...] = ("pass", "fail")
"""Outcomes whose measures are those of a whole run."""


class RunRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of one run. ``measures`` go by "measure.statistic" and ``units`` by measure; ``why`` is one line."""

    point: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    outcome: Outcome
    why: str = ""
    height: Natural | None = None
    virtual_ns: Natural | None = None
    event_sha256: str | None = None
    measures: dict[str, Int64] = {}
    units: dict[str, str] = {}


def play(point: Point) -> RunRow:
    """Run ``point`` here and now; whatever goes wrong but an interruption is told in its row."""
    if point.invalid:
        return RunRow(point=point.sha256, outcome="invalid", why=one_line(point.invalid))
    try:
        result = run(_scenario(point.document), view=NoView(), mode="virtual", seed=point.seed, out=None)
    except ScenarioInvalid as invalid:
        return RunRow(point=point.sha256, outcome="invalid", why=one_line(invalid.problems[0].message))
    except RunError as error:
        outcome: Outcome = "inconclusive" if error.inconclusive else "invalid"
        return RunRow(point=point.sha256, outcome=outcome, why=one_line(str(error)))
    except Exception as error:  # noqa: BLE001 -- a bug in one run must not lose the others
        return RunRow(point=point.sha256, outcome="error", why=one_line(f"{type(error).__name__}: {error}"))
    if result.left.record.interrupted:
        raise KeyboardInterrupt
    return _row(point, result)


def lean(row: RunRow) -> RunRow:
    """The same row, whose names are shared with all other rows': thousands of them are held in memory."""
    return msgspec.structs.replace(
        row,
        measures={intern(name): value for name, value in row.measures.items()},
        units={intern(name): intern(unit) for name, unit in row.units.items()},
    )


def crashed(point: Point, why: str) -> RunRow:
    """The row of a run whose process did not live to tell."""
    return RunRow(point=point.sha256, outcome="crashed", why=one_line(why))


def one_line(text: str) -> str:
    """``text`` in one line of bearable length."""
    flat = " ".join(text.split())
    return flat if len(flat) <= WHY_MAX else flat[: WHY_MAX - 1] + "…"


@lru_cache(maxsize=8)
def _scenario(document: str) -> Scenario:
    return parse_scenario(document)


def _row(point: Point, result: RunResult) -> RunRow:
    record = result.left.record
    failed = [e for e in result.finished.expectations if e.verdict not in {"pass", "warn"}]
    summaries = result.finished.metrics.summary()
    return RunRow(
        point=point.sha256,
        outcome=result.finished.verdict,  # type: ignore[arg-type] # one of the first three
        why=one_line("; ".join(f"{e.name}: {e.detail}" if e.detail else e.name for e in failed)),
        height=max(held.chain.height for held in result.left.holdings),
        virtual_ns=record.ended_ns,
        event_sha256=record.event_sha256,
        measures=flat_measures(summaries, record.ended_ns),
        units=flat_units(summaries),
    )
