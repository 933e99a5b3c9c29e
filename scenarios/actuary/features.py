"""Variable features 可变条款 of treaties, as functions of a year's total in the layer (Bear and Nemlick 1990).

Amounts are of the caller's unit, rates are shares of it. Each takes an array of totals and gives as many results.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.actuary.severity import Floats


def above_deductible(total: Floats, deductible: float) -> Floats:
    """What an aggregate deductible 年度累计免赔 leaves."""
    return np.maximum(total - deductible, 0.0)


def within_limit(total: Floats, limit: float) -> Floats:
    """What an aggregate limit, or so many reinstatements 复效, leaves."""
    return np.minimum(total, limit)


def outside_corridor(total: Floats, limit: float, attachment: float) -> Floats:
    """What is left by a loss corridor 损失走廊 that the cedent takes back."""
    return total - np.clip(total - attachment, 0.0, limit)


def swing_premium(total: Floats, loading: float, least: float, most: float) -> Floats:
    """A retrospectively rated premium: the losses times ``loading``, at least and at most so much."""
    return np.clip(total * loading, least, most)


def profit_commission(loss_ratio: Floats, share: float, expenses: float) -> Floats:
    """``share`` of what losses and expenses leave of the premium, as a rate of it."""
    return np.maximum(0.0, share * (1.0 - expenses - loss_ratio))


def sliding_commission(loss_ratio: Floats, points: Sequence[tuple[float, float]]) -> Floats:
    """A commission that falls along (loss ratio, rate) ``points`` in straight lines, and is level beyond them."""
    ratios, rates = zip(*points, strict=True)
    return np.asarray(np.interp(loss_ratio, ratios, rates))
