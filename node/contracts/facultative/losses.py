"""Losses of a risk placed facultatively: each line reserves and pays its share, as the leader has agreed for all."""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, Plain
from node.contracts.facultative.records import BY_LEADER, SLIP, LossArgs, RiskLoss, Slip, contract, loss_key, own_slip
from node.contracts.fields import Arguments, Fen, Label, Millis, ObjectId


class AdviseArgs(Arguments, frozen=True):
    """A loss of the slip's risk, when it happened, and what is outstanding on the whole risk from now on, in fen."""

    slip: ObjectId
    loss: Label
    happened_ms: Millis
    outstanding_fen: Fen


@contract.action(roles=("insurer", "reinsurer"))
def advise(ctx: Context, args: AdviseArgs) -> Plain:
    """出险通知与估损. Tell of a loss and what is outstanding on it, or change that; lines on risk reserve it."""
    slip = own_slip(ctx, args.slip)
    state = SLIP.next(slip.state, "lose")
    ctx.require(slip.starts_ms <= args.happened_ms < slip.ends_ms, "outside_the_period", args.loss)
    ctx.require(args.happened_ms <= ctx.time_ms, "not_happened_yet", args.loss)
    key = loss_key(args.slip, args.loss)
    before = ctx.get(RiskLoss, key) or RiskLoss(args.happened_ms, paid_fen=0, outstanding_fen=0)
    ctx.require(before.happened_ms == args.happened_ms, "other_loss", key)
    ctx.require(before.paid_fen + args.outstanding_fen <= slip.sum_insured_fen, "beyond_the_sum_insured", key)
    ctx.put(key, replace(before, outstanding_fen=args.outstanding_fen))
    reserved = _reserve(ctx, slip, before.outstanding_fen, args.outstanding_fen)
    ctx.put(args.slip, replace(reserved, state=state))
    return {"reserves_fen": tuple(line.reserve_fen for line in reserved.lines)}


@contract.action(roles=("insurer", "reinsurer"), endorse=BY_LEADER)
def settle(ctx: Context, args: LossArgs) -> Plain:
    """摊回赔款. What was paid of an advised loss: each line on risk pays its part and releases that much reserve."""
    slip = own_slip(ctx, args.slip)
    state = SLIP.next(slip.state, "lose")
    key = loss_key(args.slip, args.loss)
    before = ctx.find(RiskLoss, key)
    ctx.require(0 < args.amount_fen <= before.outstanding_fen, "more_than_outstanding", key)
    left = before.outstanding_fen - args.amount_fen
    ctx.put(key, replace(before, paid_fen=before.paid_fen + args.amount_fen, outstanding_fen=left))
    parts = _between(slip, before.paid_fen, before.paid_fen + args.amount_fen)
    lines = []
    for line, part in zip(slip.lines, parts, strict=True):
        if line.state == "ON_RISK":
            lines += recovery_lines(slip.cedent, line.reinsurer, part)
    post(ctx, f"facultative/{ctx.object_id}", "facultative loss", lines)
    reserved = _reserve(ctx, slip, before.outstanding_fen, left)
    ctx.put(args.slip, replace(reserved, state=state))
    recovered = tuple(part if line.state == "ON_RISK" else 0 for line, part in zip(slip.lines, parts, strict=True))
    return {"recovered_fen": recovered, "net_fen": args.amount_fen - sum(recovered)}


def reserve_lines(reinsurer: str, change_fen: int) -> list[tuple[str, int]]:
    """A reinsurer's reserve changes by that much: the lines of the posting."""
    return [(account(reinsurer, "reserve-movement"), change_fen), (account(reinsurer, "reserve"), -change_fen)]


def recovery_lines(cedent: str, reinsurer: str, amount_fen: int) -> list[tuple[str, int]]:
    """A reinsurer pays its cedent: the lines of the posting."""
    return [
        (account(cedent, "cash"), amount_fen),
        (account(cedent, "recoveries"), -amount_fen),
        (account(reinsurer, "recoveries-paid"), amount_fen),
        (account(reinsurer, "cash"), -amount_fen),
    ]


def _between(slip: Slip, before_fen: int, after_fen: int) -> tuple[int, ...]:
    """By line, what the split of ``after_fen`` of the whole risk is more than that of ``before_fen``.

    Splitting what there is to date keeps every sum whole, in however many amounts it came; a part may be minus a fen.
    """
    before = slip.split(slip.facultative_fen(before_fen))
    after = slip.split(slip.facultative_fen(after_fen))
    return tuple(new - old for new, old in zip(after, before, strict=True))


def _reserve(ctx: Context, slip: Slip, before_fen: int, after_fen: int) -> Slip:
    changes = tuple(
        change if line.state == "ON_RISK" else 0
        for line, change in zip(slip.lines, _between(slip, before_fen, after_fen), strict=True)
    )
    lines = [
        entry
        for line, change in zip(slip.lines, changes, strict=True)
        for entry in reserve_lines(line.reinsurer, change)
    ]
    post(ctx, f"facultative/{ctx.object_id}/reserve", "facultative reserve", lines)
    reserved = tuple(
        replace(line, reserve_fen=line.reserve_fen + change) for line, change in zip(slip.lines, changes, strict=True)
    )
    return replace(slip, lines=reserved)
