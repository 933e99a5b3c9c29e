"""``settings``: what a scenario puts into contracts before the first block, beyond what its world says by itself."""

from __future__ import annotations

from node.contracts import CATALOGUE, accounts
from node.contracts.fields import Arguments
from node.membership import KeyRing
from scenarios.language.problems import did_you_mean
from scenarios.language.schema import Scenario
from scenarios.roles.arguments import ArgumentError, References, arguments_of
from scenarios.roles.tokens import pseudonym
from scenarios.runner.places import invalid


def declared_settings(scenario: Scenario, keyring: KeyRing) -> dict[str, Arguments]:
    """Per contract, the settings that the scenario writes out. ScenarioInvalid where one cannot be read."""
    return {name: _settings(scenario, name, keyring) for name in scenario.settings}


def _settings(scenario: Scenario, name: str, keyring: KeyRing) -> Arguments:
    contract = CATALOGUE.get(name)
    place = ("settings", name)
    taking = sorted(known for known, one in CATALOGUE.items() if one.settings_type is not None)
    if contract is None or contract.settings_type is None:
        said = "takes no settings" if contract else "is no contract"
        near = did_you_mean(name, taking) or f"; settings are taken by {', '.join(taking)}"
        raise invalid(scenario, place, f"`{name}` {said}{near}")
    if contract is accounts.contract:
        raise invalid(scenario, place, "what parties begin with is said under `world.cash`")
    try:
        return arguments_of(contract.settings_type, scenario.settings[name], _Known(scenario, keyring))
    except ArgumentError as error:
        keys = tuple(int(part) if part.isdigit() else part for part in error.key.split(".") if part)
        raise invalid(scenario, (*place, *keys), str(error)) from None


class _Known(References):
    """People are known by their pseudonyms before the first block."""

    def __init__(self, scenario: Scenario, keyring: KeyRing) -> None:
        self._scenario = scenario
        self._keyring = keyring

    def pseudonym(self, key: str, person: str) -> str:
        bureaus = [member.name for member in self._scenario.member_names if member.role == "bureau"]
        found = self._scenario.world.people.get(person)
        if found is None or len(bureaus) != 1:
            reason = "is not under `world.people`" if len(bureaus) == 1 else "has a pseudonym where there is one bureau"
            raise ArgumentError(key, f"`{person}` {reason}{did_you_mean(person, self._scenario.world.people)}")
        return pseudonym(self._keyring, bureaus[0], found.identity)
