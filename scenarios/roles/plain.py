"""Plain acts: ``do: contract.action`` asks any contract for any of its actions, without a verb for it.

The arguments are the action's own, by name, written with the language's units; the types of the contract's
``Arguments`` say how each is read. What needs a drawer, an observation or a person's judgement is worth a verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from node.contracts import CATALOGUE
from node.contracts.contract import Action
from node.privacy import Envelope, Opening
from scenarios.language.models.privacy import DataClass
from scenarios.language.problems import did_you_mean
from scenarios.roles.arguments import ArgumentError, References, arguments_of, words_of
from scenarios.roles.desk import Act, Desk, Request

DOCUMENT = "document"
"""The class of data of what a plain act encloses, where it does not say another."""


def plain(desk: Desk, act: Act, call: str) -> Request:
    """The request for ``call``, "contract.action".

    ``signed_by`` names co-signers; where an argument is called like a key of the step, all stand under ``with``.
    """
    name, action = _action(act, call)
    cosigners = act.names("signed_by") if act.has("signed_by") else ()
    given = act.take("with") if act.has("with") else None
    if given is None:
        given = act.rest()
    elif not isinstance(given, Mapping):
        raise act.error("with", "must be a mapping of the action's arguments")
    references = _OfStory(desk, act)
    try:
        arguments = arguments_of(action.arguments, given, references)
    except ArgumentError as error:
        raise act.error(error.key, f"{error}; {call} takes {words_of(action.arguments)}") from None
    return Request(
        contract=name,
        action=action.name,
        arguments=arguments,
        cosigners=cosigners,
        envelope=references.envelope,
    )


def _action(act: Act, call: str) -> tuple[str, Action]:
    contract, _, name = call.partition(".")
    found = CATALOGUE.get(contract)
    if found is None:
        near = did_you_mean(contract, CATALOGUE) or f"; there are: {', '.join(sorted(CATALOGUE))}"
        raise act.error("do", f"there is no contract `{contract}`{near}")
    action = found.actions.get(name)
    if action is None:
        near = did_you_mean(name, found.actions) or f"; it can {', '.join(sorted(found.actions))}"
        raise act.error("do", f"the contract `{contract}` has no action `{name}`{near}")
    return contract, action


class _OfStory(References):
    """What names stand for as the story stands."""

    def __init__(self, desk: Desk, act: Act) -> None:
        self._desk = desk
        self._act = act
        self.envelope: Envelope | None = None

    def object(self, key: str, step: str) -> str:
        return self._desk.object_of(self._act, key, step)

    def received(self, key: str, step: str, name: str) -> Any:
        return self._desk.received(self._act, key, step, name)

    def pseudonym(self, key: str, person: str) -> str:
        if person not in self._desk.world.people:
            near = did_you_mean(person, self._desk.world.people)
            raise ArgumentError(key, f"`{person}` is not under `world.people`{near}")
        return self._desk.pseudonym(self._act, person)

    def token(self, key: str, text: str) -> str:  # noqa: ARG002 - every text makes one
        return self._desk.token(self._act.who, "tokens", text)

    def enclose(self, key: str, given: Mapping[str, Any]) -> Envelope:
        fields, parties = given.get("fields"), given.get("to")
        shown = given.get("again")
        if shown is not None:
            return self._show_again(key, given, str(shown))
        if not isinstance(fields, Mapping) or not isinstance(parties, tuple):
            raise ArgumentError(key, "encloses `fields` (a mapping) for `to` (names), perhaps of a `class`")
        self.envelope = self._desk.seal(self._act, _class_of(key, given), dict(fields), parties)
        return self.envelope

    def opening(self, key: str, step: str, field: str) -> Opening:
        found = self._desk.opened(self._act, self.object(key, step)).get(field)
        if found is None:
            raise ArgumentError(key, f"what `{step}` enclosed holds no `{field}` that {self._act.who} can read")
        return found

    def _show_again(self, key: str, given: Mapping[str, Any], step: str) -> Envelope:
        """Fields of what an earlier step enclosed, with the commitments that they have there, for others."""
        fields, parties = given.get("fields"), given.get("to")
        if not isinstance(fields, tuple) or not isinstance(parties, tuple):
            raise ArgumentError(key, "shows again `fields` (a list of names) of a step, `again`, to `to` (names)")
        record = self.object(key, step)
        self.envelope = self._desk.show_again(self._act, _class_of(key, given), record, fields, parties)
        return self.envelope


def _class_of(key: str, given: Mapping[str, Any]) -> DataClass:
    kind = given.get("class", DOCUMENT)
    if kind not in get_args(DataClass):
        near = did_you_mean(str(kind), get_args(DataClass)) or f"; there are: {', '.join(get_args(DataClass))}"
        raise ArgumentError(key, f"`{kind}` is no class of data{near}")
    found: DataClass = kind
    return found
