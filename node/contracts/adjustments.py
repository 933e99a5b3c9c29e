"""Adjustments of a treaty by how it went 分保调整: stated by the cedent, confirmed by the reinsurer (row 13).

Commission on a sliding scale, profit commission with the deficit carried forward to its extinction, loss corridor and
loss participation, premium by a swing rate or by a rate above a minimum and deposit. The arithmetic is
:mod:`.reinsurance.commission` and :mod:`.reinsurance.premium`; here stand the agreement, the order of its years, the
deficit between them, and the money. The reinsurer confirms with the balance that it worked out for itself.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import MILLION, Arguments, Fen, Label, Name, ObjectId, Ppm, Record, SignedFen
from node.contracts.lifecycle import Lifecycle
from node.contracts.registers import require_reinsurer
from node.contracts.reinsurance.commission import (
    ProfitCommission,
    SlidingScale,
    TreatyYear,
    after_corridor,
    loss_participation,
)
from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.premium import MinimumAndDeposit, SwingRate
from node.contracts.reinsurance.rates import part

YEARS_MAX = 50

YEAR = Lifecycle("year", {"STATED": {"confirm": "CONFIRMED", "dispute": "DISPUTED"}, "CONFIRMED": {}, "DISPUTED": {}})


class AdjustedTerms(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What depends on how the treaty goes; None where it does not. ``participation`` is above 100 % of the premium.

    ``corridor`` is the part of the year's losses that the cedent takes back. At most one of ``swing`` and ``minimum``.
    """

    scale: SlidingScale | None = None
    profit: ProfitCommission | None = None
    corridor: Layer | None = None
    participation: Ppm = 0
    swing: SwingRate | None = None
    minimum: MinimumAndDeposit | None = None


class Agreement(Record, frozen=True):
    """An agreement of two about a treaty. ``stated`` and ``confirmed`` count years; ``deficit_fen`` is carried on."""

    namespace: ClassVar[str] = "adjustment_agreements"

    cedent: str
    reinsurer: str
    treaty: str
    terms: AdjustedTerms
    stated: int = 0
    confirmed: int = 0
    deficit_fen: int = 0


class Adjusted(Record, frozen=True):
    """A year's adjustment, at ``agreement|number``, in fen. ``balance_fen`` is due to the reinsurer, or by it.

    What the cedent gets: ``commission_fen`` beyond the provisional one, ``profit_fen``. What the reinsurer gets:
    ``premium_fen`` beyond the deposit, and ``taken_back_fen`` of losses that it had paid.
    """

    namespace: ClassVar[str] = "adjustments"

    state: str
    commission_fen: int
    profit_fen: int
    taken_back_fen: int
    premium_fen: int
    balance_fen: int
    deficit_fen: int


STATED = EventKind("year_adjusted", parties=("cedent", "reinsurer"))

contract = Contract("adjustments", records=(Agreement, Adjusted), events=(STATED,))


class AgreeArgs(Arguments, frozen=True):
    """With whom, about which treaty, and what depends on how it goes."""

    reinsurer: Name
    treaty: Label
    terms: AdjustedTerms


class YearFigures(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A treaty year's account, in fen. ``..._in`` was carried into the year, ``..._out`` is carried out of it."""

    premium: Fen
    commission: Fen = 0
    unearned_in: Fen = 0
    unearned_out: Fen = 0
    outstanding_in: Fen = 0
    outstanding_out: Fen = 0
    paid: Fen = 0

    @property
    def earned(self) -> int:
        """The premium that belongs to the year."""
        return self.premium + self.unearned_in - self.unearned_out

    @property
    def incurred(self) -> int:
        """The losses that belong to the year."""
        return self.paid + self.outstanding_out - self.outstanding_in


class StateArgs(Arguments, frozen=True):
    """The next year of an agreement. ``income_fen`` is the subject premium, ``deposit_fen`` what was paid."""

    agreement: ObjectId
    year: YearFigures
    income_fen: Fen = 0
    deposit_fen: Fen = 0


class AnswerArgs(Arguments, frozen=True):
    """Which agreement's last stated year, and the balance due to the reinsurer as the client worked it out."""

    agreement: ObjectId
    balance_fen: SignedFen


@contract.action(roles=("insurer", "reinsurer"), endorse=signed(argument("reinsurer")))
def agree(ctx: Context, args: AgreeArgs) -> Plain:
    """约定. Both sides sign; "two_premiums" where a swing rate and a minimum would both set the premium."""
    require_reinsurer(ctx, args.reinsurer)
    ctx.require(ctx.client != args.reinsurer, "own_reinsurer", ctx.client)
    ctx.require(args.terms.swing is None or args.terms.minimum is None, "two_premiums", args.treaty)
    ctx.put(ctx.object_id, Agreement(ctx.client, args.reinsurer, args.treaty, args.terms))
    return {"agreement": ctx.object_id}


@contract.action(roles=("insurer", "reinsurer"))
def state(ctx: Context, args: StateArgs) -> Plain:
    """年度调整账单. State the next year's adjustment, once the year before is confirmed."""
    agreement = ctx.find(Agreement, args.agreement)
    ctx.require(agreement.cedent == ctx.client, "not_your_agreement", args.agreement)
    ctx.require(agreement.stated == agreement.confirmed, "year_unconfirmed", args.agreement)
    ctx.require(agreement.confirmed < YEARS_MAX, "too_many_years", args.agreement)
    ctx.require(args.year.earned >= 0 and args.year.incurred >= 0, "year_negative", args.agreement)
    adjusted = adjust(agreement, args)
    ctx.put(year_key(args.agreement, agreement.stated), adjusted)
    ctx.put(args.agreement, replace(agreement, stated=agreement.stated + 1))
    ctx.emit("year_adjusted", agreement=args.agreement, cedent=ctx.client, reinsurer=agreement.reinsurer)
    return {
        "commission_fen": adjusted.commission_fen,
        "profit_fen": adjusted.profit_fen,
        "taken_back_fen": adjusted.taken_back_fen,
        "premium_fen": adjusted.premium_fen,
        "balance_fen": adjusted.balance_fen,
        "deficit_fen": adjusted.deficit_fen,
    }


@contract.action(roles=("reinsurer",))
def confirm(ctx: Context, args: AnswerArgs) -> Plain:
    """确认. Agree with a year; it is settled at once, and its deficit goes on to the next."""
    agreement, key, stated = _stated(ctx, args)
    ctx.require(stated.balance_fen == args.balance_fen, "balance_differs", key)
    ctx.put(key, replace(stated, state=YEAR.next(stated.state, "confirm")))
    confirmed = replace(agreement, confirmed=agreement.confirmed + 1, deficit_fen=stated.deficit_fen)
    ctx.put(args.agreement, confirmed)
    _settle(ctx, key, agreement, stated)
    return {"years": confirmed.confirmed, "balance_fen": stated.balance_fen}


@contract.action(roles=("reinsurer",))
def dispute(ctx: Context, args: AnswerArgs) -> Plain:
    """异议. Say which balance one came to instead; the year is to be stated anew, and nothing has moved."""
    agreement, key, stated = _stated(ctx, args)
    ctx.require(stated.balance_fen != args.balance_fen, "nothing_disputed", key)
    ctx.put(key, replace(stated, state=YEAR.next(stated.state, "dispute")))
    ctx.put(args.agreement, replace(agreement, stated=agreement.confirmed))
    return {"differs_fen": stated.balance_fen - args.balance_fen}


def adjust(agreement: Agreement, args: StateArgs) -> Adjusted:
    """The year's adjustment under the agreement's terms."""
    terms, year = agreement.terms, args.year
    commission = year.commission
    if terms.scale is not None and year.earned:
        commission = part(year.earned, terms.scale.rate(part(MILLION, year.incurred, year.earned)))
    profit = deficit = 0
    if terms.profit is not None:
        figures = TreatyYear(
            premium=year.premium,
            commission=commission,
            unearned_in=year.unearned_in,
            unearned_out=year.unearned_out,
            outstanding_in=year.outstanding_in,
            outstanding_out=year.outstanding_out,
            paid=year.paid,
        )
        carried = figures.balance(terms.profit.expenses) - agreement.deficit_fen
        profit, deficit = terms.profit.of(carried), max(-carried, 0)
    taken_back = loss_participation(year.earned, year.incurred, terms.participation)
    if terms.corridor is not None:
        taken_back += year.incurred - after_corridor(year.incurred, terms.corridor.limit, terms.corridor.attachment)
    due = args.deposit_fen
    if terms.swing is not None:
        due = terms.swing.premium(args.income_fen, year.incurred)
    elif terms.minimum is not None:
        due = terms.minimum.adjusted(args.income_fen)
    premium, more = due - args.deposit_fen, commission - year.commission
    return Adjusted(
        state="STATED",
        commission_fen=more,
        profit_fen=profit,
        taken_back_fen=taken_back,
        premium_fen=premium,
        balance_fen=premium + taken_back - more - profit,
        deficit_fen=deficit,
    )


def year_key(agreement: str, number: int) -> str:
    """Where a year's adjustment stands; years count from 0."""
    return f"{agreement}|{number:02d}"


def _stated(ctx: Context, args: AnswerArgs) -> tuple[Agreement, str, Adjusted]:
    agreement = ctx.find(Agreement, args.agreement)
    ctx.require(agreement.reinsurer == ctx.client, "not_your_agreement", args.agreement)
    ctx.require(agreement.stated > agreement.confirmed, "nothing_stated", args.agreement)
    key = year_key(args.agreement, agreement.confirmed)
    return agreement, key, ctx.find(Adjusted, key)


def _settle(ctx: Context, key: str, agreement: Agreement, year: Adjusted) -> None:
    commission = year.commission_fen + year.profit_fen
    lines = [
        line
        for ceding, assuming, amount in (
            ("premium-ceded", "premium-assumed", year.premium_fen),
            ("commission-income", "commission-paid", -commission),
            ("recoveries", "recoveries-paid", year.taken_back_fen),
            ("cash", "cash", -year.balance_fen),
        )
        for line in ((account(agreement.cedent, ceding), amount), (account(agreement.reinsurer, assuming), -amount))
    ]
    post(ctx, f"adjustments/{key}", "treaty adjustment", lines)
