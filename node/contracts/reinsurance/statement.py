"""Statement of account 分保账单: what one party owes the other for a period under a proportional treaty.

Headings as in the market's proportional accounts: premium against commission, losses paid, premium reserve
retained (withheld by the cedent as a deposit, released a year later), and cash losses already paid in advance.
"""

from __future__ import annotations

import msgspec

from node.contracts.fields import Ppm
from node.contracts.reinsurance.quota_share import QuotaShare, cede
from node.contracts.reinsurance.rates import part


class Statement(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One period's account from the reinsurer's side, in fen: credits positive, debits negative."""

    premium: int
    commission: int
    losses: int
    reserve_retained: int
    reserve_released: int
    cash_losses: int

    @property
    def balance(self) -> int:
        """Due to the reinsurer; negative when it is due to the cedent."""
        return sum(msgspec.structs.astuple(self))


def state_account(  # noqa: PLR0913 - one argument a heading of the account
    terms: QuotaShare,
    premium: int,
    paid: int,
    *,
    reserve: Ppm = 0,
    released: int = 0,
    cash_called: int = 0,
) -> Statement:
    """The account of a period over gross ``premium`` and ``paid`` losses (fen).

    ``reserve`` is the share of ceded premium that the cedent withholds, ``released`` (fen, the reinsurer's) what
    it gives back of an earlier year's. ``cash_called`` is the gross amount, contained in ``paid``, of losses for
    which the reinsurer paid its share at once on a cash call 现金赔款: it is credited, or it would pay twice.
    """
    if not 0 <= cash_called <= paid:
        raise ValueError(f"cash calls of {cash_called} are not part of the {paid} paid")
    ceded = cede(terms, premium, paid)
    return Statement(
        premium=ceded.premium,
        commission=-ceded.commission,
        losses=-ceded.loss,
        reserve_retained=-part(ceded.premium, reserve),
        reserve_released=released,
        cash_losses=part(cash_called, terms.cession),
    )
