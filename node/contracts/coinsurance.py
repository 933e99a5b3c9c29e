"""Co-insurance 共保 (row 35): several insurers carry one policy, each its share.

The lead 主承保人 issued the policy and offers a slip with everybody's share; it holds once all followers 从共保人 have
signed. The shares add up to exactly one. Premium and losses are divided by largest remainder over what has come in and
gone out in all, so that what was divided is the whole at any time, and it does not matter how often that was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import MILLION, Arguments, ObjectId, Ppm, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import allocate
from node.contracts.policy import Policy, PolicyArgs
from node.ledger.transaction import Name

SLIP = Lifecycle(
    "slip",
    {"OFFERED": {"sign": "OFFERED", "complete": "AGREED"}, "AGREED": {"settle": "AGREED"}},
)

INSURERS_MAX = 16

Share = tuple[Name, Ppm]
"""An insurer, and its share in parts per million."""


class Slip(Record, frozen=True):
    """Who carries how much of a policy; the key is the policy. The lead comes first.

    ``premiums`` and ``losses`` are what each has had and borne so far, in the order of ``insurers``, in fen.
    """

    namespace: ClassVar[str] = "slips"

    state: str
    insurers: tuple[str, ...]
    shares_ppm: tuple[int, ...]
    signed: tuple[str, ...]
    premiums: tuple[int, ...]
    losses: tuple[int, ...]


OFFERED = EventKind("slip_offered", parties=("insurers",))

contract = Contract("coinsurance", records=(Slip,), events=(OFFERED,))


class OfferArgs(Arguments, frozen=True):
    """Which policy, and the share of each insurer, the lead's first."""

    policy: ObjectId
    shares: Annotated[tuple[Share, ...], Meta(min_length=2, max_length=INSURERS_MAX)]


@contract.action(roles=("insurer",))
def offer(ctx: Context, args: OfferArgs) -> Plain:
    """The lead offers the slip; a new offer takes the place of one that is not yet agreed on."""
    policy = ctx.find(Policy, args.policy)
    ctx.require(policy.insurer == ctx.client, "wrong_insurer", policy.insurer)
    insurers = tuple(name for name, _ in args.shares)
    shares = tuple(ppm for _, ppm in args.shares)
    ctx.require(insurers[0] == ctx.client, "lead_comes_first", insurers[0])
    ctx.require(len(set(insurers)) == len(insurers), "insurer_twice", args.policy)
    for name in insurers:
        ctx.require_role(name, "insurer")
    ctx.require(min(shares) > 0, "empty_share", args.policy)
    ctx.require(sum(shares) == MILLION, "shares_not_whole", f"{sum(shares)} ppm")
    earlier = ctx.get(Slip, args.policy)
    ctx.require(earlier is None or earlier.state == "OFFERED", "agreed_already", args.policy)
    nothing = (0,) * len(insurers)
    slip = Slip(
        state="OFFERED",
        insurers=insurers,
        shares_ppm=shares,
        signed=(ctx.client,),
        premiums=nothing,
        losses=nothing,
    )
    ctx.put(args.policy, slip)
    ctx.emit("slip_offered", policy=args.policy, insurers=insurers)
    return {"insurers": len(insurers)}


@contract.action(roles=("insurer",))
def sign(ctx: Context, args: OfferArgs) -> Plain:
    """A follower takes its share of the slip as it was offered; the last signature makes it hold."""
    slip = ctx.find(Slip, args.policy)
    offered = tuple(zip(slip.insurers, slip.shares_ppm, strict=True))
    ctx.require(offered == args.shares, "other_slip", args.policy)
    ctx.require(ctx.client in slip.insurers, "not_on_the_slip", ctx.client)
    ctx.require(ctx.client not in slip.signed, "signed_already", ctx.client)
    signed = tuple(sorted((*slip.signed, ctx.client)))
    event = "complete" if len(signed) == len(slip.insurers) else "sign"
    ctx.put(args.policy, replace(slip, state=SLIP.next(slip.state, event), signed=signed))
    return {"signed": len(signed), "agreed": event == "complete"}


@contract.action(roles=("insurer",))
def settle(ctx: Context, args: PolicyArgs) -> Plain:
    """Divide what the policy has brought and cost since the last time between the lead and its followers."""
    slip = ctx.find(Slip, args.policy)
    ctx.require(ctx.client in slip.insurers, "not_on_the_slip", ctx.client)
    state = SLIP.next(slip.state, "settle")
    policy = ctx.find(Policy, args.policy)
    premiums = divided(policy.received_fen, slip.shares_ppm)
    losses = divided(policy.claimed_fen, slip.shares_ppm)
    premium_moves = _moves(premiums, slip.premiums)
    loss_moves = _moves(losses, slip.losses)
    ctx.put(args.policy, replace(slip, state=state, premiums=premiums, losses=losses))
    _share_out(ctx, slip.insurers, "premium-income", premium_moves)
    _share_out(ctx, slip.insurers, "claims-paid", tuple(-move for move in loss_moves))
    return {"premiums_fen": premiums, "losses_fen": losses}


def divided(total_fen: int, shares_ppm: Sequence[int]) -> tuple[int, ...]:
    """``total_fen`` by shares, largest remainder; the parts add up to it, and a negative total is divided alike."""
    parts = allocate(abs(total_fen), shares_ppm)
    return parts if total_fen >= 0 else tuple(-part for part in parts)


def _moves(parts: Sequence[int], before: Sequence[int]) -> tuple[int, ...]:
    return tuple(part - had for part, had in zip(parts, before, strict=True))


def _share_out(ctx: Context, insurers: Sequence[str], kind: str, moves: Sequence[int]) -> None:
    """Have the lead pay each follower its move (or be paid, where negative), booked to ``kind`` on both sides."""
    lead, *followers = insurers
    lines = []
    for follower, move in zip(followers, moves[1:], strict=True):
        lines += [
            (account(lead, kind), move),
            (account(lead, "cash"), -move),
            (account(follower, "cash"), move),
            (account(follower, kind), -move),
        ]
    post(ctx, f"coinsurance/{ctx.object_id}/{kind}", "co-insurance", lines)
