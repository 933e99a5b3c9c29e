"""Placing 分保要约与接受: offer, counter, write or decline; then bind, signing down what is oversubscribed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, Plain
from node.contracts.facultative.records import (
    LINES_MAX,
    SLIP,
    Line,
    Slip,
    SlipArgs,
    contract,
    own_slip,
)
from node.contracts.fields import (
    MILLION,
    Arguments,
    Count,
    Fen,
    Label,
    Millis,
    Name,
    ObjectId,
    PositiveFen,
    PositivePpm,
    Ppm,
)
from node.contracts.money import allocate, share
from node.contracts.registers import require_registered
from node.contracts.reinsurance.surplus import Surplus


class OfferArgs(Arguments, frozen=True):
    """A risk with its sum insured and yearly premium; ``surplus`` says what is kept, ceded and sought facultatively.

    Cover runs from ``starts_ms`` until before ``ends_ms``; lines may be written until before ``expires_ms``.
    """

    risk: Label
    sum_insured_fen: PositiveFen
    surplus: Surplus
    premium_fen: Fen
    commission_ppm: Ppm
    starts_ms: Millis
    ends_ms: Millis
    expires_ms: Millis
    invited: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=LINES_MAX)]


class WriteArgs(Arguments, frozen=True):
    """A line on the slip's terms of that version, as a share of the facultative part."""

    slip: ObjectId
    version: Count
    line_ppm: PositivePpm


class CounterArgs(Arguments, frozen=True):
    """The commission at which one would write."""

    slip: ObjectId
    commission_ppm: Ppm


@contract.action(roles=("insurer", "reinsurer"))
def offer(ctx: Context, args: OfferArgs) -> Plain:
    """临分要约. Offer what retention and treaty leave of a risk; refused with "nothing_to_place"."""
    ctx.require(args.starts_ms < args.ends_ms, "period_empty", args.risk)
    ctx.require(ctx.time_ms < args.expires_ms <= args.ends_ms, "offer_expired", args.risk)
    ctx.require(len(set(args.invited)) == len(args.invited), "invited_twice", args.risk)
    for name in args.invited:
        ctx.require_role(name, "reinsurer")
    ctx.require(ctx.client not in args.invited, "own_reinsurer", ctx.client)
    shares = args.surplus.shares(args.sum_insured_fen)
    ctx.require(shares.facultative > 0, "nothing_to_place", args.risk)
    slip = Slip(
        state="OFFERED",
        version=1,
        cedent=ctx.client,
        risk=args.risk,
        sum_insured_fen=args.sum_insured_fen,
        shares=shares,
        premium_fen=args.premium_fen,
        commission_ppm=args.commission_ppm,
        starts_ms=args.starts_ms,
        ends_ms=args.ends_ms,
        expires_ms=args.expires_ms,
        invited=args.invited,
        declined=(),
        asked=(),
        leader="",
        lines=(),
    )
    ctx.put(ctx.object_id, slip)
    ctx.emit("slip_offered", slip=ctx.object_id, cedent=ctx.client, invited=args.invited)
    return {
        "slip": ctx.object_id,
        "retained_fen": shares.retained,
        "treaty_fen": shares.treaty,
        "facultative_fen": shares.facultative,
        "beyond_fen": shares.beyond,
    }


@contract.action(roles=("reinsurer",))
def write(ctx: Context, args: WriteArgs) -> Plain:
    """接受. Write a line, once for each version of the terms; refused with "other_terms" for another version."""
    slip = _answerable(ctx, args.slip)
    ctx.require(args.version == slip.version, "other_terms", f"version {slip.version} is on offer")
    require_registered(ctx, ctx.client)
    lines = tuple(sorted((*slip.lines, Line(ctx.client, args.line_ppm)), key=lambda line: line.reinsurer))
    ctx.put(args.slip, replace(slip, lines=lines))
    return {"written_ppm": sum(line.written_ppm for line in lines)}


@contract.action(roles=("reinsurer",))
def counter(ctx: Context, args: CounterArgs) -> Plain:
    """反要约. Ask for other terms; the offer stands, and its cedent may revise it."""
    slip = _answerable(ctx, args.slip)
    asked = (*((name, ppm) for name, ppm in slip.asked if name != ctx.client), (ctx.client, args.commission_ppm))
    ctx.put(args.slip, replace(slip, asked=tuple(sorted(asked))))
    return {"asked": len(asked)}


@contract.action(roles=("reinsurer",))
def decline(ctx: Context, args: SlipArgs) -> Plain:
    """拒绝. Decline for good, whatever the terms."""
    slip = _answerable(ctx, args.slip)
    declined = tuple(sorted((*slip.declined, ctx.client)))
    ctx.put(args.slip, replace(slip, declined=declined))
    return {"declined": len(declined)}


@contract.action(roles=("insurer", "reinsurer"))
def revise(ctx: Context, args: CounterArgs) -> Plain:
    """Offer another commission to all: lines written before were for other terms, and end."""
    slip = own_slip(ctx, args.slip)
    state = SLIP.next(slip.state, "revise")
    ctx.require(ctx.time_ms < slip.expires_ms, "offer_expired", args.slip)
    revised = replace(slip, state=state, version=slip.version + 1, commission_ppm=args.commission_ppm, lines=())
    ctx.put(args.slip, replace(revised, asked=()))
    return {"version": revised.version}


@contract.action(roles=("insurer", "reinsurer"))
def withdraw(ctx: Context, args: SlipArgs) -> Plain:
    """Withdraw an offer that is not bound; no line on it holds."""
    slip = own_slip(ctx, args.slip)
    ctx.put(args.slip, replace(slip, state=SLIP.next(slip.state, "withdraw"), lines=()))
    return {"withdrawn": args.slip}


@contract.action(roles=("reinsurer",))
def lapse(ctx: Context, args: SlipArgs) -> Plain:
    """要约失效. Once the offer's time is over, who has a line on it ends it.

    Else its cedent could wait for what happens, and bind under an earlier date.
    """
    slip = ctx.find(Slip, args.slip)
    state = SLIP.next(slip.state, "lapse")
    ctx.require(ctx.client in {line.reinsurer for line in slip.lines}, "nothing_written", ctx.client)
    ctx.require(ctx.time_ms >= slip.expires_ms, "offer_not_over", args.slip)
    ctx.put(args.slip, replace(slip, state=state, lines=()))
    return {"lapsed": args.slip}


@contract.action(roles=("insurer", "reinsurer"))
def bind(ctx: Context, args: SlipArgs) -> Plain:
    """签约. Sign the lines, pro rata where more than the whole was written, and pay the premium less commission."""
    slip = own_slip(ctx, args.slip)
    state = SLIP.next(slip.state, "bind")
    ctx.require(ctx.time_ms < slip.expires_ms, "offer_expired", args.slip)
    ctx.require(bool(slip.lines), "nothing_written", args.slip)
    for line in slip.lines:
        require_registered(ctx, line.reinsurer)
    signed_ppm = signed_down([line.written_ppm for line in slip.lines])
    leader = slip.lines[signed_ppm.index(max(signed_ppm))].reinsurer
    placed = replace(
        slip,
        state=state,
        leader=leader,
        lines=tuple(replace(line, signed_ppm=ppm) for line, ppm in zip(slip.lines, signed_ppm, strict=True)),
    )
    premiums = placed.split(placed.facultative_fen(slip.premium_fen))
    commissions = tuple(share(premium, slip.commission_ppm) for premium in premiums)
    _pay_premiums(ctx, args.slip, placed, premiums, commissions)
    lines = tuple(
        replace(line, net_premium_fen=premium - commission)
        for line, premium, commission in zip(placed.lines, premiums, commissions, strict=True)
    )
    ctx.put(args.slip, replace(placed, lines=lines))
    ctx.emit("slip_bound", slip=args.slip, cedent=slip.cedent, reinsurers=tuple(line.reinsurer for line in lines))
    return {
        "signed_ppm": signed_ppm,
        "placed_ppm": placed.placed_ppm,
        "leader": leader,
        "premiums_fen": premiums,
        "commissions_fen": commissions,
    }


def signed_down(written_ppm: list[int]) -> tuple[int, ...]:
    """Lines as they are signed: as written up to the whole, else pro rata to exactly the whole, to the millionth."""
    return tuple(written_ppm) if sum(written_ppm) <= MILLION else allocate(MILLION, written_ppm)


def _answerable(ctx: Context, key: str) -> Slip:
    """An offer that the client was invited to, has not answered yet, and still may."""
    slip = ctx.find(Slip, key)
    ctx.require(slip.state == "OFFERED", "not_on_offer", key)
    ctx.require(ctx.client in slip.invited, "not_invited", ctx.client)
    ctx.require(ctx.time_ms < slip.expires_ms, "offer_expired", key)
    ctx.require(ctx.client not in slip.declined, "declined_already", ctx.client)
    ctx.require(ctx.client not in {line.reinsurer for line in slip.lines}, "written_already", ctx.client)
    return slip


def _pay_premiums(ctx: Context, key: str, slip: Slip, premiums: tuple[int, ...], commissions: tuple[int, ...]) -> None:
    total, back = sum(premiums), sum(commissions)
    lines = [
        (account(slip.cedent, "premium-ceded"), total),
        (account(slip.cedent, "commission-income"), -back),
        (account(slip.cedent, "cash"), back - total),
    ]
    for line, premium, commission in zip(slip.lines, premiums, commissions, strict=True):
        lines += [
            (account(line.reinsurer, "cash"), premium - commission),
            (account(line.reinsurer, "commission-paid"), commission),
            (account(line.reinsurer, "premium-assumed"), -premium),
        ]
    post(ctx, f"facultative/{key}/premium", "facultative premium", lines)
