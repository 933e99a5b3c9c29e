"""Cash calls 现金赔款: the cedent asks for a large recovery at once, outside the account (M97, cash loss limit).

What reinstatements cost on the deposit premium is set against it, as a provisional premium; the close credits what was
paid and adjusts what was set against it.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import post
from node.contracts.context import Context, Plain, Refusal
from node.contracts.fields import Arguments, Fen, Label, ObjectId, SignedFen
from node.contracts.money import allocate
from node.contracts.reinsurance.programmes.books import open_programme, worked_so_far
from node.contracts.reinsurance.programmes.records import CALL_STATES, Called, CashCall, PaidAhead, Programme
from node.contracts.reinsurance.programmes.shares import Paid, of_placed
from node.contracts.reinsurance.programmes.signing import contract, loss_moves, premium_moves
from node.contracts.reinsurance.rates import part


class Call(Arguments, frozen=True):
    """How much of a section's recovery is called for, of all its reinsurers together."""

    programme: ObjectId
    section: Label
    amount_fen: Fen


class PayCall(Arguments, frozen=True):
    """The reinsurer pays its part of a call: ``net_fen`` is what it owes, as it computed it."""

    call: ObjectId
    net_fen: SignedFen


@contract.action(roles=("insurer",))
def call(ctx: Context, args: Call) -> Plain:
    """现金赔款通知. At least the programme's cash loss limit, at most what the section owes by now."""
    programme = open_programme(ctx, args.programme)
    ctx.require(args.amount_fen >= max(programme.cash_limit_fen, 1), "below_the_cash_limit", str(args.amount_fen))
    section = programme.section(args.section)
    if section is None:
        raise Refusal("unknown_section", args.section)
    now = worked_so_far(ctx, args.programme, programme).of(args.section)
    key = f"{args.programme}/{args.section}"
    before = ctx.get(Called, key) or Called()
    due = now.loss - now.taken_back
    ctx.require(before.loss_fen + args.amount_fen <= due, "beyond_the_recovery", str(due - before.loss_fen))
    called = Called(
        loss_fen=before.loss_fen + args.amount_fen,
        reinstatement_fen=part(now.provisional, before.loss_fen + args.amount_fen, due),
    )
    ctx.put(key, called)
    provisional = max(called.reinstatement_fen - before.reinstatement_fen, 0)
    losses, premiums = allocate(args.amount_fen, section.weights), of_placed(section, provisional)
    for (reinsurer, _), loss, premium in zip(section.takers, losses, premiums, strict=True):
        ctx.put(
            f"{ctx.object_id}/{reinsurer}",
            CashCall("CALLED", args.programme, args.section, loss_fen=loss, reinstatement_fen=premium),
        )
    reinsurers = tuple(name for name, _ in section.takers)
    ctx.emit("cash_called", cedent=ctx.client, reinsurers=reinsurers, call=ctx.object_id)
    return {"called_fen": args.amount_fen, "reinstatement_fen": sum(premiums)}


@contract.action(roles=("reinsurer",))
def pay_call(ctx: Context, args: PayCall) -> Plain:
    """现金赔款支付. Refused with "amount_differs" where the reinsurer computes something else."""
    key = f"{args.call}/{ctx.client}"
    found = ctx.find(CashCall, key)
    programme = ctx.find(Programme, found.programme)
    ctx.require(programme.state == "OPEN", "programme_closed", found.programme)
    ctx.put(key, replace(found, state=CALL_STATES.next(found.state, "pay")))
    ctx.require(found.net_fen == args.net_fen, "amount_differs", args.call)
    place = f"{found.programme}/{found.section}/{ctx.client}"
    before = ctx.get(PaidAhead, place) or PaidAhead()
    paid = PaidAhead(before.loss_fen + found.loss_fen, before.reinstatement_fen + found.reinstatement_fen)
    ctx.put(place, paid)
    moves = loss_moves(programme.cedent, ctx.client, found.loss_fen)
    moves += premium_moves(programme.cedent, ctx.client, found.reinstatement_fen)
    post(ctx, f"programme/call/{key}", "cash call", moves)
    return {"net_fen": found.net_fen}


def paid_ahead(ctx: Context, key: str, programme: Programme) -> dict[tuple[str, str], Paid]:
    """What was paid on calls, by (section, reinsurer)."""
    found: dict[tuple[str, str], Paid] = {}
    for section in programme.sections:
        for reinsurer, _ in section.takers:
            paid = ctx.get(PaidAhead, f"{key}/{section.name}/{reinsurer}")
            if paid is not None:
                found[section.name, reinsurer] = Paid(paid.loss_fen, paid.reinstatement_fen)
    return found
