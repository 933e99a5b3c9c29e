"""Rates and rounding: every ratio is an integer number of millionths, every amount an integer number of fen.

Amounts that a treaty multiplies are rounded to the nearest fen, halves away from zero, once, at the place where
the treaty states an amount. Where several parties share one amount they do so by ``money.allocate``, so that
nothing is lost or made.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from node.contracts.fields import MILLION, UNIT

WHOLE = MILLION
"""100 %, in millionths."""

RatioPpm = Annotated[int, Meta(ge=0, le=100 * MILLION, extra={UNIT: "ppm"})]
"""A ratio that may exceed one, as a loss ratio may, in millionths."""


def part(amount: int, numerator: int, denominator: int = WHOLE) -> int:
    """``amount * numerator / denominator`` to the nearest fen, halves away from zero.

    ``numerator`` must not be negative and ``denominator`` must be positive; ``amount`` may be either sign, and
    ``part(-a, n, d) == -part(a, n, d)``, so that reversing an entry reverses what was ceded of it.
    """
    if numerator < 0 or denominator <= 0:
        raise ValueError(f"a share of {numerator}/{denominator} is no share")
    size = (2 * abs(amount) * numerator + denominator) // (2 * denominator)
    return size if amount >= 0 else -size


def clip(value: int, low: int, high: int) -> int:
    """``value``, but at least ``low`` and at most ``high``."""
    if low > high:
        raise ValueError(f"no value is at least {low} and at most {high}")
    return min(max(value, low), high)
