"""Quota share 成数再保险: the reinsurer takes a fixed share of every premium and every loss.

It pays the cedent a commission 再保险手续费 on the premium it takes. Periodic accounts are built from totals *to
date*: what a period's account states is the share of the total to date less what earlier accounts stated, so the
accounts of a year sum to the share of the year to the fen, however it was cut into periods.
"""

from __future__ import annotations

import msgspec

from node.contracts.fields import Ppm
from node.contracts.reinsurance.rates import part


class QuotaShare(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``cession`` 分出比例 of premium and loss is ceded; ``commission`` is a share of the ceded premium."""

    cession: Ppm
    commission: Ppm


class Cession(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is ceded, in fen; any of it may be negative where a period reverses an earlier one."""

    premium: int = 0
    commission: int = 0
    loss: int = 0

    @property
    def balance(self) -> int:
        """Due from cedent to reinsurer: premium less commission less loss (negative: due to the cedent)."""
        return self.premium - self.commission - self.loss

    def less(self, other: Cession) -> Cession:
        """What is left, line by line, when ``other`` is taken away."""
        return Cession(
            premium=self.premium - other.premium,
            commission=self.commission - other.commission,
            loss=self.loss - other.loss,
        )


def cede(terms: QuotaShare, premium: int, loss: int) -> Cession:
    """The share of a gross ``premium`` and ``loss`` (fen) that the reinsurer takes."""
    ceded = part(premium, terms.cession)
    return Cession(premium=ceded, commission=part(ceded, terms.commission), loss=part(loss, terms.cession))
