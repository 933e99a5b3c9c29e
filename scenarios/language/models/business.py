"""What the organisations do and on whose terms: privacy, products and treaties by reference, assumptions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from scenarios.language.models.base import Part, Word

Privacy = Literal["plain", "encrypted", "collection", "hash"]
"""What a value looks like on the chain: plain; ciphertext whose key is sealed to the parties; held only by the
parties with a hash on chain; a hash only."""

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
    """One step of a story: who does what, with what; `do` names the act, the rest are its arguments."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    do: Annotated[str, Field(min_length=1, max_length=64)]
    """The act, as the story's builder knows it."""


class Flow(Part):
    """One flow of the workload: `flow` names its generator, the rest are its arguments."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    flow: Annotated[str, Field(min_length=1, max_length=64)]
    """The generator, as the workload's builder knows it."""
