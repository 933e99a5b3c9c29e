"""Notices 出险通知: from tier to tier, or to all tiers at once (层级风险模式转化为平面风险模式).

A claim's first word on the chain is its witness's commitment; each treaty's notice is measured from there, and judged
by the hours that its cedent had since it knew. A reinsurer that has ceded on in turn tells its own reinsurer in its own
time, or lets the outward treaty follow the inward one: then one notice tells every tier, in one block.
"""

from __future__ import annotations

from typing import NamedTuple

from node.contracts.bordereaux.records import Original, Reference, original_key
from node.contracts.context import Context, Plain
from node.contracts.fields import Arguments, ObjectId
from node.contracts.losses.records import (
    TIERS_MAX,
    Following,
    LateNotice,
    TreatyLoss,
    Way,
    contract,
    loss_key,
)
from node.contracts.treaty import Treaty, signed_treaty
from node.privacy.sums import NOTHING

FIRST_TIER = 3
"""The reinsurer of the insured's own insurer."""


class _Told(NamedTuple):
    """Since when (business time, ms) there is a loss, and its cedent knows of it; and whose turn it is to hear."""

    happened_ms: int
    known_ms: int
    tier: int


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
    told = _known(ctx, args)
    ctx.require(ctx.time_ms >= told.known_ms, "before_it_was_known", args.reference)
    ctx.require(ctx.get(TreatyLoss, loss_key(args.treaty, args.reference)) is None, "noticed_already", args.reference)
    treaty_id, treaties, late = args.treaty, 0, False
    following = ctx.get(Following, treaty_id)
    way: Way = "flat" if following else "tiered"
    while True:
        late |= _tell(ctx, (treaty_id, args.reference), treaty, told, way)
        treaties += 1
        if following is None or treaties == TIERS_MAX:
            break
        treaty_id, told = following.outward, _Told(told.happened_ms, ctx.time_ms, told.tier + 1)
        if ctx.get(TreatyLoss, loss_key(treaty_id, args.reference)) is not None:
            break  # a spiral: it is known there already
        treaty = ctx.find(Treaty, treaty_id)
        if treaty.state != "SIGNED":
            break  # ended since: whose treaty it was cannot hold up the notice to those before it
        following = ctx.get(Following, treaty_id)
    return {"told": treaties, "late": late, "since_loss_ms": ctx.time_ms - told.happened_ms}


def _known(ctx: Context, args: NoticeArgs) -> _Told:
    """When it happened, and since when the client knows of it: from the chain, not from its own word."""
    if args.inward is None:
        original = ctx.find(Original, original_key(ctx.client, args.reference))
        return _Told(original.time_ms, original.time_ms, FIRST_TIER)
    inward = ctx.find(TreatyLoss, loss_key(args.inward, args.reference))
    ctx.require(inward.reinsurer == ctx.client, "not_told_to_you", args.inward)
    return _Told(inward.happened_ms, inward.noticed_ms, inward.tier + 1)


def _tell(ctx: Context, about: tuple[str, str], treaty: Treaty, told: _Told, way: Way) -> bool:
    """Note the loss of ``about`` (treaty, reference) and tell its parties; whether it came late."""
    loss = TreatyLoss(
        state="OPEN",
        cedent=treaty.cedent,
        reinsurer=treaty.reinsurer,
        tier=told.tier,
        way=way,
        happened_ms=told.happened_ms,
        known_ms=told.known_ms,
        noticed_ms=ctx.time_ms,
        movements=0,
        reserve=NOTHING,
        recovered=NOTHING,
    )
    treaty_id, reference = about
    key = loss_key(treaty_id, reference)
    ctx.put(key, loss)
    ctx.emit("loss_noticed", cedent=treaty.cedent, reinsurer=treaty.reinsurer, treaty=treaty_id, reference=reference)
    late_ms = ctx.time_ms - told.known_ms - treaty.notice_within_ms
    if late_ms > 0:
        ctx.put(key, LateNotice(late_ms=late_ms))
    return late_ms > 0
