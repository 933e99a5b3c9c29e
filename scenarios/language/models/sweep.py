"""``sweep``: one scenario many times over, by seed and by what is set otherwise; ``run`` takes no notice of it.

A setting is a dotted path into the scenario, as ``--set`` takes it, and a value as it would stand there. The cells are
every combination of the matrix but the excluded ones, in the order in which they are written, the last path fastest;
each is run with every seed, and where there are arms, each arm with the same seeds, so that differences are paired.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from math import prod
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, model_validator

from scenarios.language.models.base import Part, Word
from scenarios.language.problems import did_you_mean

RUNS_MAX = 100_000
ARMS = 2

_VALUE_SCHEMA = WithJsonSchema({"type": ["string", "integer", "number", "boolean", "null", "array", "object"]})

Value = Annotated[Any, _VALUE_SCHEMA]
"""A value as it would stand in the scenario, read but not yet understood: text, integer, Decimal, list, mapping."""

SettingPath = Annotated[str, Field(max_length=200, pattern=r"^[^.\s=]+(\.[^.\s=]+)*$")]
"""As in `network.default.loss`; in a list, an item's place from 0 or its `id`: `assumptions.retention.value`."""

Settings = Annotated[dict[SettingPath, Value], Field(min_length=1)]

Measure = Annotated[str, Field(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$")]
"""As in `commit_latency.p99`."""


class Sweep(Part):
    """What `consortium sweep` runs: cells x arms x seeds."""

    repeat: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many seeds each cell has: `run.seed` and those after it."""
    matrix: dict[SettingPath, Annotated[tuple[Value, ...], Field(min_length=1, max_length=1_000)]] = Field(
        default_factory=dict
    )
    """By path, the values that it takes in turn."""
    exclude: tuple[Settings, ...] = ()
    """Cells to leave out: those that have all of these values."""
    pair: Annotated[dict[Word, dict[SettingPath, Value]], Field(min_length=ARMS, max_length=ARMS)] | None = None
    """Two named arms and what each sets otherwise: both are run with the same seeds, and their differences told."""
    differences: tuple[Annotated[tuple[Measure, ...], Field(min_length=2, max_length=2)], ...] = ()
    """Two measures of one run, whose difference (second less first) is told, as of the paper arm and the chain's."""

    @property
    def arms(self) -> dict[str, dict[str, Any]]:
        """What each arm sets, by its name; one without a name where there are none."""
        return dict(self.pair) if self.pair is not None else {"": {}}

    def cells(self) -> Iterator[dict[str, Any]]:
        """What each cell sets, by path, in order; one that sets nothing where there is no matrix."""
        for values in product(*self.matrix.values()):
            cell = dict(zip(self.matrix, values, strict=True))
            if not any(_has(cell, excluded) for excluded in self.exclude):
                yield cell

    @property
    def runs(self) -> int:
        """How many runs it comes to."""
        return sum(1 for _ in self.cells()) * len(self.arms) * self.repeat

    @model_validator(mode="after")
    def _counts(self) -> Sweep:
        most = prod(map(len, self.matrix.values())) * len(self.arms) * self.repeat
        if most > RUNS_MAX:
            raise ValueError(f"{most:,} runs are more than {RUNS_MAX:,}")
        for path, values in self.matrix.items():
            for place, value in enumerate(values):
                if value in values[:place]:
                    raise ValueError(f"`{path}` takes the value {as_yaml(value)} twice")
        return self

    @model_validator(mode="after")
    def _excludes_what_there_is(self) -> Sweep:
        for path, value in (setting for excluded in self.exclude for setting in excluded.items()):
            if path not in self.matrix:
                near = did_you_mean(path, self.matrix)
                raise ValueError(f"`exclude` names `{path}`, which is not in the matrix{near}")
            if value not in self.matrix[path]:
                raise ValueError(f"`exclude` names `{path}: {as_yaml(value)}`, a value that it never takes")
        if self.exclude and next(self.cells(), None) is None:
            raise ValueError("every cell is excluded: nothing would be run")
        return self

    @model_validator(mode="after")
    def _arms_stand_apart(self) -> Sweep:
        for arm, settings in (self.pair or {}).items():
            for path in settings:
                if path in self.matrix:
                    raise ValueError(f"`{path}` is set by the arm `{arm}` and by the matrix")
        return self


def override(path: str, value: Any) -> str:
    """The setting as ``--set`` takes it: ``load_scenario(path, [override(...), ...])`` is the cell's scenario."""
    return f"{path}={as_yaml(value)}"


def as_yaml(value: Any) -> str:
    """``value`` in one line of YAML that reads back as the same value."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{as_yaml(str(key))}: {as_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _has(cell: Mapping[str, Any], excluded: Mapping[str, Any]) -> bool:
    return all(cell[path] == value for path, value in excluded.items())
