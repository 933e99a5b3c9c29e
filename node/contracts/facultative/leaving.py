"""How a reinsurer leaves a bound slip: its portfolio goes over to another, or cedent and reinsurer commute.

A portfolio transfer 未了责任转移 is made at the transaction's business time: the unearned net premium (of the days that
have not begun, Actual/days of the term) and the loss portfolio, a share of the line's reserve, go out of the one and
into the other, who bears all that is paid from then on. A commutation 提前了结 ends the line for a price: no claim
recovers from it afterwards, and its reserve is released.
"""

from __future__ import annotations

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, Plain
from node.contracts.endorsement import all_of, argument, signed
from node.contracts.facultative.losses import recovery_lines, reserve_lines
from node.contracts.facultative.records import BY_CEDENT, LINE, SLIP, Departure, Line, Slip, contract
from node.contracts.fields import Arguments, Fen, Name, ObjectId, Ppm
from node.contracts.money import share
from node.contracts.policy.days import days_begun, earned_fen
from node.contracts.registers import require_reinsurer


class TransferArgs(Arguments, frozen=True):
    """Who takes the client's line over, and the loss portfolio 未决赔款转移 as a share of the line's reserve."""

    slip: ObjectId
    to: Name
    loss_ppm: Ppm


class CommuteArgs(Arguments, frozen=True):
    """The price at which the client's line ends, in fen, paid to the cedent."""

    slip: ObjectId
    price_fen: Fen


@contract.action(roles=("reinsurer",), endorse=all_of(BY_CEDENT, signed(argument("to"))))
def transfer(ctx: Context, args: TransferArgs) -> Plain:
    """组合转移. The client's line goes to ``to`` with its premium and loss portfolios; all three sign."""
    slip, place = _leaving(ctx, args.slip)
    line = slip.lines[place]
    state = LINE.next(line.state, "transfer")
    require_reinsurer(ctx, args.to)
    ctx.require(args.to != slip.cedent, "own_reinsurer", args.to)
    ctx.require(args.to not in {other.reinsurer for other in slip.lines}, "on_the_slip_already", args.to)
    unearned = _unearned_fen(slip, line, ctx.time_ms)
    losses = share(line.reserve_fen, args.loss_ppm)
    lines = [
        (account(line.reinsurer, "premium-assumed"), unearned),
        (account(line.reinsurer, "recoveries-paid"), losses),
        (account(line.reinsurer, "cash"), -unearned - losses),
        (account(args.to, "cash"), unearned + losses),
        (account(args.to, "premium-assumed"), -unearned),
        (account(args.to, "recoveries-paid"), -losses),
        *reserve_lines(line.reinsurer, -line.reserve_fen),
        *reserve_lines(args.to, line.reserve_fen),
    ]
    post(ctx, f"facultative/{ctx.object_id}", "portfolio transfer", lines)
    departure = Departure(
        slip=args.slip,
        reinsurer=line.reinsurer,
        to=args.to,
        unearned_fen=unearned,
        loss_portfolio_fen=losses,
        reserve_fen=line.reserve_fen,
        time_ms=ctx.time_ms,
    )
    _leave(ctx, slip, place, replace(line, reinsurer=args.to, state=state), departure)
    return {"unearned_fen": unearned, "loss_portfolio_fen": losses, "reserve_fen": line.reserve_fen}


@contract.action(roles=("reinsurer",), endorse=BY_CEDENT)
def commute(ctx: Context, args: CommuteArgs) -> Plain:
    """了结. The client's line ends at a price, on both signatures; what comes later is the cedent's own."""
    slip, place = _leaving(ctx, args.slip)
    line = slip.lines[place]
    ended = replace(line, state=LINE.next(line.state, "commute"), reserve_fen=0)
    lines = [
        *recovery_lines(slip.cedent, line.reinsurer, args.price_fen),
        *reserve_lines(line.reinsurer, -line.reserve_fen),
    ]
    post(ctx, f"facultative/{ctx.object_id}", "commutation", lines)
    departure = Departure(
        slip=args.slip,
        reinsurer=line.reinsurer,
        price_fen=args.price_fen,
        reserve_fen=line.reserve_fen,
        time_ms=ctx.time_ms,
    )
    _leave(ctx, slip, place, ended, departure)
    return {"price_fen": args.price_fen, "reserve_released_fen": line.reserve_fen}


def _leaving(ctx: Context, key: str) -> tuple[Slip, int]:
    """The bound slip, and the place of the client's line on it."""
    slip = ctx.find(Slip, key)
    state = SLIP.next(slip.state, "leave")
    places = [place for place, line in enumerate(slip.lines) if line.reinsurer == ctx.client]
    ctx.require(bool(places), "not_on_the_slip", ctx.client)
    return replace(slip, state=state), places[0]


def _unearned_fen(slip: Slip, line: Line, time_ms: int) -> int:
    begun, total = days_begun(slip.starts_ms, slip.ends_ms, time_ms)
    return line.net_premium_fen - earned_fen(line.net_premium_fen, begun, total)


def _leave(ctx: Context, slip: Slip, place: int, line: Line, departure: Departure) -> None:
    """Put ``line`` in its place; who took the leader's place leads, else the largest line on risk."""
    lines = (*slip.lines[:place], line, *slip.lines[place + 1 :])
    leader = slip.leader if slip.leader != departure.reinsurer else departure.to or _largest(slip.cedent, lines)
    ctx.put(departure.slip, replace(slip, lines=lines, leader=leader))
    ctx.put(ctx.object_id, departure)
    ctx.emit("line_left", slip=departure.slip, cedent=slip.cedent, reinsurer=departure.reinsurer)


def _largest(cedent: str, lines: tuple[Line, ...]) -> str:
    """The largest line on risk; the cedent where there is none, who then bears every loss alone."""
    on_risk = [line for line in lines if line.state == "ON_RISK"]
    return max(on_risk, key=lambda line: line.signed_ppm).reinsurer if on_risk else cedent
