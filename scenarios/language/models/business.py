"""What the organisations do and on whose terms: products and treaties by reference, assumptions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag

from scenarios.language.models.base import Nanoseconds, Part, Word
from scenarios.language.models.market import MARKET_FLOWS, Claims, Payments, Reinsurance, Underwriting
from scenarios.language.models.world import Moment

Row = Annotated[int, Field(ge=1, le=200)] | Annotated[tuple[int, ...], Field(min_length=1)] | str
"""A row of the table of systems (docs/systems.md), several, or the source's name."""


class Assumption(Part):
    """A value that the sources do not give. Refer to it as `$id` wherever a value may stand."""

    id: Word
    """Its name."""
    value: Any
    """What is assumed; with its unit, where it has one."""
    row: Row
    """Which row of the table of systems, or which source, needs it."""
    reason: Annotated[str, Field(min_length=3, max_length=500)]
    """Why this value."""


class Story(Part):
    """One step of a story: who does what, when; what else stands there are the act's own arguments.

    A step's time is `at`, or what the step before it took plus `wait` or a draw from the stage `takes`. It comes
    after the step before it of the same `case`, unless `after` says otherwise.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    repeat: None = Field(
        default=None, json_schema_extra={"type": "object", "additionalProperties": {"type": ["string", "array"]}}
    )
    """Makes many steps of this one, like `{n: 1..200, who: [a, b]}`: `{n}` stands for the value in any text of it."""
    id: Word
    """Its name; later steps refer to what it made by this."""
    who: Word
    """Whose wallet signs it."""
    do: Annotated[str, Field(min_length=1, max_length=64)]
    """The act, as the role of `who` knows it (scenarios/roles)."""
    at: Moment | None = None
    """The moment of business time at which it is done."""
    stamped: Moment | None = None
    """The business time that its transaction claims, where that is not when it is made."""
    wait: Nanoseconds | None = None
    """Or: this much business time after the steps that it comes after."""
    takes: Word | None = None
    """Or: a stage of `arms.chain` or `arms.manual`, whose drawn time it takes after those steps, or after `at`."""
    after: tuple[Word, ...] | None = None
    """The steps that must be acknowledged before it is submitted."""
    expect: Word | Annotated[str, Field(pattern=r"^[a-z0-9_]+(\|[a-z0-9_]+)*$", max_length=200)] = "ok"
    """The code that its receipt must carry: `ok`, or the reason of a refusal. Where who comes first decides, several
    may do: `ok|pledged_already`."""
    signed_with: Annotated[int, Field(ge=1, le=64)] | None = None
    """Which of its keys signs: 1 is its first; without it, its newest, as the members have re-issued it."""
    output: dict[str, Any] = Field(default_factory=dict)
    """What the receipt must say, in part or in full."""
    sealed: dict[Word, dict[str, Any]] = Field(default_factory=dict)
    """What these parties must find in the envelope that it carries; nobody else may be able to open it."""
    title: str = ""
    """One line for people: never a diagnosis, never a treaty's terms."""
    flow: Word | None = None
    """The line of business; the step before's where it is left out."""
    case: Word | None = None
    """The causal chain; the step before's where it is left out."""
    stage: str = ""
    """Its place in the funnel of measures."""


STORY_FLOWS = ("zero-perception",)
"""Flows that are stories: their steps share what a story's steps do, in the scenario's mode of privacy."""


class OtherFlow(Part):
    """A flow with a page of its own below: `flow` names it, the rest are its arguments."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    flow: Annotated[str, Field(min_length=1, max_length=64, json_schema_extra={"not": {"enum": [*MARKET_FLOWS]}})]
    """Which one."""


def _which(value: Any) -> str:
    """The flow that a mapping, or a flow that was read, names."""
    name = value.get("flow") if isinstance(value, dict) else getattr(value, "flow", None)
    return name if isinstance(name, str) and name in MARKET_FLOWS else "other"


Flow = Annotated[
    Annotated[Payments, Tag("payments")]
    | Annotated[Underwriting, Tag("underwriting")]
    | Annotated[Claims, Tag("claims")]
    | Annotated[Reinsurance, Tag("reinsurance")]
    | Annotated[OtherFlow, Tag("other")],
    Discriminator(_which),
]
"""One flow of the workload, by its name."""
