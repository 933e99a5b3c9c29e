"""``source``: the rows of the table of systems that a scenario shows, by what, and what it leaves out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from scenarios.language.models.base import Part

Text = Annotated[str, Field(min_length=3, max_length=1000)]


class Shown(Part):
    """One row of the [table of systems](../systems.md), or another source by its name."""

    row: Annotated[int, Field(ge=1, le=200)] | str
    """The row's number, or the source's name."""
    shows: Text | None = None
    """Where it is seen: steps by their ids, faults, expectations. Left out: in the scenario as a whole."""
    simplified: Text | None = None
    """What the row has, or the source gives, and this scenario leaves out."""


def _rows(value: Any) -> Any:
    """`14`, `[14, 41]` and `a name` are short for rows of which nothing more is said."""
    if isinstance(value, int | str) and not isinstance(value, bool):
        value = (value,)
    if isinstance(value, tuple):
        return tuple({"row": row} if isinstance(row, int | str) and not isinstance(row, bool) else row for row in value)
    return value


Source = Annotated[
    tuple[Shown, ...],
    BeforeValidator(_rows, json_schema_input_type=int | str | tuple[int | str | Shown, ...]),
]
