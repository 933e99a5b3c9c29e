"""Premiums from a table of rates, in exact arithmetic.

One year's cover, the sum paid at the end of the year in which the event comes (Bowers et al., Actuarial Mathematics,
2nd ed., sections 4.2 and 6.6: the net premium of one-year term insurance, loaded in proportion):

    net(x) = q(x) * S * v,   v = 1 / (1 + i),   gross(x) = net(x) * (1 + loading)

Only the last step rounds, to the nearest fen, halves up. A renewable cover is a row of such years, each at its own age.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from scenarios.edges import RateTable
from scenarios.language.models.product import Benefit, Pricing

MILLION = 1_000_000


def premium_fen(rate: Fraction, sum_insured_fen: int, interest_ppm: int, loading_ppm: int) -> int:
    """A year's gross premium in fen; interest and loading in parts per million."""
    discounted = Fraction(sum_insured_fen * MILLION, MILLION + interest_ppm)
    gross = rate * discounted * Fraction(MILLION + loading_ppm, MILLION)
    return floor(gross + Fraction(1, 2))


def premiums_by_age(benefit: Benefit, pricing: Pricing, table: RateTable) -> dict[int, int]:
    """The premium at every age of ``pricing.ages``, in fen; TableError where the table lacks one."""
    low, high = pricing.ages
    return {
        age: premium_fen(table.rate(age), benefit.sum_insured, pricing.interest, pricing.loading)
        for age in range(low, high + 1)
    }
