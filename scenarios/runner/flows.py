"""Flows: what a scenario names under ``workload:``, as drafts of transactions, and what they need in the genesis.

A flow is a pure function of its arguments, the scenario, the keys and the seed. Those of a market are built together
(``scenarios.runner.market``); any other is by itself: to add one, write a model of its arguments and a builder, and
enter them in ``FLOWS``. All flows' transactions are numbered and signed together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import ValidationError

from node.contracts.accounts import Opening
from node.ledger.genesis import Genesis
from node.ledger.state_tree import StateTree
from node.membership import KeyRing
from scenarios.language.models.base import Part
from scenarios.language.models.market import MARKET_FLOWS, MarketFlow
from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid, did_you_mean
from scenarios.language.reading import Document
from scenarios.language.schema import Scenario
from scenarios.language.verdicts import problems_of
from scenarios.results.figures import Sheet
from scenarios.runner import (
    city_plan,
    contributions,
    duplicate_questions,
    e_policies,
    hospital_totals,
    loss_development,
    market,
    points,
    transfers,
    zero_perception,
)
from scenarios.runner.conductor import Acknowledged
from scenarios.runner.drafts import Draft, steps_of
from scenarios.runner.market.cast import CastError
from scenarios.runner.paid_claims import PaidClaim
from scenarios.runner.told import Told
from scenarios.runner.workload import Step


class FlowKind(NamedTuple):
    """A flow by itself: the model of its arguments, its drafts, its opening cash, and what is wrong at the end.

    ``cast`` finds its parties among the members: ValueError where they, or the arguments, do not do. ``claims`` tells,
    one by one, of the claims that a run paid, to be timed on the chain and on paper, and ``figures`` what its business
    came to. A flow that is a story says by ``tell`` what is told: its steps are then signed as a story's are, by the
    roles' verbs, with all that parties share.
    """

    arguments: type[Part]
    cast: Callable[[Any, Scenario], Any]
    build: Callable[[Any, Scenario, KeyRing, int], list[Draft]]
    openings: Callable[[Any, Scenario], tuple[Opening, ...]]
    differences: Callable[[Any, Scenario, StateTree, int], tuple[str, ...]]
    claims: Callable[[Any, Scenario, int, Sequence[Acknowledged]], Iterator[PaidClaim]] | None = None
    figures: Callable[[Any, Scenario, StateTree, int], tuple[Sheet, ...]] | None = None
    tell: Callable[[Any, Scenario, int], Told] | None = None


FLOWS: Mapping[str, FlowKind] = MappingProxyType(
    {
        "city-plan": FlowKind(
            arguments=city_plan.CityPlan,
            cast=city_plan.cast_of,
            build=city_plan.build,
            openings=city_plan.openings,
            differences=lambda arguments, scenario, tree, _: city_plan.differences(arguments, scenario, tree),
            claims=city_plan.paid_claims,
            figures=city_plan.figures,
        ),
        contributions.FLOW: FlowKind(
            arguments=contributions.Contributions,
            cast=contributions.cast_of,
            build=contributions.build,
            openings=contributions.openings,
            differences=contributions.differences,
        ),
        hospital_totals.FLOW: FlowKind(
            arguments=hospital_totals.HospitalTotals,
            cast=hospital_totals.parties_of,
            build=hospital_totals.build,
            openings=hospital_totals.openings,
            differences=hospital_totals.differences,
            figures=hospital_totals.figures,
        ),
        duplicate_questions.FLOW: FlowKind(
            arguments=duplicate_questions.DuplicateQuestions,
            cast=duplicate_questions.parties_of,
            build=duplicate_questions.build,
            openings=duplicate_questions.openings,
            differences=duplicate_questions.differences,
            figures=duplicate_questions.figures,
        ),
        e_policies.FLOW: FlowKind(
            arguments=e_policies.EPolicies,
            cast=e_policies.parties_of,
            build=e_policies.build,
            openings=e_policies.openings,
            differences=e_policies.differences,
        ),
        loss_development.FLOW: FlowKind(
            arguments=loss_development.LossDevelopment,
            cast=loss_development.cast_of,
            build=loss_development.build,
            openings=loss_development.openings,
            differences=loss_development.differences,
        ),
        points.FLOW: FlowKind(
            arguments=points.PointAccounts,
            cast=points.cast_of,
            build=points.build,
            openings=points.openings,
            differences=points.differences,
        ),
        transfers.FLOW: FlowKind(
            arguments=transfers.Transfers,
            cast=transfers.parties_of,
            build=transfers.build,
            openings=transfers.openings,
            differences=transfers.differences,
        ),
        zero_perception.FLOW: FlowKind(
            arguments=zero_perception.ZeroPerception,
            cast=zero_perception.cast_of,
            build=lambda *_: [],
            openings=zero_perception.openings,
            differences=zero_perception.differences,
            tell=zero_perception.tell,
        ),
    }
)


def build_flows(scenario: Scenario, keyring: KeyRing, genesis: Genesis, seed: int) -> list[Step]:
    """The steps of every flow of ``scenario``, in order of submission. ScenarioInvalid where a flow is not right."""
    found = _flows(scenario)
    drafts = [draft for kind, arguments in found.alone for draft in kind.build(arguments, scenario, keyring, seed)]
    try:
        drafts += market.build(scenario, found.market, seed)
    except ValueError as error:
        raise _invalid(scenario, ("workload",), str(error)) from None
    return steps_of(drafts, keyring, genesis.network, scenario.run.clock)


def flow_openings(scenario: Scenario) -> tuple[Opening, ...]:
    """The cash that the flows' parties begin with, for the settings of the contract "accounts"."""
    flows = _flows(scenario)
    found = tuple(opening for kind, arguments in flows.alone for opening in kind.openings(arguments, scenario))
    found += market.openings(scenario, flows.market)
    owners = Counter(opening.owner for opening in found)
    for name in (owner for owner, count in owners.items() if count > 1):
        message = f"`{name}` takes part in two flows of which one keeps accounts by itself: it can be in no other"
        raise _invalid(scenario, ("workload",), message)
    return found


def flow_differences(scenario: Scenario, tree: StateTree, seed: int) -> tuple[str, ...]:
    """What a drained run's state gets wrong, compared with what the data alone says; empty when all is right."""
    flows = _flows(scenario)
    alone = [line for kind, arguments in flows.alone for line in kind.differences(arguments, scenario, tree, seed)]
    return (*alone, *market.differences(scenario, flows.market, tree, seed))


def told_by_flows(scenario: Scenario, seed: int) -> Scenario:
    """``scenario`` with the stories of its flows told; itself where none of them is one."""
    telling = [(kind.tell, arguments) for kind, arguments in _flows(scenario).alone if kind.tell is not None]
    if not telling:
        return scenario
    told = [tell(arguments, scenario, seed) for tell, arguments in telling]
    world = scenario.world.model_copy(
        update={
            "people": {**scenario.world.people, **{name: one for part in told for name, one in part.people.items()}},
            "stays": {**scenario.world.stays, **{name: one for part in told for name, one in part.stays.items()}},
        }
    )
    steps = (*scenario.story, *(step for part in told for step in part.steps))
    return scenario.model_copy(update={"story": steps, "world": world})


def sign_by_themselves(scenario: Scenario) -> bool:
    """Has ``scenario`` flows whose drafts are numbered and signed together, and not with its story?"""
    found = _flows(scenario)
    return bool(found.market) or any(kind.tell is None for kind, _ in found.alone)


def flow_claims(scenario: Scenario, seed: int, acknowledged: Sequence[Acknowledged]) -> Iterator[PaidClaim]:
    """The claims that the flows' steps paid, as far as a flow tells."""
    for kind, arguments in _flows(scenario).alone:
        if kind.claims is not None:
            yield from kind.claims(arguments, scenario, seed, acknowledged)


def flow_figures(scenario: Scenario, tree: StateTree, seed: int) -> tuple[Sheet, ...]:
    """What a drained run's business came to, as far as its flows tell."""
    alone = [(kind.figures, arguments) for kind, arguments in _flows(scenario).alone if kind.figures is not None]
    return tuple(sheet for figures, arguments in alone for sheet in figures(arguments, scenario, tree, seed))


def flow_problems(scenario: Scenario) -> list[Problem]:
    """Everything wrong with the scenario's flows, for those who check without running."""
    return _read(scenario)[1]


class _Flows(NamedTuple):
    """A scenario's flows, as their builders take them."""

    alone: list[tuple[FlowKind, Part]]
    market: list[MarketFlow]


def _flows(scenario: Scenario) -> _Flows:
    found, problems = _read(scenario)
    if problems:
        raise ScenarioInvalid(problems)
    return found


def _read(scenario: Scenario) -> tuple[_Flows, list[Problem]]:
    found = _Flows([], [])
    problems: list[Problem] = []
    for index, flow in enumerate(scenario.workload):
        path: Path = ("workload", index)
        try:
            if isinstance(flow, MarketFlow):
                market.require_cast(scenario, flow)
                found.market.append(flow)
            else:
                found.alone.append(_alone(scenario, path, flow.flow, flow.__pydantic_extra__))
        except ScenarioInvalid as invalid:
            problems += invalid.problems
        except CastError as error:
            problems += _invalid(scenario, (*path, error.key), str(error)).problems
        except ValueError as error:
            problems += _invalid(scenario, path, str(error)).problems
    return found, problems


def _alone(scenario: Scenario, path: Path, name: str, extra: Mapping[str, Any]) -> tuple[FlowKind, Part]:
    """A flow by itself. ScenarioInvalid, or ValueError, where it is not right."""
    kind = FLOWS.get(name)
    if kind is None:
        known = [*MARKET_FLOWS, *FLOWS]
        message = f"there is no flow `{name}`; there are: {', '.join(known)}{did_you_mean(name, known)}"
        raise _invalid(scenario, (*path, "flow"), message)
    given = {"flow": name, **extra}
    try:
        arguments = kind.arguments.model_validate(given)
    except ValidationError as error:
        document = Document(label=scenario.origin.label, text="", root=given, keys={}, values={})
        found = problems_of(error, document, (), kind.arguments.model_json_schema())
        raise ScenarioInvalid(problem._replace(path=(*path, *problem.path)) for problem in found) from None
    kind.cast(arguments, scenario)
    return kind, arguments


def _invalid(scenario: Scenario, path: Path, message: str) -> ScenarioInvalid:
    return ScenarioInvalid([Problem(Mark(scenario.origin.label, -1, 0), path, message)])
