"""Interest of a plan, to the fen: whole days, integers, nothing of the chain (row 26).

Day count: Actual/365 Fixed over whole days from the drawdown. The interest of the whole term is rounded once, halves
up, and shared among the periods by their days, largest remainder: so the instalments add up to the whole. What has
accrued within a period is its instalment's part by days, rounded down, and on the due day all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from node.contracts.fields import MILLION
from node.contracts.money import allocate

DAY_MS = 86_400_000
YEAR_DAYS = 365


def days_between(from_ms: int, until_ms: int) -> int:
    """Whole days from one moment to another."""
    return (until_ms - from_ms) // DAY_MS


def periods(starts_ms: int, dates_ms: Sequence[int]) -> tuple[int, ...]:
    """The days of each period; they add up to the days of the term."""
    at = [0, *(days_between(starts_ms, date) for date in dates_ms)]
    return tuple(after - before for before, after in pairwise(at))


def interest_of_term(principal_fen: int, rate_ppm: int, days: int) -> int:
    """Simple interest at a yearly rate over ``days``, halves up."""
    whole = MILLION * YEAR_DAYS
    return (2 * principal_fen * rate_ppm * days + whole) // (2 * whole)


def instalments(principal_fen: int, rate_ppm: int, starts_ms: int, dates_ms: Sequence[int]) -> tuple[int, ...]:
    """What is due on each of ``dates_ms``; together the interest of the term."""
    days = periods(starts_ms, dates_ms)
    return allocate(interest_of_term(principal_fen, rate_ppm, sum(days)), days)


def accrued(due: Sequence[int], starts_ms: int, dates_ms: Sequence[int], time_ms: int) -> int:
    """应计利息. What of the instalments ``due`` has accrued by ``time_ms``, since the term began."""
    total, begins = 0, starts_ms
    for instalment, date, days in zip(due, dates_ms, periods(starts_ms, dates_ms), strict=True):
        if time_ms >= date:
            total += instalment
        elif time_ms > begins:
            total += instalment * days_between(begins, time_ms) // days
        begins = date
    return total
