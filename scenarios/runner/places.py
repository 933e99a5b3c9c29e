"""Where something stands in a scenario, for messages that come after it was loaded."""

from __future__ import annotations

from scenarios.language.problems import Path, Problem, ScenarioInvalid
from scenarios.language.schema import Scenario


def invalid(scenario: Scenario, path: Path, message: str) -> ScenarioInvalid:
    """The error that says ``message`` of what stands at ``path``: in its file, in one it includes, or under --set."""
    return ScenarioInvalid([Problem(scenario.origin.mark(path), path, message)])
