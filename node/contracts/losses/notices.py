"""Notices 出险通知: from tier to tier, or to all tiers at once (层级风险模式转化为平面风险模式).

A claim's first word on the chain is its witness's commitment; each treaty's notice is measured from there, and judged
by the hours that its cedent had since it knew. A reinsurer that has ceded on in turn tells its own reinsurer in its own
time, or lets the outward treaty follow the inward one: then one notice tells every tier, in one block.
"""

from __future__ import annotations

from node.contracts.bordereaux.records import Original, Reference, original_key
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, ObjectId
from node.contracts.losses.records import (
    TIERS_MAX,
    Following,
    LateNotice,
    TreatyLoss,
    contract,
    loss_key,
)
from node.contracts.treaty import Treaty, signed_treaty
from node.privacy.sums import NOTHING


class NoticeArgs(Arguments, frozen=True):
    """A loss under a treaty. ``inward``: the treaty under which its cedent was told of it; none, if it paid itself."""

    treaty: ObjectId
    reference: Reference
    inward: ObjectId | None = None


class FollowArgs(Arguments, frozen=True):
    """Losses of ``inward`` are losses of ``outward`` as well."""

    inward: ObjectId
    outward: ObjectId


@contract.action(roles=("reinsurer",))
def follow(ctx: Context, args: FollowArgs) -> Plain:
    """Who takes risks by one treaty and cedes them by another lets each notice of the one be one of the other."""
    inward, outward = signed_treaty(ctx, args.inward), signed_treaty(ctx, args.outward)
    ctx.require(inward.reinsurer == ctx.client, "not_the_reinsurer", args.inward)
    ctx.require(outward.cedent == ctx.client, "not_the_cedent", args.outward)
    ctx.put(args.inward, Following(outward=args.outward))
    return {"outward": args.outward}


@contract.action(roles=("insurer", "reinsurer"))
def notice(ctx: Context, args: NoticeArgs) -> Plain:
    """Tell a loss to the treaty's reinsurer, and to those behind it whose treaties follow."""
    treaty = signed_treaty(ctx, args.treaty)
    ctx.require(treaty.cedent == ctx.client, "not_the_cedent", ctx.client)
    happened_ms, known_ms = _known(ctx, args)
    ctx.require(ctx.get(TreatyLoss, loss_key(args.treaty, args.reference)) is None, "noticed_already", args.reference)
    treaty_id, told = args.treaty, 0
    late = False
    while True:
        late |= _tell(ctx, treaty_id, treaty, args.reference, (happened_ms, known_ms))
        told += 1
        following = ctx.get(Following, treaty_id)
        if following is None or told == TIERS_MAX:
            break
        treaty_id, known_ms = following.outward, ctx.time_ms
        if ctx.get(TreatyLoss, loss_key(treaty_id, args.reference)) is not None:
            break  # a spiral: it is known there already
        treaty = signed_treaty(ctx, treaty_id)
    return {"told": told, "late": late, "since_loss_ms": ctx.time_ms - happened_ms}


def _known(ctx: Context, args: NoticeArgs) -> tuple[int, int]:
    """When it happened, and since when the client knows of it: from the chain, not from its own word."""
    if args.inward is None:
        original = ctx.find(Original, original_key(ctx.client, args.reference))
        return original.time_ms, original.time_ms
    told = ctx.find(TreatyLoss, loss_key(args.inward, args.reference))
    ctx.require(told.reinsurer == ctx.client, "not_told_to_you", args.inward)
    return told.happened_ms, told.noticed_ms


def _tell(ctx: Context, treaty_id: str, treaty: Treaty, reference: str, since: tuple[int, int]) -> bool:
    """Note the loss under one treaty and tell its parties; whether it came late."""
    happened_ms, known_ms = since
    loss = TreatyLoss(
        state="OPEN",
        cedent=treaty.cedent,
        reinsurer=treaty.reinsurer,
        happened_ms=happened_ms,
        known_ms=known_ms,
        noticed_ms=ctx.time_ms,
        movements=0,
        reserve=NOTHING,
        recovered=NOTHING,
    )
    key = loss_key(treaty_id, reference)
    ctx.put(key, loss)
    ctx.emit("loss_noticed", cedent=treaty.cedent, reinsurer=treaty.reinsurer, treaty=treaty_id, reference=reference)
    late_ms = ctx.time_ms - known_ms - treaty.notice_within_ms
    if late_ms > 0:
        ctx.put(key, LateNotice(late_ms=late_ms))
    return late_ms > 0
