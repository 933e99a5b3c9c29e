"""Catastrophe swaps 巨灾互换: a parametric event settles by itself (row 64; S3 names Allianz's pilot).

The sponsor pays a premium, the investor sets the whole payout aside as collateral. The index is what oracles agree on
(:mod:`node.contracts.oracle`): a settled question of just the oracles and words that the swap names, about a moment
within its term. At the trigger or above, exactly the payout goes to the sponsor, whoever brings the question; below,
nothing does. When the term and the time to settle are over without an event, the collateral goes back.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, pay, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Count, Fen, Millis, Name, ObjectId, PositiveFen, Record, Text
from node.contracts.lifecycle import Lifecycle
from node.contracts.oracle import ORACLES_MAX, Question, Value

SWAP = Lifecycle("swap", {"LIVE": {"trigger": "TRIGGERED", "mature": "MATURED"}, "TRIGGERED": {}, "MATURED": {}})


class Swap(Record, frozen=True):
    """A swap; ``index`` is what its questions ask, word for word. Amounts in fen."""

    namespace: ClassVar[str] = "swaps"

    state: str
    sponsor: str
    investor: str
    index: str
    oracles: tuple[str, ...]
    needed: int
    tolerance: int
    trigger: int
    payout_fen: int
    starts_ms: int
    matures_ms: int
    settles_by_ms: int


contract = Contract(
    "swaps",
    records=(Swap,),
    events=(EventKind("swap_ended", parties=("sponsor", "investor")),),
)


class EnterArgs(Arguments, frozen=True):
    """A swap with ``investor``: its index and oracles, the trigger and the payout, its premium and its term."""

    investor: Name
    index: Text
    oracles: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=ORACLES_MAX)]
    needed: Annotated[int, Meta(ge=1, le=ORACLES_MAX)]
    tolerance: Count
    trigger: Value
    payout_fen: PositiveFen
    premium_fen: Fen
    starts_ms: Millis
    matures_ms: Millis
    settles_by_ms: Millis


class TriggerArgs(Arguments, frozen=True):
    """Which swap, and the settled question by which it is triggered."""

    swap: ObjectId
    question: ObjectId


class SwapArgs(Arguments, frozen=True):
    """Which swap."""

    swap: ObjectId


@contract.action(roles=("insurer", "reinsurer"), endorse=signed(argument("investor")))
def enter(ctx: Context, args: EnterArgs) -> Plain:
    """订立. Both sign: the premium is paid and the payout set aside; refused where the investor has not got it."""
    ctx.require(ctx.client != args.investor, "own_investor", ctx.client)
    ctx.require(ctx.time_ms <= args.starts_ms < args.matures_ms <= args.settles_by_ms, "term_empty", args.index)
    ctx.require(len(set(args.oracles)) == len(args.oracles) < 2 * args.needed, "minority_settles", args.index)
    swap = Swap(
        state="LIVE",
        sponsor=ctx.client,
        investor=args.investor,
        index=args.index,
        oracles=tuple(sorted(args.oracles)),
        needed=args.needed,
        tolerance=args.tolerance,
        trigger=args.trigger,
        payout_fen=args.payout_fen,
        starts_ms=args.starts_ms,
        matures_ms=args.matures_ms,
        settles_by_ms=args.settles_by_ms,
    )
    ctx.put(ctx.object_id, swap)
    pay(
        ctx,
        f"swaps/{ctx.object_id}/premium",
        args.premium_fen,
        debit=(ctx.client, "swap-settled"),
        credit=(args.investor, "swap-settled"),
        memo="swap premium",
    )
    aside = (account(args.investor, "collateral"), args.payout_fen), (account(args.investor, "cash"), -args.payout_fen)
    post(ctx, f"swaps/{ctx.object_id}/collateral", "collateral set aside", aside)
    return {"swap": ctx.object_id, "collateral_fen": args.payout_fen}


@contract.action()
def trigger(ctx: Context, args: TriggerArgs) -> Plain:
    """触发赔付. Pay exactly the payout, by a reading at the trigger or above; anybody may bring it."""
    swap = ctx.find(Swap, args.swap)
    state = SWAP.next(swap.state, "trigger")
    question = ctx.find(Question, args.question)
    asked = (question.about, question.oracles, question.needed, question.tolerance)
    named = (swap.index, swap.oracles, swap.needed, swap.tolerance)
    ctx.require(asked == named, "other_index", args.question)
    ctx.require(swap.starts_ms <= question.known_ms < swap.matures_ms, "outside_the_term", args.question)
    ctx.require(question.value is not None, "not_settled", args.question)
    ctx.require((question.value or 0) >= swap.trigger, "below_the_trigger", f"{question.value} of {swap.trigger}")
    ctx.put(args.swap, replace(swap, state=state))
    lines = (
        (account(swap.investor, "swap-settled"), swap.payout_fen),
        (account(swap.investor, "collateral"), -swap.payout_fen),
        (account(swap.sponsor, "cash"), swap.payout_fen),
        (account(swap.sponsor, "swap-settled"), -swap.payout_fen),
    )
    post(ctx, f"swaps/{args.swap}/payout", "swap payout", lines)
    ctx.emit("swap_ended", swap=args.swap, sponsor=swap.sponsor, investor=swap.investor, state=state)
    return {"paid_fen": swap.payout_fen, "index": question.value, "after_ms": ctx.time_ms - question.known_ms}


@contract.action()
def mature(ctx: Context, args: SwapArgs) -> Plain:
    """到期. Give the collateral back, once the time in which an event could still be brought is over."""
    swap = ctx.find(Swap, args.swap)
    state = SWAP.next(swap.state, "mature")
    ctx.require(ctx.time_ms >= swap.settles_by_ms, "not_matured_yet", args.swap)
    ctx.put(args.swap, replace(swap, state=state))
    back = (account(swap.investor, "cash"), swap.payout_fen), (account(swap.investor, "collateral"), -swap.payout_fen)
    post(ctx, f"swaps/{args.swap}/release", "collateral released", back)
    ctx.emit("swap_ended", swap=args.swap, sponsor=swap.sponsor, investor=swap.investor, state=state)
    return {"released_fen": swap.payout_fen}
