"""The contract "reinsurance" 分保: treaties in plain mode, closed period by period.

Both sides sign a treaty, the cedent closes its periods and its year, the reinsurer confirms each account after
computing it for itself, and the confirmation settles it in cash.

Nothing is computed as claims come in: quota share and stop loss are worked out by the closing transactions over
the entries booked in their period, so they cannot depend on the order of blocks.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Label, Millis, Name, SignedFen
from node.contracts.registers import require_reinsurer
from node.contracts.reinsurance.book import Entry, entries_of, total
from node.contracts.reinsurance.closing import close_period, close_year, settlement
from node.contracts.reinsurance.quota_share import Cession
from node.contracts.reinsurance.terms import (
    ACCOUNT_STATES,
    PeriodAccount,
    Terms,
    Treaty,
    YearAccount,
    period_key,
    treaty_key,
)

PERIODS_MAX = 53

Period = Annotated[int, Meta(ge=0, lt=PERIODS_MAX)]

BOTH_SIDES = ("cedent", "reinsurer")
EVENTS = tuple(
    EventKind(kind, parties=BOTH_SIDES)
    for kind in ("account_stated", "account_confirmed", "year_stated", "year_confirmed")
)

contract = Contract("reinsurance", records=(Treaty, Entry, PeriodAccount, YearAccount), events=EVENTS)


class SignTreaty(Arguments, frozen=True):
    """Terms for one line. ``boundaries_ms``: inception, then the ends of the accounting periods."""

    reinsurer: Name
    line: Label
    terms: Terms
    boundaries_ms: Annotated[tuple[Millis, ...], Meta(min_length=2, max_length=PERIODS_MAX + 1)]


class ClosePeriod(Arguments, frozen=True):
    """The cedent closes its first open period, which must be number ``period`` (from 0)."""

    line: Label
    period: Period


class ConfirmPeriod(Arguments, frozen=True):
    """The reinsurer agrees with a period's balance, as it computed it: due to it, in fen."""

    cedent: Name
    line: Label
    period: Period
    balance_fen: SignedFen


class CloseYear(Arguments, frozen=True):
    """The cedent states the stop loss's account."""

    line: Label


class ConfirmYear(Arguments, frozen=True):
    """The reinsurer agrees with the stop loss's balance, as it computed it: due to it, in fen."""

    cedent: Name
    line: Label
    balance_fen: SignedFen


@contract.action(roles=("insurer",), endorse=signed(argument("reinsurer")))
def sign_treaty(ctx: Context, args: SignTreaty) -> Plain:
    """签订分保合约. Signed by both sides; the stop loss's deposit premium is paid at once."""
    require_reinsurer(ctx, args.reinsurer)
    ctx.require(all(a < b for a, b in pairwise(args.boundaries_ms)), "periods_not_ascending", args.line)
    ctx.require(ctx.time_ms <= args.boundaries_ms[0], "inception_in_the_past", args.line)
    key = treaty_key(ctx.client, args.line)
    ctx.require(ctx.get(Treaty, key) is None, "treaty_exists", key)
    treaty = Treaty(
        cedent=ctx.client,
        reinsurer=args.reinsurer,
        line=args.line,
        terms=args.terms,
        boundaries_ms=args.boundaries_ms,
    )
    ctx.put(key, treaty)
    deposit = Cession(premium=args.terms.stop_loss_premium.deposit)
    _settle(ctx, f"reinsurance/{key}/deposit", "deposit premium", treaty, deposit)
    return {"treaty": key}


@contract.action(name="close-period", roles=("insurer",))
def close_a_period(ctx: Context, args: ClosePeriod) -> Plain:
    """分保账单. Computes the quota share's account over the entries of the period."""
    treaty = ctx.find(Treaty, treaty_key(ctx.client, args.line))
    ctx.require(args.period == treaty.closed < treaty.periods, "not_the_next_period", str(args.period))
    start_ms, end_ms = treaty.boundaries_ms[treaty.closed : treaty.closed + 2]
    ctx.require(ctx.time_ms >= end_ms, "period_not_over", str(args.period))
    totals = total(entries_of(ctx, ctx.client, args.line, start_ms, end_ms))
    closed = close_period(treaty, totals)
    ctx.put(treaty_key(ctx.client, args.line), closed.treaty)
    ctx.put(period_key(ctx.client, args.line, args.period), closed.account)
    ctx.emit("account_stated", cedent=ctx.client, reinsurer=treaty.reinsurer, period=args.period)
    return {"balance_fen": closed.account.cession.balance, "entries": totals.entries}


@contract.action(roles=("reinsurer",))
def confirm_period(ctx: Context, args: ConfirmPeriod) -> Plain:
    """账单确认. Settles a period's account; refused with "balance_differs" where the two sides disagree."""
    key = period_key(args.cedent, args.line, args.period)
    stated = ctx.find(PeriodAccount, key)
    ctx.require(stated.reinsurer == ctx.client, "not_your_account", key)
    ctx.require(stated.cession.balance == args.balance_fen, "balance_differs", key)
    ctx.put(key, replace(stated, state=ACCOUNT_STATES.next(stated.state, "confirm")))
    _settle(ctx, f"reinsurance/{key}", "quota share", stated, stated.cession)
    ctx.emit("account_confirmed", cedent=args.cedent, reinsurer=ctx.client, period=args.period)
    return {"balance_fen": stated.cession.balance}


@contract.action(name="close-year", roles=("insurer",))
def close_the_year(ctx: Context, args: CloseYear) -> Plain:
    """Computes the stop loss, once every period is closed and confirmed."""
    key = treaty_key(ctx.client, args.line)
    treaty = ctx.find(Treaty, key)
    ctx.require(treaty.closed == treaty.periods, "periods_open", key)
    ctx.require(ctx.get(YearAccount, key) is None, "year_closed", key)
    for period in range(treaty.periods):
        stated = ctx.find(PeriodAccount, period_key(ctx.client, args.line, period))
        ctx.require(ACCOUNT_STATES.final(stated.state), "account_unconfirmed", str(period))
    year = close_year(treaty)
    ctx.put(key, year)
    ctx.emit("year_stated", cedent=ctx.client, reinsurer=treaty.reinsurer)
    return {"recovery_fen": year.recovery_fen, "adjustment_fen": year.adjustment_fen}


@contract.action(roles=("reinsurer",))
def confirm_year(ctx: Context, args: ConfirmYear) -> Plain:
    """Settles the stop loss: the adjustment of its premium against its recovery 赔付率超赔摊回."""
    key = treaty_key(args.cedent, args.line)
    stated = ctx.find(YearAccount, key)
    ctx.require(stated.reinsurer == ctx.client, "not_your_account", key)
    cession = Cession(premium=stated.adjustment_fen, loss=stated.recovery_fen)
    ctx.require(cession.balance == args.balance_fen, "balance_differs", key)
    ctx.put(key, replace(stated, state=ACCOUNT_STATES.next(stated.state, "confirm")))
    _settle(ctx, f"reinsurance/{key}/year", "stop loss", stated, cession)
    ctx.emit("year_confirmed", cedent=args.cedent, reinsurer=ctx.client)
    return {"balance_fen": cession.balance}


def _settle(ctx: Context, key: str, memo: str, parties: Treaty | PeriodAccount | YearAccount, cession: Cession) -> None:
    """One posting, balanced within each of the two parties."""
    lines = [
        line
        for ceding, assuming, amount in settlement(cession)
        for line in ((account(parties.cedent, ceding), amount), (account(parties.reinsurer, assuming), -amount))
    ]
    post(ctx, key, memo, lines)
