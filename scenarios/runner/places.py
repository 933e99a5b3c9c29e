"""Where something stands in a scenario's file, for messages that come after it was loaded."""

from __future__ import annotations

from pathlib import Path as FilePath

from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.language.schema import Scenario


def invalid(scenario: Scenario, path: Path, message: str) -> ScenarioInvalid:
    """The error that says ``message`` of what stands at ``path``."""
    return ScenarioInvalid([Problem(_mark(scenario, path), path, message)])


def _mark(scenario: Scenario, path: Path) -> Mark:
    """Where ``path`` stands, if the scenario came from a file that is still there."""
    label = scenario.origin.label
    try:
        return read_file(FilePath(label)).mark(path)
    except ScenarioInvalid:
        return Mark(label, -1, 0)
