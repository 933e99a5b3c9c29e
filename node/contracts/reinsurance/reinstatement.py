"""Catastrophe excess of loss 巨灾超赔 with reinstatements 恢复保额.

A layer ``L xs A`` that paid is filled up again ``n`` times, so a year recovers ``(n+1) L`` at most. Filling it up
costs reinstatement premium: the part of the limit that is reinstated, pro rata to amount, at the rate of the
reinstatement that it falls into. The last ``L`` that is paid is not reinstated, and costs nothing.

Order matters here, which is why a year's events are taken together, sorted by (business time, id), at its close.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from node.contracts.fields import Fen
from node.contracts.reinsurance.layers import Layer, in_layer
from node.contracts.reinsurance.rates import WHOLE, RatioPpm, part

REINSTATEMENTS_MAX = 16


class Recovery(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one event brings, in fen: the recovery, and the reinstatement premium that it makes due."""

    recovered: int
    premium: int


class CatastropheLayer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``layer`` at ``premium`` (fen, for all of it). ``rates``: the price of each reinstatement, 1,000,000 is 100 %."""

    layer: Layer
    premium: Fen
    rates: Annotated[tuple[RatioPpm, ...], Meta(max_length=REINSTATEMENTS_MAX)]

    @property
    def aggregate(self) -> int:
        """The most that a year recovers: the limit, once and once more for each reinstatement."""
        return (len(self.rates) + 1) * self.layer.limit

    def recover(self, events: Sequence[int]) -> tuple[Recovery, ...]:
        """What each event's subject loss (fen) recovers, in order of the events.

        Premiums are differences of the premium to date, so they do not depend on how losses are cut into events.
        """
        found: list[Recovery] = []
        used = 0
        for loss in events:
            recovered = min(self.layer.recovery(loss), self.aggregate - used)
            premium = self.premium_to_date(used + recovered) - self.premium_to_date(used)
            used += recovered
            found.append(Recovery(recovered=recovered, premium=premium))
        return tuple(found)

    def premium_to_date(self, recovered: int) -> int:
        """The reinstatement premium due in all once ``recovered`` fen were recovered, rounded once."""
        limit = self.layer.limit
        return part(self.premium, weighted_to_date(self.rates, limit, recovered), limit * WHOLE) if limit else 0


def weighted_to_date(rates: Sequence[int], limit: int, recovered: int) -> int:
    """How much of a layer's limit was reinstated once ``recovered`` fen were, each part times its rate (millionths)."""
    return sum(rate * in_layer(recovered, place * limit, limit) for place, rate in enumerate(rates))


def pro_rata_premium(premium: int, loss: int, limit: int, days_left: int = 1, days: int = 1) -> int:
    """The reinstatement premium of one ``loss`` to the layer: pro rata to amount, and to time where days are given.

    Which days count, the day of the loss included or not, the treaty has to say: it is the caller's ``days_left``.
    """
    if not 0 <= loss <= limit or not 0 <= days_left <= days:
        raise ValueError(f"{loss} of {limit} for {days_left} of {days} days cannot be reinstated")
    return part(premium, loss * days_left, limit * days)
