"""A scenario as a typed value, and the JSON Schema that editors use.

The top level is here; the parts are in ``models/``. Everything with a unit is an integer by now (nanoseconds,
fen, parts per million); names of nodes and clients are spelled out by :attr:`Scenario.member_names` and
:attr:`Scenario.client_names`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr

from scenarios.language.models.base import Part, Word
from scenarios.language.models.business import Assumption, Flow, Story
from scenarios.language.models.consensus import Consensus
from scenarios.language.models.costs import CostsOrName
from scenarios.language.models.economics import Economics
from scenarios.language.models.expect import Expect
from scenarios.language.models.faults import Fault
from scenarios.language.models.members import ClientName, Clients, MemberName, Members
from scenarios.language.models.misbehaviour import Misbehaviour
from scenarios.language.models.network import Network
from scenarios.language.models.privacy import Privacy
from scenarios.language.models.product import ProductOrName
from scenarios.language.models.run import Run
from scenarios.language.models.source import Source
from scenarios.language.models.sweep import Sweep
from scenarios.language.models.world import Arms, Canary, World
from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid, did_you_mean

_INCLUDE = "A file, or several, from the folder of this one, whose keys belong here."

SCHEMA_ID = "consortium/scenario.schema.json"

Bare = BeforeValidator(lambda value: {} if value is None else value)
"""`bureau:` with nothing behind it is `bureau: {}`."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a scenario came from. ``resolved`` is its YAML with overrides, anchors and files in their places."""

    label: str
    resolved: str
    sha256: str  # of ``resolved``
    warnings: tuple[Problem, ...] = ()
    marks: dict[Path, Mark] = {}

    def mark(self, path: Path) -> Mark:
        """The place of ``path`` in the text, or of the nearest thing above it."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks[path] if path else Mark(self.label, -1, 0)

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """``problems`` that others found in this scenario, each with its line where they gave only a path."""
        return [
            problem._replace(mark=self.mark(problem.path))
            if problem.path and problem.mark.label == self.label and problem.mark.line < 0
            else problem
            for problem in problems
        ]


class Scenario(Part):
    """One scenario. `x-*` keys are ignored everywhere: a home for anchors."""

    model_config = ConfigDict(title="consortium scenario")

    extends: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The file of another scenario, from the folder of this one, that this one adds to: lists are continued."""
    version: Literal[1]
    """The version of this language."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    """A short name; the run's folder is called after it."""
    description: str = ""
    """What is shown, in a few sentences."""
    source: Source = ()
    """The rows of the table of systems that it shows; each can say by what, and what is simplified."""

    run: Run = Run()
    """Seed, duration, world and clock."""
    consensus: Consensus = Consensus()
    """Which protocol orders the blocks."""
    members: Annotated[dict[Word, Annotated[Members, Bare]], Field(min_length=1)]
    """The organisations by role, in order of their nodes' numbers."""
    clients: dict[Word, Annotated[Clients, Bare]] = Field(default_factory=dict)
    """People with wallets of their own, by role. Every organisation has a wallet of its name anyway."""
    network: Network = Network()
    """The links between nodes."""
    costs: CostsOrName | None = None
    """What work costs a node (virtual world only): six durations, or their file's name from the scenario's folder."""

    privacy: Privacy = "encrypted"
    """What a story's payloads look like on the chain: one mode, or one for each class of data."""
    products: Annotated[tuple[ProductOrName, ...], Field(max_length=64)] = ()
    """Insurance products: shipped ones by name, one's own by the path of a file (`./mine.yaml`) or in full."""
    assumptions: tuple[Assumption, ...] = ()
    """Values that the sources do not give; using one that is not declared is an error."""

    canaries: tuple[Canary, ...] = ()
    """Values that leak scans look for, and who may hold them."""
    settings: dict[Word, dict[str, Any]] = Field(default_factory=dict)
    """What contracts hold before the first block, by contract and field; in the place of what `world` says."""
    world: World = World()
    """What is so before the story begins."""
    arms: Arms = Arms()
    """How long the stages of one claim take, on the chain and on paper."""
    economics: Economics | None = None
    """What the network costs and saves its members a year, by how many have joined."""
    story: tuple[Story, ...] = ()
    """Named steps, one after the other. A scenario has a story or a workload, not both."""
    workload: tuple[Flow, ...] = ()
    """Flows of many like steps, instead of a story."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong, and when."""
    misbehaviour: tuple[Misbehaviour, ...] = ()
    """Who lies, and how: people, not nodes."""
    expect: Expect = Expect()
    """What must hold for the verdict PASS."""
    sweep: Sweep | None = None
    """What `consortium sweep` runs; `run` takes no notice of it."""

    _origin: Origin | None = PrivateAttr(default=None)

    @property
    def origin(self) -> Origin:
        """Where it came from; only what ``load_scenario`` made has one."""
        if self._origin is None:
            raise ValueError("this scenario was not loaded from a text")
        return self._origin

    @cached_property
    def member_names(self) -> tuple[MemberName, ...]:
        """Every organisation with a node; the place in this list is the node's number."""
        return tuple(
            MemberName(name=name, role=role, votes=members.vote)
            for role, members in self.members.items()
            for name in members.names(role)
        )

    @cached_property
    def client_names(self) -> tuple[ClientName, ...]:
        """Every wallet: the organisations' first, each at home at its own node, then people's."""
        own = [ClientName(name=member.name, role=member.role, home=member.name) for member in self.member_names]
        nodes = [member.name for member in self.member_names]
        people = [
            ClientName(name=name, role=role, home=clients.home or nodes[index % len(nodes)])
            for role, clients in self.clients.items()
            for index, name in enumerate(clients.names(role))
        ]
        return tuple(own + people)

    @property
    def voters(self) -> tuple[int, ...]:
        """Numbers of the members that may vote."""
        return tuple(number for number, member in enumerate(self.member_names) if member.votes)

    @cached_property
    def liars(self) -> tuple[int, ...]:
        """Numbers of the nodes that are Byzantine at some time."""
        named = {fault.byzantine for fault in self.faults}
        return tuple(number for number, member in enumerate(self.member_names) if member.name in named)

    def node_number(self, name: str) -> int:
        """The number of the node called ``name``; KeyError where there is none."""
        for number, member in enumerate(self.member_names):
            if member.name == name:
                return number
        raise KeyError(name)

    def assumption(self, identifier: str) -> Any:
        """The declared value of an assumption, as written; ScenarioInvalid where it is not declared.

        Builders of workloads call this for every value that no source gives.
        """
        for assumption in self.assumptions:
            if assumption.id == identifier:
                return assumption.value
        near = did_you_mean(identifier, [assumption.id for assumption in self.assumptions])
        label = self._origin.label if self._origin is not None else self.name
        message = f"`{identifier}` is assumed but not declared; add it with its value, row and reason{near}"
        raise ScenarioInvalid([Problem(Mark(label, -1, 0), ("assumptions",), message)])


@cache
def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenarios, the source of configs/scenario.schema.json. Made once: change nothing in it."""
    return schema_of(Scenario, SCHEMA_ID)


def schema_of(model: type[Part], identifier: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file."""
    schema = model.model_json_schema(mode="validation")
    _allow_extensions(schema)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identifier}
    return {**head, **schema}


def _allow_extensions(node: Any) -> None:
    """Let every mapping of the schema have `x-*` keys and an `include`, as the reader does."""
    if isinstance(node, list):
        for item in node:
            _allow_extensions(item)
    if not isinstance(node, dict):
        return
    for inner in list(node.values()):
        _allow_extensions(inner)
    if node.get("type") == "object":
        own = {"^x-": {}, "^include$": {"type": ["string", "array"], "description": _INCLUDE}}
        node["patternProperties"] = {**own, **node.get("patternProperties", {})}


def json_schema_text() -> str:
    """The schema as the shipped file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
