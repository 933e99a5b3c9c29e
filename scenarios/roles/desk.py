"""The desk: where a step of a story becomes a transaction.

A role's verbs are written against two things. The *act* is one step as the scenario wrote it, with accessors that
say what is wrong where something is. The *desk* is what an organisation has at hand off the chain: its keys, its
drawers (``world``), what it could read of the chain so far, and the envelopes it may open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from consensus.vocabulary import MILLISECOND
from node.contracts.fields import Arguments, Record
from node.ledger.state_tree import StateTree
from node.membership import Directory, KeyRing, Keys, Registry
from node.privacy import Envelope, Opening, Sealed, Value
from scenarios.language import units
from scenarios.language.models.privacy import DataClass
from scenarios.language.models.world import Person, Stay
from scenarios.language.problems import did_you_mean
from scenarios.language.schema import Scenario
from scenarios.roles.custodian import Custodian
from scenarios.roles.tokens import keyed_token, pseudonym

RecordT = TypeVar("RecordT", bound=Record)
DrawerT = TypeVar("DrawerT")

_DAY_MS = 86_400_000


class StoryError(Exception):
    """A step of the story cannot be turned into a transaction; ``key`` is the argument that is to blame."""

    def __init__(self, step: str, key: str, message: str) -> None:
        super().__init__(f"step `{step}`: `{key}`: {message}" if key else f"step `{step}`: {message}")
        self.step = step
        self.key = key
        self.message = message


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a verb asks of the chain; ``envelope`` is the payload among the arguments, if there is one.

    ``erased``: records that the own node must say it has erased, before the transaction is submitted. ``saved`` is told
    what the receipt says, where the chain did not refuse: the place to put something into a drawer.
    """

    contract: str
    action: str
    arguments: Arguments
    cosigners: tuple[str, ...] = ()
    envelope: Envelope | None = None
    erased: tuple[str, ...] = ()
    saved: Callable[[Any], None] | None = None


class Act:
    """One step: who, when, and its arguments. Every argument must be taken; what is left over is a mistake."""

    def __init__(self, step: str, who: str, object_id: str, time_ms: int, given: Mapping[str, Any]) -> None:
        self.step = step
        self.who = who
        self.object_id = object_id
        self.time_ms = time_ms
        self._left = dict(given)
        self._taken: list[str] = []

    def error(self, key: str, message: str) -> StoryError:
        return StoryError(self.step, key, message)

    def take(self, key: str, default: Any = None) -> Any:
        """The argument as it was written, or ``default``."""
        self._taken.append(key)
        return self._left.pop(key, default)

    def has(self, key: str) -> bool:
        """Is there an argument of that name that was not taken yet?"""
        return key in self._left

    def rest(self) -> dict[str, Any]:
        """All arguments that were not taken yet."""
        left, self._left = self._left, {}
        return left

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, default)
        if value is None:
            raise self.error("", f"`{key}` is missing{did_you_mean(key, self._left)}")
        if not isinstance(value, str):
            raise self.error(key, f"must be a text, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key, False)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {value!r}")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"must be a list of names, not {value!r}")
        return value

    def share_ppm(self, key: str) -> int:
        return self._unit(key, units.parse_share)

    def money_fen(self, key: str) -> int:
        return self._unit(key, units.parse_money)

    def duration_ms(self, key: str) -> int:
        return self._unit(key, units.parse_duration) // MILLISECOND

    def day_ms(self, key: str) -> int:
        value = self.text(key)
        try:
            days = (dt.date.fromisoformat(value) - dt.date(1970, 1, 1)).days
        except ValueError:
            raise self.error(key, f"`{value}` is no date; write it like `2023-04-01`") from None
        return days * _DAY_MS

    def done(self) -> None:
        """Nothing may be left over."""
        for key in self._left:
            known = dict.fromkeys(self._taken)
            takes = f"; it takes {', '.join(known)}" if known else ""
            raise self.error(key, f"is no argument of this act{did_you_mean(key, known) or takes}")

    def _unit(self, key: str, parse: Callable[[str], int]) -> int:
        value = self.text(key)
        try:
            return parse(value)
        except units.UnitError as error:
            raise self.error(key, str(error)) from None


class Desk:
    """What the organisations of one story have at hand. ``tree`` is the chain's state as the story stands."""

    def __init__(self, scenario: Scenario, keyring: KeyRing, directory: Directory, tree: StateTree) -> None:
        self.scenario = scenario
        self.world = scenario.world
        self.directory = directory
        self.tree = tree
        self._keyring = keyring
        self._objects: dict[str, str] = {}
        self._custody = Custodian(scenario, keyring, lambda: self.registry)
        self._outputs: dict[str, Mapping[str, Any]] = {}
        self._refused: dict[str, str] = {}
        self._pseudonyms: dict[str, str] = {}  # by a person's name
        self._drawers: dict[tuple[str, type], Any] = {}

    # --- what earlier steps made

    def remember(self, step: str, object_id: str, envelope: Envelope | None, output: Any, refused: str = "") -> None:
        """Note what a step made and what its receipt says, for the steps after it; ``refused``: why it made nothing."""
        if refused:
            self._refused[object_id] = f"`{step}` is refused with `{refused}`"
        self._objects[step] = object_id
        self._outputs[step] = output if isinstance(output, dict) else {}
        if envelope is not None:
            self._custody.keep(step, envelope)

    def object(self, act: Act, key: str) -> str:
        """The id of the object that the step named by the argument ``key`` made."""
        return self.object_of(act, key, act.text(key))

    def object_of(self, act: Act, key: str, step: str) -> str:
        found = self._objects.get(step)
        if found is None:
            raise act.error(key, f"no step `{step}` stands before this one")
        return found

    def output_of(self, act: Act, key: str, step: str, name: str) -> str:
        """The text ``name`` in the receipt of an earlier step."""
        found = self._outputs.get(step, {}).get(name)
        if not isinstance(found, str):
            raise act.error(key, f"the receipt of step `{step}` holds no `{name}`")
        return found

    def received(self, act: Act, key: str, step: str, name: str) -> Any:
        """What the receipt of an earlier step says under ``name``."""
        said = self._outputs.get(step)
        if said is None:
            raise act.error(key, f"no step `{step}` stands before this one")
        if name not in said:
            near = did_you_mean(name, said) or f"; it holds {', '.join(said) or 'nothing'}"
            raise act.error(key, f"the receipt of step `{step}` holds no `{name}`{near}")
        return said[name]

    def find(self, act: Act, kind: type[RecordT], object_id: str) -> RecordT:
        """The record as it lies in the state; the step is to blame where an earlier one made none."""
        found = self.tree.get(kind.namespace, object_id)
        if not isinstance(found, kind):
            why = self._refused.get(object_id, "the step that makes it is refused, or makes something else")
            raise act.error("", f"there is no {kind.__name__} {object_id}; {why}")
        return found

    def opened(self, act: Act, object_id: str) -> dict[str, Opening]:
        """What the act's own party finds in the envelope that came with an object, by path."""
        try:
            return {opening.path: opening for opening in self._custody.read(object_id, act.who, self.tree)}
        except LookupError as error:
            raise act.error("", str(error.args[0])) from None

    def number(self, act: Act, object_id: str, path: str) -> int:
        """A whole number that the act's own party finds in the envelope that came with an object."""
        opening = self.opened(act, object_id).get(path)
        if opening is None or not isinstance(opening.value, int):
            raise act.error("", f"what came with {object_id} holds no number `{path}`")
        return opening.value

    # --- secrets

    def seal(
        self, act: Act, data_class: DataClass, fields: Mapping[str, Value], parties: Iterable[str], sender: str = ""
    ) -> Envelope:
        """``fields`` for ``parties`` and the object that this act makes, by its party or by ``sender``.

        In what form they lie on the chain is for the scenario's ``privacy`` to say, class by class.
        """
        try:
            return self._custody.enclose(act.object_id, data_class, fields, tuple(parties), sender or act.who)
        except ValueError as error:
            raise act.error("", str(error)) from None

    def show_again(
        self, act: Act, data_class: DataClass, record: str, paths: Iterable[str], parties: Iterable[str]
    ) -> Envelope:
        """What the act's own party can read of ``paths`` of a record, as it was committed to, for ``parties``."""
        try:
            source = (record, act.who, self.tree)
            return self._custody.show(act.object_id, data_class, source, tuple(paths), tuple(parties))
        except (LookupError, ValueError) as error:
            raise act.error("", str(error.args[0])) from None

    def seal_again(self, act: Act, record: str) -> Sealed:
        """What the act's own party can read of a sealed record, to the keys that its parties have now."""
        try:
            return self._custody.enclose_again(record, act.who, self.tree)
        except LookupError as error:
            raise act.error("", str(error.args[0])) from None

    @property
    def custody(self) -> Custodian:
        """What was shared in the story so far."""
        return self._custody

    def token(self, owner: str, purpose: str, value: str) -> str:
        """A token that only ``owner`` can make: BLAKE2b keyed by a secret of its own, in hex."""
        return keyed_token(self._keyring, owner, purpose, value)

    def sign(self, name: str, generation: int = 0) -> Callable[[bytes], bytes]:
        """What signs with a wallet's newest key, or with the one of that ``generation``."""
        return self.keys_of(name, generation or self.generation(name)).sign

    def sign_as_node(self, name: str) -> Callable[[bytes], bytes]:
        """What signs with the key of an organisation's node."""
        return self._keyring.sign(f"node.{name}")

    def keys_of(self, name: str, generation: int) -> Keys:
        """A wallet's keys: its first (1), or those that it got after it had lost the ones before."""
        return self._keyring.generation(name, generation)

    def generation(self, name: str) -> int:
        """Which of a wallet's keys is its newest, as the story stands."""
        return max(1, len(self.registry.client_keys(name)))

    @property
    def registry(self) -> Registry:
        """Who is who, as the story stands."""
        return Registry(self.directory.founding, self.tree.get)

    # --- people and drawers

    def of_role(self, act: Act, role: str) -> str:
        """The organisation of that role; there must be exactly one."""
        names = [member.name for member in self.scenario.member_names if member.role == role]
        if len(names) != 1:
            raise act.error("", f"the story needs exactly one {role}, not {len(names)}")
        return names[0]

    def drawer(self, owner: str, kind: type[DrawerT]) -> DrawerT:
        """What an organisation keeps of that kind, off the chain; an empty one where it kept nothing yet."""
        found: DrawerT = self._drawers.setdefault((owner, kind), kind())
        return found

    def person(self, act: Act, name: str) -> Person:
        found = self.world.people.get(name)
        if found is None:
            raise act.error("person", f"`{name}` is not under `world.people`")
        return found

    def stay(self, act: Act, key: str = "stay") -> Stay:
        name = act.text(key)
        found = self.world.stays.get(name)
        if found is None:
            raise act.error(key, f"`{name}` is not under `world.stays`")
        return found

    def pseudonym(self, act: Act, name: str) -> str:
        """The token by which the chain knows a person, keyed by the bureau."""
        if name not in self._pseudonyms:
            bureau = self.of_role(act, "bureau")
            self._pseudonyms[name] = pseudonym(self._keyring, bureau, self.person(act, name).identity)
        return self._pseudonyms[name]

    def person_of(self, act: Act, pseudonym: str) -> Person:
        """The bureau's look-up the other way."""
        for name, person in self.world.people.items():
            if self.pseudonym(act, name) == pseudonym:
                return person
        raise act.error("", "nobody has this pseudonym")


Verb = Callable[[Desk, Act], Request]


class Verbs:
    """The verbs of one role, by the name that stories use."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.table: dict[str, Verb] = {}

    def __call__(self, name: str) -> Callable[[Verb], Verb]:
        def declare(verb: Verb) -> Verb:
            self.table[name] = verb
            return verb

        return declare
