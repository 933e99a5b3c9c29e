"""What cedents report: losses as they come to be known, and what they paid of them (row 15, in bulk).

Nothing says when a report comes but the transaction's own time: a loss belongs to the development period in which it is
told, however long ago it occurred. So the delay of notice shows in the triangle and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, pay, post
from node.contracts.context import Context, Plain
from node.contracts.endorsement import all_of, argument, record, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, Millis, Name, ObjectId, Ppm
from node.contracts.money import share
from node.contracts.registers import require_reinsurer
from node.contracts.reserving.development import added, empty
from node.contracts.reserving.records import (
    BASIS,
    CEDENTS_MAX,
    PERIODS_MAX,
    Basis,
    CededLoss,
    Development,
    contract,
)

ROWS_MAX = 500

REPORTED, PAID = "reported", "paid"
"""The two triangles of a basis."""

Periods = Annotated[int, Meta(ge=2, le=PERIODS_MAX)]


class AgreeArgs(Arguments, frozen=True):
    """See :class:`~node.contracts.reserving.records.Basis`."""

    reinsurer: Name
    cedents: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=CEDENTS_MAX)]
    model: Digest
    starts_ms: Millis
    period_ms: Annotated[int, Meta(ge=1, lt=2**53, extra={"unit": "ms"})]
    origins: Periods
    developments: Periods
    cession_ppm: Ppm


class LossRow(Arguments, frozen=True):
    """One loss: the cedent's own reference, when it occurred, and what it will come to as the cedent sees it now."""

    reference: Label
    occurred_ms: Millis
    incurred_fen: Fen


class ReportArgs(Arguments, frozen=True):
    """Losses that came to be known, or are seen otherwise than before."""

    basis: ObjectId
    losses: Annotated[tuple[LossRow, ...], Meta(min_length=1, max_length=ROWS_MAX)]


class PaidRow(Arguments, frozen=True):
    """What a cedent has paid of a loss, all payments together."""

    reference: Label
    paid_fen: Fen


class RecoverArgs(Arguments, frozen=True):
    """Losses on which a cedent paid more than before."""

    basis: ObjectId
    losses: Annotated[tuple[PaidRow, ...], Meta(min_length=1, max_length=ROWS_MAX)]


@contract.action(roles=("actuary",), endorse=all_of(signed(argument("reinsurer")), signed(argument("cedents"))))
def agree(ctx: Context, args: AgreeArgs) -> Plain:
    """Actuary, reinsurer and every cedent sign what is valued, and how."""
    require_reinsurer(ctx, args.reinsurer)
    ctx.require(len(set(args.cedents)) == len(args.cedents), "cedent_twice")
    for cedent in args.cedents:
        ctx.require_role(cedent, "insurer")
    basis = Basis(
        state="AGREED",
        actuary=ctx.client,
        reinsurer=args.reinsurer,
        cedents=args.cedents,
        model=args.model,
        starts_ms=args.starts_ms,
        period_ms=args.period_ms,
        origins=args.origins,
        developments=args.developments,
        cession_ppm=args.cession_ppm,
    )
    ctx.put(ctx.object_id, basis)
    for triangle in (REPORTED, PAID):
        ctx.put(f"{ctx.object_id}/{triangle}", Development(empty(args.origins, args.developments)))
    return {"basis": ctx.object_id}


@contract.action(roles=("insurer",))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """A cedent's loss bordereau 赔案报表. The reinsurer's case reserve rises, or falls, by its share of each loss."""
    basis = _of_cedent(ctx, args.basis)
    changes, ceded = [], 0
    for row in args.losses:
        key = f"{args.basis}|{ctx.client}|{row.reference}"
        before = ctx.get(CededLoss, key) or CededLoss(row.occurred_ms, ctx.time_ms, 0, 0)
        ctx.require(before.occurred_ms == row.occurred_ms, "occurred_otherwise", row.reference)
        ctx.require(row.occurred_ms <= ctx.time_ms, "has_not_occurred", row.reference)
        ctx.require(row.incurred_fen >= before.paid_fen, "less_than_paid", row.reference)
        changes.append((before, row.incurred_fen - before.incurred_fen))
        ceded += share(row.incurred_fen, basis.cession_ppm) - share(before.incurred_fen, basis.cession_ppm)
        ctx.put(key, replace(before, incurred_fen=row.incurred_fen))
    _develop(ctx, basis, f"{args.basis}/{REPORTED}", changes)
    move_reserve(ctx, basis, "reserve", ceded, "losses reported")
    ctx.put(args.basis, replace(basis, ceded_fen=basis.ceded_fen + ceded))
    return {"losses": len(changes), "ceded_fen": ceded}


@contract.action(roles=("insurer",), endorse=signed(record(Basis, "basis").field("reinsurer")))
def recover(ctx: Context, args: RecoverArgs) -> Plain:
    """The reinsurer pays its share 摊回赔款 of what a cedent has paid, and its case reserve falls by as much."""
    basis = _of_cedent(ctx, args.basis)
    changes, due = [], 0
    for row in args.losses:
        key = f"{args.basis}|{ctx.client}|{row.reference}"
        loss = ctx.find(CededLoss, key)
        ctx.require(loss.paid_fen < row.paid_fen, "paid_already", row.reference)
        ctx.require(row.paid_fen <= loss.incurred_fen, "more_than_reported", row.reference)
        changes.append((loss, row.paid_fen - loss.paid_fen))
        due += share(row.paid_fen, basis.cession_ppm) - share(loss.paid_fen, basis.cession_ppm)
        ctx.put(key, replace(loss, paid_fen=row.paid_fen))
    _develop(ctx, basis, f"{args.basis}/{PAID}", changes)
    debit, credit = (basis.reinsurer, "recoveries-paid"), (ctx.client, "recoveries")
    pay(ctx, f"recovered/{ctx.object_id}", due, debit=debit, credit=credit, memo="share of losses paid")
    move_reserve(ctx, basis, "reserve", -due, "losses paid")
    ctx.put(args.basis, replace(basis, recovered_fen=basis.recovered_fen + due))
    return {"losses": len(changes), "recovered_fen": due}


def _of_cedent(ctx: Context, key: str) -> Basis:
    """The basis, open, and the client one of its cedents."""
    basis = ctx.find(Basis, key)
    ctx.require(ctx.client in basis.cedents, "not_a_cedent", ctx.client)
    BASIS.next(basis.state, "value")
    return basis


def _develop(ctx: Context, basis: Basis, key: str, changes: Iterable[tuple[CededLoss, int]]) -> None:
    """Add each change to its cell: the row by when the loss occurred, the column by the transaction's time."""
    cells = ctx.find(Development, key).cells
    now = (ctx.time_ms - basis.starts_ms) // basis.period_ms
    for loss, fen in changes:
        origin = (loss.occurred_ms - basis.starts_ms) // basis.period_ms
        ctx.require(0 <= origin < basis.origins, "outside_the_basis")
        ctx.require(now - origin < basis.developments, "too_late")
        cells = added(cells, origin, now - origin, fen)
    ctx.put(key, Development(cells))


def move_reserve(ctx: Context, basis: Basis, kind: str, movement: int, memo: str) -> None:
    """Book that the reinsurer's reserve of that ``kind`` grows by ``movement`` fen: a liability against an expense."""
    lines = ((account(basis.reinsurer, "reserve-movement"), movement), (account(basis.reinsurer, kind), -movement))
    post(ctx, f"reserving/{ctx.object_id}", memo, lines)
