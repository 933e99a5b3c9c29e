"""How the reserve's error grows with the delay of notice: the same losses, told earlier or later, over many seeds.

Each run tells a scenario's losses to the contracts, transaction by transaction, with another median delay and another
seed, books what the actuary books, and lets the losses run off. Which protocol orders the transactions makes no
difference to what they come to (the business root is the same), so none does here: each is executed as a block of its
own. The error is read from the state afterwards; nothing is drawn that is called an error.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from node.contracts import execute_block
from node.contracts.reserving import Basis, Estimate
from node.contracts.runtime import genesis_state
from node.ledger.transaction import decode_transaction
from node.membership import Directory
from scenarios.actuary.triangles import ActuaryError
from scenarios.language import load_scenario
from scenarios.runner.plan import make_plan
from scenarios.shipped import find_scenario

SCENARIO = "reserved_late"

MEDIANS = (0, 30, 90, 180, 365)
"""Median delays, in days."""

SPREAD = 5
"""The 99th percentile of a delay, in medians."""

T95 = 1.959963984540054


class Point(NamedTuple):
    """One run: the reinsurer's IBNR as booked when the last losses had occurred, and what emerged afterwards, in fen.

    ``error_fen`` is the first less the second; ``standard_error_fen`` what Mack's formula said at the time.
    """

    median_days: int
    seed: int
    ibnr_fen: int
    emerged_fen: int
    error_fen: int
    standard_error_fen: int


class Summary(NamedTuple):
    """All runs of one delay: means with the half-widths of their 95 % intervals, in fen."""

    median_days: int
    runs: int
    emerged: float
    bias: float
    bias_half: float
    deviation: float
    deviation_half: float
    said: float

    @property
    def relative(self) -> float:
        """The root mean square error, as a share of what emerged in the mean; 0 where nothing did."""
        return self.deviation / self.emerged if self.emerged else 0.0


def measured(median_days: int, seed: int, overrides: Sequence[str] = ()) -> Point:
    """One run. ActuaryError where a transaction is refused, or nothing is booked when the losses have all occurred."""
    shape = (
        f"{{dist: lognormal, median: {median_days} days, p99: {SPREAD * median_days} days}}"
        if median_days
        else "{dist: constant, value: 0 s}"
    )
    told = load_scenario(find_scenario(SCENARIO), [*overrides, f"workload.0.notice={shape}", f"run.seed={seed}"])
    plan = make_plan(told)
    directory, tree = Directory(plan.genesis), genesis_state(plan.genesis)
    for step in plan.workload.steps:
        execution = execute_block(tree, directory, [decode_transaction(step.raw)])
        tree, code = execution.tree, execution.outcomes[0].code
        if code != step.expect:
            raise ActuaryError(f"{step.id} of seed {seed} is answered with {code}")
    for key, basis in tree.items(Basis.namespace):
        found: Estimate | None = tree.get(Estimate.namespace, f"{key}|{basis.origins}")
        if found is not None:
            return Point(
                median_days, seed, found.ibnr_fen, found.emerged_fen, found.error_fen, found.standard_error_fen
            )
    raise ActuaryError("nothing is booked when the losses have all occurred: `values_every` must divide the origins")


def sweep(
    medians: Sequence[int],
    seeds: Sequence[int],
    overrides: Sequence[str] = (),
    told: Callable[[Point], None] | None = None,
) -> list[Point]:
    """A run for each delay and seed, in that order; ``told`` hears of each."""
    points = []
    for median_days in medians:
        for seed in seeds:
            points.append(measured(median_days, seed, overrides))
            if told is not None:
                told(points[-1])
    return points


def summaries(points: Sequence[Point]) -> Iterator[Summary]:
    """One for each delay, ascending: its bias, and how far a single estimate is off."""
    for median_days in sorted({point.median_days for point in points}):
        own = [point for point in points if point.median_days == median_days]
        errors = [float(point.error_fen) for point in own]
        bias, bias_half = _mean(errors)
        square, square_half = _mean([error**2 for error in errors])
        root = math.sqrt(square)
        yield Summary(
            median_days=median_days,
            runs=len(own),
            emerged=_mean([float(point.emerged_fen) for point in own])[0],
            bias=bias,
            bias_half=bias_half,
            deviation=root,
            deviation_half=square_half / (2.0 * root) if root else 0.0,
            said=math.sqrt(_mean([float(point.standard_error_fen) ** 2 for point in own])[0]),
        )


def write_points(path: Path, points: Sequence[Point]) -> None:
    """Every run as a row of CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Point._fields)
        writer.writerows(points)


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and the half-width of its 95 % interval (normal; none for a single value)."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, T95 * math.sqrt(variance / len(values))
