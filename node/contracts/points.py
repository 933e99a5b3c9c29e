"""Loyalty points 积分通兑 (row 22): issued by many platforms, exchanged between them, and cleared in real time.

Every platform's points have a rate, in thousandths of a fen a point. Who gives points of one platform for points of
another gets the most whole points that their value buys, and gives no more than those cost, rounded up to a whole
point. What that rounding keeps back is less than one point's worth and stays on the giving platform's books, so that
value is conserved: outstanding points at their rates, and what was kept, only change by issue and redemption.

With each exchange the giving platform owes the other one for the points that it took over. These positions add up to
nothing at any time; a platform's may not fall below its line. A settlement pays them in whole fen, by largest
remainder, and leaves every position at nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, NamedTuple

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Fen, Label, Name, Readers, Record

MILLI = 1_000
"""Thousandths of a fen in a fen."""

PLATFORMS_MAX = 32
"""Each brings two lines to the posting of a settlement."""

ROWS_MAX = 1_000

Rate = Annotated[int, Meta(ge=1, le=10**9)]
"""What a point is worth, in thousandths of a fen."""

Amount = Annotated[int, Meta(ge=1, lt=2**40)]
"""A number of points."""


class Platform(Record, frozen=True):
    """A platform that issues points; the key is its name.

    ``outstanding``: points of its own that people hold. ``kept``, ``position``: thousandths of a fen that rounding has
    kept back, and that other platforms owe it (below nothing: that it owes them). ``line_fen``: how far it may owe.
    """

    namespace: ClassVar[str] = "point_platforms"
    readers: ClassVar[Readers] = Readers.EVERYONE

    rate: int
    line_fen: int
    outstanding: int = 0
    kept: int = 0
    position: int = 0


class Points(Record, frozen=True, gc=False):
    """What one holder has of one platform's points, at ``platform/holder``."""

    namespace: ClassVar[str] = "points"

    balance: int


SETTLED = EventKind("points_settled", roles=("insurer", "bank", "regulator"))

contract = Contract("points", records=(Platform, Points), events=(SETTLED,))


class PlatformArgs(Arguments, frozen=True):
    """A platform, what its points are worth, and how far it may owe others."""

    name: Name
    rate: Rate
    line_fen: Fen


class Settings(Arguments, frozen=True):
    """The rate table that all platforms have agreed on."""

    platforms: Annotated[tuple[PlatformArgs, ...], Meta(max_length=PLATFORMS_MAX)] = ()


class IssueArgs(Arguments, frozen=True):
    """Points of the client's for up to a thousand holders: wallets by name, or pseudonyms of its own users."""

    rows: Annotated[tuple[tuple[Label, Amount], ...], Meta(min_length=1, max_length=ROWS_MAX)]


class SwapArgs(Arguments, frozen=True):
    """Whose points of platform ``give`` go, at most ``points``, for points of ``take``."""

    holder: Label
    give: Name
    take: Name
    points: Amount


class RedeemArgs(Arguments, frozen=True):
    """Whose points of ``platform`` are spent at the platform ``merchant``."""

    holder: Label
    platform: Name
    merchant: Name
    points: Amount


class SettleArgs(Arguments, frozen=True):
    """Nothing to say: all positions are paid."""


class Exchange(NamedTuple):
    """What an exchange comes to: points used and got, and what is owed and kept back in thousandths of a fen."""

    used: int
    got: int
    owed: int
    kept: int


@contract.settings(Settings)
def agree(ctx: Context, settings: Settings) -> None:
    """Write down the rate table."""
    for args in settings.platforms:
        ctx.put(args.name, Platform(rate=args.rate, line_fen=args.line_fen))


@contract.action()
def issue(ctx: Context, args: IssueArgs) -> Plain:
    """A platform gives points of its own."""
    platform = ctx.find(Platform, ctx.client)
    for holder, points in args.rows:
        _add(ctx, ctx.client, holder, points)
    issued = sum(points for _, points in args.rows)
    ctx.put(ctx.client, replace(platform, outstanding=platform.outstanding + issued))
    return {"holders": len(args.rows), "points": issued}


@contract.action()
def swap(ctx: Context, args: SwapArgs) -> Plain:
    """积分通兑. Points of one platform become points of another, and the two platforms' positions follow at once."""
    _require_own(ctx, args.holder, args.give)
    ctx.require(args.give != args.take, "same_platform", args.give)
    giving, taking = ctx.find(Platform, args.give), ctx.find(Platform, args.take)
    found = exchanged(args.points, giving.rate, taking.rate)
    ctx.require(found.got > 0, "too_few_points", f"{args.points} points buy none of {args.take}")
    _add(ctx, args.give, args.holder, -found.used)
    _add(ctx, args.take, args.holder, found.got)
    ctx.put(args.give, _owing(ctx, args.give, giving, found))
    ctx.put(
        args.take, replace(taking, outstanding=taking.outstanding + found.got, position=taking.position + found.owed)
    )
    return {"used": found.used, "got": found.got, "kept_milli": found.kept}


@contract.action()
def redeem(ctx: Context, args: RedeemArgs) -> Plain:
    """Spend points at a platform; where they are another's, that one owes it their value."""
    _require_own(ctx, args.holder, args.platform)
    platform = ctx.find(Platform, args.platform)
    value = args.points * platform.rate
    _add(ctx, args.platform, args.holder, -args.points)
    if args.merchant == args.platform:
        ctx.put(args.platform, replace(platform, outstanding=platform.outstanding - args.points))
    else:
        merchant = ctx.find(Platform, args.merchant)
        spent = Exchange(used=args.points, got=0, owed=value, kept=0)
        ctx.put(args.platform, _owing(ctx, args.platform, platform, spent))
        ctx.put(args.merchant, replace(merchant, position=merchant.position + value))
    return {"value_milli": value}


@contract.action()
def settle(ctx: Context, args: SettleArgs) -> Plain:  # noqa: ARG001 - there is nothing to say
    """清算. Every platform pays, or is paid, its position in whole fen; all positions are at nothing afterwards."""
    ctx.find(Platform, ctx.client)  # whoever has one may ask for it
    platforms = dict(ctx.items(Platform))
    positions = {name: platform.position for name, platform in platforms.items()}
    ctx.require(any(positions.values()), "nothing_to_settle")
    paid = in_fen(positions)
    lines = []
    for name, fen in paid.items():
        lines += [(account(name, "cash"), fen), (account(name, "points-settled"), -fen)]
        ctx.put(name, replace(platforms[name], position=0))
    post(ctx, f"points/{ctx.object_id}", "points cleared", lines)
    ctx.emit("points_settled", platforms=len(paid))
    return {"paid_fen": dict(paid), "sum_fen": sum(paid.values())}


def exchanged(points: int, give_rate: int, take_rate: int) -> Exchange:
    """What at most ``points`` at one rate come to at another."""
    got = points * give_rate // take_rate
    owed = got * take_rate
    used = -(-owed // give_rate)
    return Exchange(used=used, got=got, owed=owed, kept=used * give_rate - owed)


def in_fen(positions: Mapping[str, int]) -> dict[str, int]:
    """Positions that add up to nothing, in thousandths of a fen, as whole fen that do so too: by largest remainder."""
    paid = {name: position // MILLI for name, position in positions.items()}
    short = -sum(paid.values())
    for name in sorted(positions, key=lambda name: (-(positions[name] % MILLI), name))[:short]:
        paid[name] += 1
    return paid


def _require_own(ctx: Context, holder: str, platform: str) -> None:
    """A wallet moves its own points; for users without one their platform does."""
    ours = ctx.client == platform and ctx.role_of(holder) is None
    ctx.require(ctx.client == holder or ours, "not_your_points", holder)


def _owing(ctx: Context, name: str, platform: Platform, found: Exchange) -> Platform:
    """The giving platform afterwards; refused where it would owe beyond its line."""
    position = platform.position - found.owed
    ctx.require(position >= -platform.line_fen * MILLI, "beyond_the_line", f"{name}: {platform.line_fen} fen")
    left = platform.outstanding - found.used
    return replace(platform, outstanding=left, kept=platform.kept + found.kept, position=position)


def _add(ctx: Context, platform: str, holder: str, points: int) -> None:
    key = f"{platform}/{holder}"
    found = ctx.get(Points, key)
    balance = (0 if found is None else found.balance) + points
    ctx.require(balance >= 0, "points_short", key)
    ctx.put(key, Points(balance=balance))
