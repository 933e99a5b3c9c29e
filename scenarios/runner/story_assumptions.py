"""Which parts of a story rest on values that no source gives. Each must be declared; leaving one out is an error.

An act's argument that rests on an assumption must be that assumption (`$id`), so that what is declared is what is
used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pydantic import ValidationError

from scenarios.language.models.world import Stage
from scenarios.language.schema import Scenario
from scenarios.roles import StoryError
from scenarios.runner.places import invalid

RESTS_ON: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "assess": (("", "scoring"), ("", "hepatitis-codes")),
        "adjudicate": (("", "excluded-items"),),
        "propose-treaty": (
            ("share", "treaty-share"),
            ("commission", "treaty-commission"),
            ("notice_within", "notice-within"),
        ),
        "ask": (("", "query-timeout"),),
        "bind": (("", "market-cap"),),
        "pay": (("", "opening-cash"),),
        "report-to-regulator": (("", "regulator-scope"),),
        "register-people": (("", "people"),),
    }
)
"""Act -> (argument or "", assumption): the rows are in the scenario, beside each assumption."""


def require_declared(scenario: Scenario) -> None:
    """ScenarioInvalid for an assumption left undeclared; StoryError where an act uses another value."""
    for step in scenario.story:
        for argument, identifier in RESTS_ON.get(step.do, ()):
            if identifier not in {one.id for one in scenario.assumptions}:
                message = f"`{step.do}` rests on the assumption `{identifier}`: declare its value, row and reason"
                raise StoryError(step.id, "do", f"{message} under `assumptions:`")
            declared = scenario.assumption(identifier)
            if argument and step.__pydantic_extra__.get(argument) != declared:
                raise StoryError(step.id, argument, f"no source gives it: write `${identifier}`, which is {declared}")
    _require_stages(scenario)


def _require_stages(scenario: Scenario) -> None:
    declared = list(_declared_stages(scenario))
    for arm, stages in (
        ("chain", scenario.arms.chain),
        ("manual", scenario.arms.manual),
        ("paper", scenario.arms.paper),
    ):
        for name, stage in stages.items():
            if stage not in declared:
                raise invalid(
                    scenario, ("arms", arm, name), "this time is assumed but not declared under `assumptions:`"
                )


def _declared_stages(scenario: Scenario) -> Iterator[Stage]:
    for assumption in scenario.assumptions:
        if isinstance(assumption.value, Mapping):
            try:
                yield Stage.model_validate(dict(assumption.value))
            except ValidationError:
                continue
