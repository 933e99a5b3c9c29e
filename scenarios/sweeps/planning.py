"""From a scenario's ``sweep:`` to its points: every run, in an order that nothing but the scenario decides.

A point is one document and one seed. It is known by the digest of both, so that a sweep which was widened by seeds or
values finds the runs that it has played already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from scenarios.language import ScenarioInvalid, load_scenario
from scenarios.language.models.sweep import Sweep, as_yaml, override
from scenarios.language.problems import Mark, Problem, Severity, path_text

_NO_SWEEP = "sweep="
"""Takes the block itself out of each run's document: widening it makes no run another one."""


class Cell(msgspec.Struct, frozen=True):
    """What one cell of the matrix sets, as text, by path; and the arm."""

    settings: tuple[tuple[str, str], ...]
    arm: str

    def __str__(self) -> str:
        said = [f"{path}={value}" for path, value in self.settings]
        return ", ".join([*said, *([self.arm] if self.arm else [])]) or "the scenario as it is"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``document`` is the whole scenario as YAML; where it is ``invalid``, that says why, in one line."""

    cell: Cell
    seed: int
    document: str
    invalid: str = ""

    @property
    def sha256(self) -> str:
        """Of everything that decides its outcome, besides the program."""
        return sha256(f"{self.seed}\n{self.invalid}\n{self.document}".encode()).hexdigest()


class SweepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All points, in order: the cells as they are written, within each its arms, within each the seeds."""

    name: str  # the scenario's
    paths: tuple[str, ...]  # of the matrix
    arms: tuple[str, ...]  # empty where there are none
    differences: tuple[tuple[str, str], ...]  # measures of one run
    points: tuple[Point, ...]
    warnings: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """In order, each once."""
        return tuple(dict.fromkeys(point.cell for point in self.points))


def plan_sweep(
    path: Path, overrides: Sequence[str] = (), *, told: Callable[[int, int], None] = lambda _done, _of: None
) -> SweepPlan:
    """The plan of the scenario at ``path``, with ``overrides`` ("run.seed=7") in every run.

    ``told`` hears how many cells are planned, and of how many. ScenarioInvalid where the scenario is invalid as it
    stands or has no ``sweep:``; an invalid cell refuses itself alone, unless all are.
    """
    scenario = load_scenario(path, overrides)
    sweep = scenario.sweep
    if sweep is None:
        message = "is missing: say what to run, like `sweep: {repeat: 10}`, or `--set sweep.repeat=10`"
        raise ScenarioInvalid([Problem(Mark(str(path), -1, 0), ("sweep",), message)])
    points, refusals = [], []
    cells = list(_cells(sweep))
    for place, (cell, settings) in enumerate(cells):
        told(place, len(cells))
        document, problem = _document(path, [*overrides, _NO_SWEEP, *settings])
        if problem is not None:
            refusals.append((cell, problem))
        invalid = _first_of(problem) if problem is not None else ""
        points += [
            Point(cell=cell, seed=scenario.run.seed + number, document=document, invalid=invalid)
            for number in range(sweep.repeat)
        ]
    if all(point.invalid for point in points):
        raise refusals[0][1]
    return SweepPlan(
        name=scenario.name,
        paths=tuple(sweep.matrix),
        arms=tuple(name for name in sweep.arms if name),
        differences=tuple((first, second) for first, second in sweep.differences),
        points=tuple(points),
        warnings=(*map(str, scenario.origin.warnings), *(f"{cell} is invalid: {error}" for cell, error in refusals)),
    )


def _cells(sweep: Sweep) -> Iterator[tuple[Cell, list[str]]]:
    """Each cell and arm with what it sets, as ``--set`` takes it."""
    for cell in sweep.cells():
        for arm, settings in sweep.arms.items():
            label = Cell(tuple((path, as_yaml(value).strip('"')) for path, value in cell.items()), arm)
            yield label, _settings({**cell, **settings})


def _settings(values: Mapping[str, Any]) -> list[str]:
    return [override(path, value) for path, value in values.items()]


def _document(path: Path, overrides: Sequence[str]) -> tuple[str, ScenarioInvalid | None]:
    """The scenario of one cell as resolved YAML, or what is wrong with it."""
    try:
        return load_scenario(path, overrides).origin.resolved, None
    except ScenarioInvalid as invalid:
        return "", invalid


def _first_of(invalid: ScenarioInvalid) -> str:
    """The first problem, without the file's name: where the file lies is no part of the outcome."""
    first = next(problem for problem in invalid.problems if problem.severity is Severity.ERROR)
    return f"{path_text(first.path)}: {first.message}" if first.path else first.message
