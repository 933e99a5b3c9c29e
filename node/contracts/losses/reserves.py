"""Reserves 准备金: each step signed by both sides, their sum kept by the chain, which reads none of it (row 15).

A step is a commitment to by how much the reserve changes (:mod:`node.privacy.sums`). So the reserve is the sum of its
movements by construction; to the fen, since no other amount opens it. A loss is closed when its reserve opens to
nothing. A reinsurer's reserves over all its losses add up likewise: it reports them by opening that one sum, which
tells nobody what it keeps for whom.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, Fen
from node.contracts.losses.records import (
    BOTH_SIDES,
    LOSS,
    AmountArgs,
    LossArgs,
    Movement,
    ReserveReport,
    Reserves,
    TreatyLoss,
    contract,
    loss_key,
    movement_key,
)
from node.contracts.treaty import Treaty
from node.privacy.envelope import Envelope
from node.privacy.sums import NOTHING, Hidden, is_hidden, minus, opens, plus

MOVEMENTS_MAX = 1_000


class CloseArgs(LossArgs, frozen=True):
    """Which loss, and the blind under which its reserve is nothing."""

    blind: Hidden


class ReportArgs(Arguments, frozen=True):
    """The sum of all one's reserves, opened."""

    total_fen: Fen
    blind: Hidden


@contract.action(roles=("insurer", "reinsurer"), endorse=BOTH_SIDES)
def move(ctx: Context, args: AmountArgs) -> Plain:
    """Change a loss's reserve; of a recovery 摊回, by what the account takes up."""
    key = loss_key(args.treaty, args.reference)
    loss = ctx.find(TreatyLoss, key)
    carry_between(ctx, loss, args.amounts)
    ctx.require(is_hidden(args.change), "not_a_commitment", args.reference)
    moved = _moved(ctx, args, loss)
    if args.kind == "recovery":
        moved = replace(moved, recovered=minus(loss.recovered, args.change))
    ctx.put(key, moved)
    return {"movements": moved.movements}


@contract.action(roles=("insurer", "reinsurer"), endorse=BOTH_SIDES)
def close(ctx: Context, args: CloseArgs) -> Plain:
    """Close a loss for which nothing is kept any more."""
    key = loss_key(args.treaty, args.reference)
    loss = ctx.find(TreatyLoss, key)
    closed = replace(loss, state=LOSS.next(loss.state, "close"))
    ctx.require(loss.movements == 0 or opens(loss.reserve, 0, args.blind), "reserve_left", args.reference)
    ctx.put(key, closed)
    return {"open_ms": ctx.time_ms - loss.noticed_ms, "movements": loss.movements}


@contract.action(roles=("reinsurer",))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """Open the sum of all one's reserves: a point of the series that supervisors and members read."""
    held = ctx.find(Reserves, ctx.client)
    ctx.require(opens(held.total, args.total_fen, args.blind), "opening_does_not_match", ctx.client)
    ctx.put(f"{ctx.client}|{ctx.time_ms}", ReserveReport(total_fen=args.total_fen))
    return {"total_fen": args.total_fen}


def carry_between(ctx: Context, loss: TreatyLoss, envelope: Envelope) -> None:
    """What an amount is goes to the loss's two sides and nobody else."""
    ctx.require(envelope.recipients == tuple(sorted((loss.cedent, loss.reinsurer))), "wrong_recipients")
    ctx.carry(envelope, ctx.object_id)


def _moved(ctx: Context, args: AmountArgs, loss: TreatyLoss) -> TreatyLoss:
    """The loss after one more step, which is kept, and counted among all that its reinsurer holds."""
    treaty = ctx.find(Treaty, args.treaty)
    ctx.require(treaty.state != "COMMUTED" or args.kind != "recovery", "treaty_commuted", args.treaty)
    ctx.require(loss.movements < MOVEMENTS_MAX, "too_many_movements", args.reference)
    movement = Movement(kind=args.kind, change=args.change, moved_by=ctx.object_id, time_ms=ctx.time_ms)
    return book(ctx, (args.treaty, args.reference), loss, movement)


def book(ctx: Context, about: tuple[str, str], loss: TreatyLoss, movement: Movement) -> TreatyLoss:
    """The loss (of ``about``: treaty, reference) after a step of its reserve, which is booked."""
    state, change = LOSS.next(loss.state, "move"), movement.change
    ctx.put(movement_key(*about, loss.movements), movement)
    held = ctx.get(Reserves, loss.reinsurer)
    ctx.put(loss.reinsurer, Reserves(total=plus(held.total if held else NOTHING, change)))
    return replace(loss, state=state, movements=loss.movements + 1, reserve=plus(loss.reserve, change))
