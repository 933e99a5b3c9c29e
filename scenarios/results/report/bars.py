"""Bars from left to right, one or two a row: messages by kind, and the funnel of cases."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from scenarios.results.report.markup import box, drawing, plain, text
from scenarios.results.report.words import count

_ROW, _TOP = 30, 6


class Bar(msgspec.Struct, frozen=True):
    """``outer`` holds ``inner``: as planned holds reached. ``told`` stands behind the bar."""

    name: str
    outer: int
    inner: int
    told: str = ""


def bars(rows: Sequence[Bar], width: int, *, label: str) -> Markup:
    """A row a bar, the name above it where room is scarce."""
    most = max((row.outer for row in rows), default=1) or 1
    left = 150 if width > 500 else 8
    high = _ROW if left > 8 else _ROW + 12
    parts: list[Markup] = []
    for place, row in enumerate(rows):
        y = _TOP + high * place
        if left > 8:
            parts.append(text(left - 8, y + 15, _short(row.name, 20), text_anchor="end"))
        else:
            parts.append(text(left, y + 10, _short(row.name, 46)))
            y += 13
        told = row.told or count(row.outer)
        room = width - left - 14 - 7.2 * len(told)
        outer, inner = (room * value / most for value in (row.outer, row.inner))
        parts.append(box(left, y + 3, outer, 17, "outer", f"{plain(row.name)}: {told}"))
        parts.append(box(left, y + 3, inner, 17, "c0", f"{plain(row.name)}: {told}"))
        parts.append(text(left + max(outer, inner) + 6, y + 16, told, class_="quiet"))
    return drawing(width, _TOP + high * len(rows) + 4, parts, label=label)


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
