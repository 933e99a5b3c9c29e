"""``figures.json``: tables of what a run's business came to, as its flows tell it; cells are integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from scenarios.results.numbers import Int64

Unit = Literal["text", "count", "fen", "ppm"]

TRAIL = "What the regulator saw 监管留痕"
"""The title of the table by which a regulator's views are found again."""


class Column(msgspec.Struct, frozen=True):
    """One column: what its cells are called, and what they are counted in. Text stands as it is."""

    name: str
    unit: Unit


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One table. A cell is None where there is nothing to tell; ``note`` says how its figures were come by."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Int64 | None, ...], ...]
    note: str = ""


def figures_json(sheets: Sequence[Sheet]) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(sheets), indent=1) + b"\n"
