"""Cash calls 现金赔款: a large loss is paid at once, and not with the quarter's account.

Treaties name a cash loss limit, above which the reinsured may ask for its money as soon as it has paid; the limit is
sealed with the terms, so it is the reinsurer's signature that says that it is passed. What was called stays hidden
until it is paid, since cash moves in the open; paying it releases the reserve by exactly as much.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, Fen, ObjectId
from node.contracts.losses.records import (
    BOTH_SIDES,
    CALL,
    AmountArgs,
    CashCall,
    Movement,
    Rules,
    TreatyLoss,
    contract,
    loss_key,
)
from node.contracts.losses.reserves import book, carry_between
from node.contracts.treaty import signed_treaty
from node.privacy.sums import Hidden, is_hidden, minus, opens


class PayArgs(Arguments, frozen=True):
    """A call, and what it is for, opened: the fall of the reserve is the same amount with the other sign."""

    call: ObjectId
    amount_fen: Fen
    blind: Hidden


@contract.action(name="call", roles=("insurer", "reinsurer"), endorse=BOTH_SIDES)
def call_for_cash(ctx: Context, args: AmountArgs) -> Plain:
    """The cedent calls for an amount; both sign that it is above the limit."""
    loss = ctx.find(TreatyLoss, loss_key(args.treaty, args.reference))
    ctx.require(loss.cedent == ctx.client, "not_the_cedent", ctx.client)
    ctx.require(loss.state == "OPEN", "loss_closed", args.reference)
    signed_treaty(ctx, args.treaty)
    ctx.require(is_hidden(args.change), "not_a_commitment", args.reference)
    carry_between(ctx, loss, args.amounts)
    due_ms = ctx.time_ms + ctx.find(Rules, "rules").pay_within_ms
    call = CashCall("CALLED", args.treaty, args.reference, args.change, due_ms, 0)
    ctx.put(ctx.object_id, call)
    ctx.emit("cash_called", cedent=loss.cedent, reinsurer=loss.reinsurer, call=ctx.object_id, due_ms=due_ms)
    return {"call": ctx.object_id, "due_ms": due_ms}


@contract.action(name="pay", roles=("reinsurer",))
def pay_call(ctx: Context, args: PayArgs) -> Plain:
    """The reinsurer pays what was called; how late it is stands in the receipt."""
    call = ctx.find(CashCall, args.call)
    key = loss_key(call.treaty, call.reference)
    loss = ctx.find(TreatyLoss, key)
    ctx.require(loss.reinsurer == ctx.client, "not_the_reinsurer", ctx.client)
    signed_treaty(ctx, call.treaty)
    paid = replace(call, state=CALL.next(call.state, "pay"), paid_ms=ctx.time_ms)
    ctx.require(opens(call.amount, -args.amount_fen, args.blind), "opening_does_not_match", args.call)
    ctx.put(args.call, paid)
    movement = Movement(kind="cash", change=call.amount, moved_by=args.call, time_ms=ctx.time_ms)
    released = book(ctx, (call.treaty, call.reference), loss, movement)
    ctx.put(key, replace(released, recovered=minus(loss.recovered, call.amount)))
    pay(
        ctx,
        f"cash-call/{args.call}",
        args.amount_fen,
        debit=(loss.reinsurer, "recoveries-paid"),
        credit=(loss.cedent, "recoveries"),
        memo="cash call",
    )
    return {"paid_fen": args.amount_fen, "late_ms": max(0, ctx.time_ms - call.due_ms)}
