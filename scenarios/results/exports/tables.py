"""What a table is: its columns with their types and units, where its rows come from, and what it means.

Tables are tidy: a row is one observation, a column one variable. A unit that is not 1 stands at the end of a column's
name (``latency_ns``, ``premium_fen``, ``share_ppm``, ``size_bytes``), and all numbers are integers, as in the run's own
files. A value that there is not is null (an empty cell of a CSV file).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from scenarios.results.exports.source import RunFiles

Kind = Literal["integer", "text", "truth"]
Row = tuple[Any, ...]

_UNITS = {
    "ns": "nanoseconds",
    "ms": "milliseconds",
    "fen": "fen 分, 100 to the CNY",
    "ppm": "parts per million",
    "bytes": "bytes",
    "json": "JSON",
}


class Column(msgspec.Struct, frozen=True):
    """One variable. ``meaning`` is a phrase for the data dictionary."""

    name: str
    kind: Kind
    meaning: str = ""

    @property
    def unit(self) -> str:
        """What the values are counted in, by the end of the name; "" for names, texts and bare counts."""
        return _UNITS.get(self.name.rpartition("_")[2], "")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """``rows`` reads them from a run's files, in an order that the same files give again.

    ``source`` says from which. ``absent`` says why a run cannot have the table at all, or None: nothing is made up
    for what was not recorded.
    """

    name: str
    meaning: str
    source: str
    columns: tuple[Column, ...]
    rows: Callable[[RunFiles], Iterator[Row]]
    absent: Callable[[RunFiles], str | None] = lambda _files: None


def integer(name: str, meaning: str = "") -> Column:
    """A column of whole numbers (64 bits, signed)."""
    return Column(name, "integer", meaning)


def text(name: str, meaning: str = "") -> Column:
    """A column of texts."""
    return Column(name, "text", meaning)


def truth(name: str, meaning: str = "") -> Column:
    """A column of yes and no."""
    return Column(name, "truth", meaning)
