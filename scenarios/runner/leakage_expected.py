"""Is the leakage matrix what the scenario says? ``expect.leakage`` against what the meter saw.

For each step that shares something, patterns of its fields say who holds them how. The first pattern that a field
matches counts for it; a place that a pattern does not name must hold nothing. A step that is named is told in full:
each of its fields must match a pattern, and each pattern a field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from scenarios.language.models.expect import OTHERS, Held
from scenarios.results import Expectation
from scenarios.results.leakage import Holding, Leakage, Row

NAME = "leakage"


def leakage_as_told(leakage: Leakage, wanted: Mapping[str, Mapping[str, Held]]) -> Expectation:
    """FAIL with the first differences."""
    wrong = [line for step, patterns in wanted.items() for line in _differences(leakage, step, patterns)]
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        return Expectation(NAME, "fail", "; ".join(wrong[:3]) + more)
    fields = sum(row.step in wanted for row in leakage.rows)
    detail = f"{fields} fields of {len(wanted)} steps are held as told at {len(leakage.places)} places"
    return Expectation(NAME, "pass", detail)


def _differences(leakage: Leakage, step: str, patterns: Mapping[str, Held]) -> Iterator[str]:
    rows = [row for row in leakage.rows if row.step == step]
    if not rows:
        yield f"{step} shares nothing"
    used: set[str] = set()
    for row in rows:
        pattern = next((pattern for pattern in patterns if fnmatchcase(row.path, pattern)), None)
        if pattern is None:
            yield f"{step}: nothing is said of {row.path}"
            continue
        used.add(pattern)
        yield from _misheld(leakage, row, patterns[pattern])
    for pattern in patterns:
        if rows and pattern not in used:
            yield f"{step}: no field is like `{pattern}`"


def _misheld(leakage: Leakage, row: Row, held: Held) -> Iterator[str]:
    rest = next((holding for holding, places in held.items() if places == OTHERS), "nothing")
    named = {place: holding for holding, places in held.items() if places != OTHERS for place in places}
    for place in leakage.places:
        wanted = Holding(named.get(place, rest))
        if row.cells[place] is not wanted:
            yield f"{row.step}: {place} holds {row.path} as {row.cells[place]}, not {wanted}"
