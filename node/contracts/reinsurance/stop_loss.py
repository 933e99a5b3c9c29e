"""Stop loss 赔付率超赔: cover of a year's total by its ratio to premium, "40 % xs 80 %".

The subject is the cedent's net retained losses and premium (GNPI, gross net premium income 净保费收入): both
after the proportional treaties that inure to its benefit.
"""

from __future__ import annotations

import msgspec

from node.contracts.fields import Ppm
from node.contracts.reinsurance.layers import in_layer
from node.contracts.reinsurance.rates import RatioPpm, part


class StopLoss(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``limit`` xs ``attachment``, both loss ratios; ``placed`` is the share of the cover that was bought."""

    limit: RatioPpm
    attachment: RatioPpm
    placed: Ppm

    def recovery(self, premium: int, loss: int) -> int:
        """The reinsurer's part of a year's net ``loss`` on a net ``premium`` (fen), rounded once to a fen."""
        if premium < 0 or loss < 0:
            raise ValueError(f"a year's premium {premium} and loss {loss} cannot be negative")
        covered = in_layer(loss, part(premium, self.attachment), part(premium, self.limit))
        return part(covered, self.placed)
