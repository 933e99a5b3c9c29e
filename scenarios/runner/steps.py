"""The steps of a run, from story and flows together, and what the contracts hold before the first block."""

from __future__ import annotations

import msgspec

from node.contracts import accounts
from node.contracts.fields import Arguments
from node.ledger.genesis import Genesis
from node.membership import KeyRing
from scenarios.language.problems import Mark, Problem, ScenarioInvalid
from scenarios.language.schema import Scenario
from scenarios.runner.declared_settings import declared_settings
from scenarios.runner.flows import build_flows, flow_openings, sign_by_themselves
from scenarios.runner.story import build_story
from scenarios.runner.story_settings import story_openings, story_settings, with_terms_of_products
from scenarios.runner.workload import Step, Workload

_encode = msgspec.msgpack.Encoder().encode


def build_steps(scenario: Scenario, keyring: KeyRing, genesis: Genesis, seed: int) -> Workload:
    """Every transaction of the run, signed, in order of submission. ScenarioInvalid where something is not right."""
    if scenario.story and sign_by_themselves(scenario):
        message = "a scenario has a story or a workload: each numbers its clients' transactions by itself"
        raise ScenarioInvalid([Problem(Mark(scenario.origin.label, -1, 0), ("workload",), message)])
    told, shared = build_story(scenario, keyring, genesis, seed)
    steps: list[Step] = [*told, *build_flows(scenario, keyring, genesis, seed)]
    return Workload(steps=tuple(sorted(steps, key=lambda step: step.at_ns)), shared=shared)


def contract_settings(scenario: Scenario, keyring: KeyRing) -> tuple[tuple[str, bytes], ...]:
    """Per contract, the canonical bytes of its settings, in order of name."""
    openings = (*story_openings(scenario), *flow_openings(scenario))
    settings: dict[str, Arguments] = {**story_settings(scenario), **declared_settings(scenario, keyring)}
    settings = with_terms_of_products(scenario, settings)
    if openings:
        settings[accounts.contract.name] = accounts.Settings(openings=openings)
    return tuple((name, _encode(value)) for name, value in sorted(settings.items()))
