"""What a policy has earned and what is left of it: whole days, integer fen, nothing of the chain.

The day count is declared: days are 24 hours from the moment at which the policy starts, and a day begun is a day
earned (Actual over the days of the term). All splits are by largest remainder, so earned and unearned parts always
add up to the premium.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.contracts.fields import MILLION
from node.contracts.money import allocate, share

DAY_MS = 86_400_000
YEAR_DAYS = 365
YEAR_MS = YEAR_DAYS * DAY_MS


def days_begun(starts_ms: int, ends_ms: int, time_ms: int) -> tuple[int, int]:
    """(days begun by ``time_ms``, days of the whole term); the last begun day counts as a whole one."""
    total = max(1, -(-(ends_ms - starts_ms) // DAY_MS))
    if time_ms < starts_ms:
        return 0, total
    return min(total, (time_ms - starts_ms) // DAY_MS + 1), total


def earned_fen(premium_fen: int, begun: int, total: int) -> int:
    """The part of ``premium_fen`` that belongs to the days begun, pro rata 按日比例."""
    return allocate(premium_fen, (begun, total - begun))[0]


def short_rate_fen(premium_fen: int, begun: int, total: int, rates_ppm: Sequence[int]) -> int:
    """The part that a short-rate table 短期费率表 keeps: one rate for each of as many equal parts of the term."""
    if not begun:
        return 0
    period = -(-begun * len(rates_ppm) // total) - 1
    return share(premium_fen, min(MILLION, rates_ppm[period]))


def adjustment_fen(before_fen: int, after_fen: int, begun: int, total: int) -> int:
    """What a change 批改 of the year's premium costs for the days that are left; negative: what comes back."""
    left = total - begun
    difference = allocate(abs(after_fen - before_fen), (left, begun))[0]
    return difference if after_fen >= before_fen else -difference


def interest_fen(amount_fen: int, rate_ppm: int, starts_ms: int, ends_ms: int) -> int:
    """Simple interest on ``amount_fen`` at a yearly rate, Actual/365 over begun days, halves up."""
    days = max(0, -(-(ends_ms - starts_ms) // DAY_MS))
    whole = MILLION * YEAR_DAYS
    return (amount_fen * rate_ppm * days * 2 + whole) // (2 * whole)
