"""How long answers took: the share of operations that took no longer than each time (their distribution function)."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from markupsafe import Markup

from scenarios.results.report.facts import Asked
from scenarios.results.report.markup import at, drawing, line, path, text
from scenarios.results.report.words import axis_time, decades

POINTS_MAX = 160
_HIGH, _TOP, _LEFT = 200, 12, 52


def latencies(history: Sequence[Asked]) -> dict[str, list[int]]:
    """What each kind of operation took, ascending, in nanoseconds; those without an answer are not in it."""
    found: dict[str, list[int]] = {}
    for asked in history:
        if asked.return_ is not None:
            found.setdefault("reads" if asked.op == "read" else "transactions", []).append(asked.return_ - asked.call)
    return {kind: sorted(values) for kind, values in sorted(found.items(), reverse=True)}


def curves(
    by_kind: dict[str, list[int]],
    width: int,
    *,
    marks: Sequence[tuple[int, str]] = (),
    label: str = "Share of operations that took no longer than a time",
) -> Markup:
    """One curve a kind of ascending values, times on a logarithmic axis: ``marks`` if given, else by decades."""
    everything = [max(1, value) for values in by_kind.values() for value in (values[0], values[-1])]
    axis = _between(marks, min(everything), max(everything)) if marks else _decades(min(everything), max(everything))
    low, high = axis[0][0], max(axis[-1][0], axis[0][0] + 1)
    foot = _TOP + _HIGH
    parts: list[Markup] = []
    for percent in (0, 25, 50, 75, 100):
        y = foot - _HIGH * percent / 100
        parts += [line(_LEFT, y, width - 12, y, "grid"), text(_LEFT - 8, y + 4, f"{percent} %", text_anchor="end")]
    every = max(1, -(-len(axis) // max(2, (width - _LEFT) // 70)))
    for place, (mark, word) in enumerate(axis):
        x = _x(mark, low, high, width)
        parts.append(line(x, _TOP, x, foot, "grid"))
        if place % every == 0:
            parts.append(text(x, foot + 18, word, text_anchor="middle", class_="quiet"))
    for number, (kind, values) in enumerate(by_kind.items()):
        parts.append(path(_steps(values, low, high, width), f"curve s{number}", kind))
    parts.append(line(_LEFT, foot, width - 12, foot, "axis"))
    return drawing(width, foot + 26, parts, label=label)


def _decades(least: int, most: int) -> list[tuple[int, str]]:
    return [(mark, axis_time(mark, mark * 3)) for mark in decades(least, most)]


def _between(marks: Sequence[tuple[int, str]], least: int, most: int) -> list[tuple[int, str]]:
    """Those from just below ``least`` to just above ``most``."""
    first = max((place for place, (mark, _) in enumerate(marks) if mark <= least), default=0)
    last = min((place for place, (mark, _) in enumerate(marks) if mark >= most), default=len(marks) - 1)
    return list(marks[first : last + 1])


def _steps(values: Sequence[int], low: int, high: int, width: int) -> list[str]:
    """Ranks, evenly chosen where there are too many to draw; the first and the last always."""
    ranks = sorted({round(place * (len(values) - 1) / (POINTS_MAX - 1)) for place in range(POINTS_MAX)})
    points = ["M", at(_x(values[0], low, high, width), _TOP + _HIGH)]
    for rank in ranks:
        x = round(_x(values[rank], low, high, width), 1)
        points += [f"H{x:g}", f"V{_TOP + _HIGH * (1 - (rank + 1) / len(values)):.1f}"]
    return points


def _x(value: int, low: int, high: int, width: int) -> float:
    return _LEFT + (width - _LEFT - 30) * (log(max(1, value)) - log(low)) / (log(high) - log(low))
