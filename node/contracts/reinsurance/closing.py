"""Closing: from a period's totals to an account, and from a year's accounts to the stop loss. Pure."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from node.contracts.reinsurance.book import Totals
from node.contracts.reinsurance.quota_share import Cession, cede
from node.contracts.reinsurance.terms import PeriodAccount, Treaty, YearAccount


class Closed(NamedTuple):
    """What closing a period gives: its account, and the treaty with the period counted in."""

    account: PeriodAccount
    treaty: Treaty


def close_period(treaty: Treaty, totals: Totals) -> Closed:
    """State the account of the first open period, whose entries add up to ``totals``.

    The cession is that of the sums to date less what earlier accounts stated (see ``quota_share``).
    """
    premium = treaty.gross_premium_fen + totals.premium
    loss = treaty.gross_loss_fen + totals.loss
    to_date = cede(treaty.terms.quota_share, premium, loss)
    account = PeriodAccount(
        cedent=treaty.cedent,
        reinsurer=treaty.reinsurer,
        start_ms=treaty.boundaries_ms[treaty.closed],
        end_ms=treaty.boundaries_ms[treaty.closed + 1],
        entries=totals.entries,
        gross_premium_fen=totals.premium,
        gross_loss_fen=totals.loss,
        cession=to_date.less(treaty.ceded),
        state="stated",
    )
    following = replace(treaty, closed=treaty.closed + 1, gross_premium_fen=premium, gross_loss_fen=loss, ceded=to_date)
    return Closed(account=account, treaty=following)


def close_year(treaty: Treaty) -> YearAccount:
    """State the stop loss's account once every period is closed."""
    net_premium = treaty.gross_premium_fen - treaty.ceded.premium
    net_loss = treaty.gross_loss_fen - treaty.ceded.loss
    rate = treaty.terms.stop_loss_premium
    premium = rate.adjusted(net_premium)
    return YearAccount(
        cedent=treaty.cedent,
        reinsurer=treaty.reinsurer,
        net_premium_fen=net_premium,
        net_loss_fen=net_loss,
        premium_fen=premium,
        adjustment_fen=premium - rate.deposit,
        recovery_fen=treaty.terms.stop_loss.recovery(net_premium, net_loss),
        state="stated",
    )


def settlement(cession: Cession) -> tuple[tuple[str, str, int], ...]:
    """The cession's lines for the journal: (the cedent's account, the reinsurer's, debit of the cedent's)."""
    return (
        ("premium-ceded", "premium-assumed", cession.premium),
        ("commission-income", "commission-paid", -cession.commission),
        ("recoveries", "recoveries-paid", -cession.loss),
        ("cash", "cash", -cession.balance),
    )
