"""What a story's world puts into the contracts before the first block."""

from __future__ import annotations

from consensus.vocabulary import MILLISECOND
from node.contracts import access, consent, policy, products, risk, supervision
from node.contracts.accounts import Opening
from node.contracts.fields import Arguments
from scenarios.language.schema import Scenario
from scenarios.roles.terms import kept_up, sold


def story_openings(scenario: Scenario) -> tuple[Opening, ...]:
    """The cash that the story's parties begin with."""
    return tuple(Opening(owner=owner, cash_fen=fen) for owner, fen in sorted(scenario.world.cash.items()))


def story_settings(scenario: Scenario) -> dict[str, Arguments]:
    """Per contract, its settings; none where there is no story."""
    if not scenario.story:
        return {}
    world = scenario.world
    return {
        access.contract.name: access.Settings(fields=tuple(sorted(world.listed_fields.items()))),
        consent.contract.name: consent.Settings(query_timeout_ms=world.query_timeout // MILLISECOND),
        products.contract.name: products.Settings(products=sold(scenario.products)),
        risk.contract.name: risk.Settings(cap_fen=world.risk_cap),
        supervision.contract.name: supervision.Settings(scopes=tuple(sorted(world.regulator_scope.items()))),
    }


def with_terms_of_products(scenario: Scenario, settings: dict[str, Arguments]) -> dict[str, Arguments]:
    """``settings`` with the terms that products' files have; where the scenario declares a product's, those stand."""
    name = policy.contract.name
    declared = settings.get(name, policy.Settings())
    assert isinstance(declared, policy.Settings)  # noqa: S101 - its contract takes no other
    said = {terms.product for terms in declared.terms}
    added = tuple(terms for terms in kept_up(scenario.products) if terms.product not in said)
    return {**settings, name: policy.Settings(terms=(*declared.terms, *added))} if added else settings
