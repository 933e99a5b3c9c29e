"""What the actuary books: the reserve for losses nobody has told of yet, and later how far off it was.

Method: chain-ladder on reported losses, with Mack's standard error. The triangle lies on the chain, so every replica
works both out again and refuses others; the digest says on which data they rest.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.endorsement import record, signed
from node.contracts.fields import Arguments, Digest, Fen, ObjectId, SignedFen
from node.contracts.money import share
from node.contracts.reserving.development import Cells, cumulative, emerged, ibnr, known
from node.contracts.reserving.mack import standard_error
from node.contracts.reserving.records import BASIS, PERIODS_MAX, Basis, Development, Estimate, contract
from node.contracts.reserving.reporting import REPORTED, move_reserve

Valuation = Annotated[int, Meta(ge=1, le=2 * PERIODS_MAX)]

_encode = msgspec.msgpack.Encoder().encode


class BookArgs(Arguments, frozen=True):
    """After how many periods, by which model, on which data, and what came out, as the reinsurer's share."""

    basis: ObjectId
    valuation: Valuation
    model: Digest
    data: Digest
    ibnr_fen: SignedFen
    standard_error_fen: Fen


class ReviewArgs(Arguments, frozen=True):
    """Which estimate is looked back on."""

    basis: ObjectId
    valuation: Valuation


class BasisArgs(Arguments, frozen=True):
    """Which basis."""

    basis: ObjectId


def data_digest(cells: Cells, valuation: int) -> str:
    """What names a triangle as known after ``valuation`` periods: SHA-256 of its rows in msgpack, in hex."""
    return sha256(_encode(known(cells, valuation))).hexdigest()


def estimated_share(cells: Cells, valuation: int, cession_ppm: int) -> tuple[int, int]:
    """The reinsurer's share of the chain-ladder's IBNR and of its standard error; it reserves no less than nothing."""
    error = standard_error(cumulative(known(cells, valuation)))
    return share(max(ibnr(cells, valuation), 0), cession_ppm), share(error, cession_ppm)


@contract.action(roles=("actuary",), endorse=signed(record(Basis, "basis").field("reinsurer")))
def book(ctx: Context, args: BookArgs) -> Plain:
    """Actuary and reinsurer sign; the reserve moves from the last estimate to this one, up or down."""
    basis = _own(ctx, args.basis)
    state = BASIS.next(basis.state, "value")
    cells = ctx.find(Development, f"{args.basis}/{REPORTED}").cells
    ctx.require(args.model == basis.model, "another_model", args.model)
    ctx.require(args.valuation > basis.valued, "valued_already", str(args.valuation))
    ctx.require(ctx.time_ms >= basis.starts_ms + args.valuation * basis.period_ms, "period_not_over")
    ctx.require(args.data == data_digest(cells, args.valuation), "other_data")
    ibnr_fen, error_fen = estimated_share(cells, args.valuation, basis.cession_ppm)
    ctx.require(args.ibnr_fen == ibnr_fen, "estimate_differs", f"{args.ibnr_fen} instead of {ibnr_fen}")
    ctx.require(args.standard_error_fen == error_fen, "standard_error_differs", f"it is {error_fen}")
    movement = args.ibnr_fen - basis.ibnr_fen
    move_reserve(ctx, basis, "ibnr", movement, "incurred but not reported")
    ctx.put(args.basis, replace(basis, state=state, ibnr_fen=args.ibnr_fen, valued=args.valuation))
    estimate = Estimate(args.ibnr_fen, args.standard_error_fen, args.data, ctx.time_ms)
    ctx.put(f"{args.basis}|{args.valuation}", estimate)
    ctx.emit("reserve_booked", actuary=ctx.client, reinsurer=basis.reinsurer, ibnr_fen=args.ibnr_fen)
    return {"ibnr_fen": args.ibnr_fen, "movement_fen": movement}


@contract.action(roles=("actuary",))
def review(ctx: Context, args: ReviewArgs) -> Plain:
    """Run-off 准备金回溯: what of an estimate's losses has been reported since, once nothing more can be."""
    basis = _own(ctx, args.basis)
    key = f"{args.basis}|{args.valuation}"
    estimate = ctx.find(Estimate, key)
    ctx.require(ctx.time_ms >= _run_off_ms(basis), "has_not_run_off")
    cells = ctx.find(Development, f"{args.basis}/{REPORTED}").cells
    came = emerged(cells, args.valuation, basis.origins + basis.developments)
    actual = share(max(came, 0), basis.cession_ppm)
    error = estimate.ibnr_fen - actual
    ctx.put(key, replace(estimate, emerged_fen=actual, error_fen=error, reviewed_ms=ctx.time_ms))
    return {"ibnr_fen": estimate.ibnr_fen, "emerged_fen": actual, "error_fen": error}


@contract.action(roles=("actuary",), endorse=signed(record(Basis, "basis").field("reinsurer")))
def close(ctx: Context, args: BasisArgs) -> Plain:
    """What is still reserved for unreported losses is released, once nothing more can be reported."""
    basis = _own(ctx, args.basis)
    state = BASIS.next(basis.state, "close")
    ctx.require(ctx.time_ms >= _run_off_ms(basis), "has_not_run_off")
    move_reserve(ctx, basis, "ibnr", -basis.ibnr_fen, "run off")
    ctx.put(args.basis, replace(basis, state=state, ibnr_fen=0))
    return {"released_fen": basis.ibnr_fen}


def _own(ctx: Context, key: str) -> Basis:
    basis = ctx.find(Basis, key)
    ctx.require(basis.actuary == ctx.client, "not_your_basis", ctx.client)
    return basis


def _run_off_ms(basis: Basis) -> int:
    """From when on nothing can be reported any more: the last origin period's last development period is over."""
    return basis.starts_ms + (basis.origins + basis.developments - 1) * basis.period_ms
