"""Flows: generators of workloads that a scenario names under ``workload:``, and what they need in the genesis.

A flow is a pure function of its arguments, the scenario, the keys and the seed. To add one, write a model of its
arguments and a builder, and enter them in ``FLOWS``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import ValidationError

from node.contracts.accounts import Opening
from node.ledger.genesis import Genesis
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Part
from scenarios.language.problems import Mark, Problem, ScenarioInvalid, did_you_mean
from scenarios.language.schema import Scenario
from scenarios.runner import city_plan, transfers
from scenarios.runner.workload import Step


class FlowKind(NamedTuple):
    """A generator: the model of its arguments, its steps, its opening cash, and what is wrong at the end.

    ``cast`` finds its parties among the members: ValueError where they, or the arguments, do not do.
    """

    arguments: type[Part]
    cast: Callable[[Any, Scenario], Any]
    build: Callable[[Any, Scenario, KeyRing, Genesis, int], list[Step]]
    openings: Callable[[Any, Scenario], tuple[Opening, ...]]
    differences: Callable[[Any, Scenario, StateTree, int], tuple[str, ...]]


FLOWS: Mapping[str, FlowKind] = MappingProxyType(
    {
        "city-plan": FlowKind(
            arguments=city_plan.CityPlan,
            cast=lambda _, scenario: city_plan.cast_of(scenario),
            build=city_plan.build,
            openings=city_plan.openings,
            differences=lambda arguments, scenario, tree, _: city_plan.differences(arguments, scenario, tree),
        ),
        transfers.FLOW: FlowKind(
            arguments=transfers.Transfers,
            cast=transfers.parties_of,
            build=transfers.build,
            openings=transfers.openings,
            differences=transfers.differences,
        ),
    }
)


def build_flows(scenario: Scenario, keyring: KeyRing, genesis: Genesis, seed: int) -> list[Step]:
    """The steps of every flow of ``scenario``, in order of submission. ScenarioInvalid where a flow is not right."""
    found = [
        step for kind, arguments in _flows(scenario) for step in kind.build(arguments, scenario, keyring, genesis, seed)
    ]
    numbered = Counter((step.client, step.number, step.query is None) for step in found)
    _require_apart(scenario, (client for (client, _, _), count in numbered.items() if count > 1))
    return sorted(found, key=lambda step: step.at_ns)


def flow_openings(scenario: Scenario) -> tuple[Opening, ...]:
    """The cash that the flows' parties begin with, for the settings of the contract "accounts"."""
    found = tuple(opening for kind, arguments in _flows(scenario) for opening in kind.openings(arguments, scenario))
    owners = Counter(opening.owner for opening in found)
    _require_apart(scenario, (owner for owner, count in owners.items() if count > 1))
    return found


def flow_differences(scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """What a drained run's state gets wrong, compared with what the data alone says; empty when all is right."""
    found = (kind.differences(arguments, scenario, tree, seed) for kind, arguments in _flows(scenario))
    return tuple(line for lines in found for line in lines)


def flow_problems(scenario: Scenario) -> list[Problem]:
    """Everything wrong with the scenario's flows, for those who check without running."""
    return _all(scenario)[1]


def _require_apart(scenario: Scenario, in_two: Iterable[str]) -> None:
    """Each flow numbers its clients' transactions, and opens their accounts, by itself: ScenarioInvalid for others."""
    for name in in_two:
        message = f"`{name}` takes part in two flows: each numbers its parties' transactions by itself"
        raise ScenarioInvalid([Problem(Mark(scenario.origin.label, -1, 0), ("workload",), message)])


def _flows(scenario: Scenario) -> list[tuple[FlowKind, Part]]:
    found, problems = _all(scenario)
    if problems:
        raise ScenarioInvalid(problems)
    return found


def _all(scenario: Scenario) -> tuple[list[tuple[FlowKind, Part]], list[Problem]]:
    found: list[tuple[FlowKind, Part]] = []
    problems: list[Problem] = []
    for index, flow in enumerate(scenario.workload):
        entry = _read(scenario, index, flow.flow, flow.__pydantic_extra__, problems)
        if entry is not None:
            found.append(entry)
    return found, problems


def _read(
    scenario: Scenario, index: int, name: str, extra: Mapping[str, Any], problems: list[Problem]
) -> tuple[FlowKind, Part] | None:
    mark = Mark(scenario.origin.label, -1, 0)
    kind = FLOWS.get(name)
    if kind is None:
        message = f"there is no flow `{name}`; there are: {', '.join(FLOWS)}{did_you_mean(name, FLOWS)}"
        problems.append(Problem(mark, ("workload", index, "flow"), message))
        return None
    try:
        arguments = kind.arguments.model_validate({"flow": name, **extra})
        kind.cast(arguments, scenario)
    except ValidationError as error:
        for found in error.errors():
            path = ("workload", index, *found["loc"])
            problems.append(Problem(mark, path, found["msg"]))
        return None
    except ValueError as error:
        problems.append(Problem(mark, ("workload", index), str(error)))
        return None
    return kind, arguments
