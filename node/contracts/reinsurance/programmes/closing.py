"""The close of a programme: every reinsurer's account, its confirmation, and the reserve that comes back later."""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, Name, ObjectId, SignedFen
from node.contracts.reinsurance.programmes.books import open_programme, worked_so_far
from node.contracts.reinsurance.programmes.calls import paid_ahead
from node.contracts.reinsurance.programmes.records import (
    ACCOUNT_STATES,
    PROGRAMME_STATES,
    Programme,
    ProgrammeAccount,
)
from node.contracts.reinsurance.programmes.shares import lines
from node.contracts.reinsurance.programmes.signing import contract, loss_moves, premium_moves


class Close(Arguments, frozen=True):
    """Which programme."""

    programme: ObjectId


class Confirm(Arguments, frozen=True):
    """The reinsurer agrees with its balance, as it computed it: due to it, in fen."""

    programme: ObjectId
    balance_fen: SignedFen


class Release(Arguments, frozen=True):
    """Whose reserve the cedent gives back."""

    programme: ObjectId
    reinsurer: Name


@contract.action(roles=("insurer",))
def close(ctx: Context, args: Close) -> Plain:
    """结算. Works the year out and states every reinsurer's account; nothing more is booked or called for."""
    programme = open_programme(ctx, args.programme)
    ctx.require(ctx.time_ms >= programme.until_ms, "term_not_over", args.programme)
    ctx.put(args.programme, replace(programme, state=PROGRAMME_STATES.next(programme.state, "close")))
    worked = worked_so_far(ctx, args.programme, programme)
    stated = {
        reinsurer: ProgrammeAccount("STATED", theirs)
        for reinsurer, theirs in lines(worked, paid_ahead(ctx, args.programme, programme)).items()
    }
    for reinsurer, theirs in stated.items():
        ctx.put(f"{args.programme}/{reinsurer}", theirs)
    ctx.emit("programme_closed", cedent=ctx.client, reinsurers=programme.reinsurers)
    return {
        "gross_fen": worked.gross,
        "retained_fen": worked.retained,
        "recovered": {one.section.name: one.loss - one.taken_back for one in worked.sections},
        "premiums": {one.section.name: one.premium + one.price for one in worked.sections},
        "reinstatements": worked.reinstatements(),
        "balances": {reinsurer: theirs.balance_fen for reinsurer, theirs in stated.items()},
    }


@contract.action(roles=("reinsurer",))
def confirm(ctx: Context, args: Confirm) -> Plain:
    """账单确认. Settles a reinsurer's account; refused with "balance_differs" where it computes another."""
    programme = ctx.find(Programme, args.programme)
    key = f"{args.programme}/{ctx.client}"
    stated = ctx.find(ProgrammeAccount, key)
    ctx.put(key, replace(stated, state=ACCOUNT_STATES.next(stated.state, "confirm")))
    ctx.require(stated.balance_fen == args.balance_fen, "balance_differs", key)
    cedent, reinsurer = programme.cedent, ctx.client
    commission = sum(line.commission for line in stated.lines)
    moves = premium_moves(cedent, reinsurer, sum(line.premium_due for line in stated.lines))
    moves += loss_moves(cedent, reinsurer, sum(line.loss_due for line in stated.lines))
    moves += _paired(cedent, reinsurer, "commission-income", "commission-paid", -commission)
    moves += _paired(cedent, reinsurer, "payable", "receivable", -stated.withheld_fen)
    post(ctx, f"programme/{key}", "programme account", moves)
    ctx.emit("account_confirmed", cedent=cedent, reinsurers=(reinsurer,))
    return {"balance_fen": stated.balance_fen}


@contract.action(roles=("insurer",))
def release(ctx: Context, args: Release) -> Plain:
    """准备金返还. The premium reserve withheld goes to the reinsurer, once its time has come."""
    programme = ctx.find(Programme, args.programme)
    ctx.require(programme.cedent == ctx.client, "not_your_programme", args.programme)
    ctx.require(ctx.time_ms >= programme.reserve_ms, "reserve_not_due", args.programme)
    key = f"{args.programme}/{args.reinsurer}"
    stated = ctx.find(ProgrammeAccount, key)
    ctx.put(key, replace(stated, state=ACCOUNT_STATES.next(stated.state, "release")))
    moves = _paired(programme.cedent, args.reinsurer, "payable", "receivable", stated.withheld_fen)
    post(ctx, f"programme/{key}/reserve", "premium reserve", moves)
    return {"released_fen": stated.withheld_fen}


def _paired(cedent: str, reinsurer: str, ceding: str, assuming: str, fen: int) -> list[tuple[str, int]]:
    """``fen`` from the cedent to the reinsurer in cash, against an account of each."""
    return [
        (account(cedent, ceding), fen),
        (account(cedent, "cash"), -fen),
        (account(reinsurer, "cash"), fen),
        (account(reinsurer, assuming), -fen),
    ]
