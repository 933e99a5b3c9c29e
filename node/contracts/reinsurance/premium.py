"""A layer's premium: flat, adjusted on income with a minimum and deposit, or swing rated on its own losses."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from node.contracts.fields import Fen, Ppm
from node.contracts.reinsurance.rates import clip, part


class MinimumAndDeposit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Minimum and deposit premium 最低及预付保费 (fen), adjusted at ``rate`` on the year's income (GNPI)."""

    deposit: Fen
    rate: Ppm

    def adjusted(self, income: int) -> int:
        """The final premium: never below the deposit."""
        return max(self.deposit, part(income, self.rate))


class SwingRate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Premium as loaded losses to the layer, between two rates of the subject premium.

    ``percent`` 75 is what the market calls "100/75": losses are multiplied by 100/75. Invariant: the minimum is not
    above the maximum.
    """

    percent: Annotated[int, Meta(ge=1, le=100)]
    minimum: Ppm
    maximum: Ppm

    def __post_init__(self) -> None:
        if self.minimum > self.maximum:
            raise ValueError(f"no rate lies between {self.minimum} and {self.maximum}")

    def premium(self, subject: int, loss: int) -> int:
        """The swing rated premium for ``loss`` (fen) to the layer on a ``subject`` premium (fen)."""
        return clip(part(loss, 100, self.percent), part(subject, self.minimum), part(subject, self.maximum))
