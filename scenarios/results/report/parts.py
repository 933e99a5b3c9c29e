"""What a page is made of: sections with figures and tables, whatever they tell of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

WIDE, NARROW = 1040, 340
"""How wide a figure is drawn, for a screen or paper and for a phone: its text is read at its own size on both."""
CELLS_MAX = 4000
"""Of a table on the page; the run's files have the rest."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in two widths, or in one that scrolls. ``legend``: (style, meaning)."""

    caption: str
    wide: Markup
    narrow: Markup | None = None
    legend: Sequence[tuple[str, str]] = ()
    scrolls: bool = False


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """``numbers``: columns that stand to the right. ``folded``: opens on demand, for it says what a picture shows."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: frozenset[int] = frozenset()
    folded: bool = False
    note: str = ""

    @property
    def shown(self) -> Sequence[Sequence[Any]]:
        return self.rows[: CELLS_MAX // len(self.head)]

    @property
    def more(self) -> int:
        """Rows that found no room."""
        return len(self.rows) - len(self.shown)


class Cell(msgspec.Struct, frozen=True):
    """A table's cell with a style of its own, and what it stands for."""

    text: str
    style: str
    title: str = ""


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """Figures and tables behind a title; of those with one ``group``, one is open at a time."""

    title: str
    group: str
    open: bool
    figures: Sequence[Figure]
    tables: Sequence[Table]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """``absent``: why there is nothing of this in the run; then there are no figures and tables."""

    id: str
    title: str
    lead: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    folds: Sequence[Fold] = ()
    absent: str = ""


def figure(caption: str, draw: Callable[[int], Markup], legend: Sequence[tuple[str, str]] = ()) -> Figure:
    """``draw`` at both widths."""
    return Figure(caption=caption, wide=draw(WIDE), narrow=draw(NARROW), legend=legend)
