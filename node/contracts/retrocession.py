"""Retrocession 转分保 on the chain: covers signed one by one, and losses that pass along all of them (row 13).

Reinsurers that cede to each other form a circle. Whoever states a loss of it, and in whatever order the covers were
signed, who bears what is the least fixed point of all covers in force when it happened (:mod:`.reinsurance.spirals`),
so nobody can leave one out. What goes back and forth is booked gross, and cash moves once, by each company's balance.
Covers answer each loss by itself: aggregate limits and reinstatements belong to programmes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import account, pay, post
from node.contracts.context import Context, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import MILLION, Arguments, Fen, Label, Millis, Name, PositivePpm, Record
from node.contracts.registers import require_reinsurer
from node.contracts.reinsurance.layers import Layer
from node.contracts.reinsurance.spirals import Borne, Retrocover, bear, most_ceded

COVERS_MAX = 32
PARTIES_MAX = 16
"""Each brings three lines to a posting."""

ROUNDS_MAX = 500
"""A spiral that still moves after so many rounds is refused: its covers leave nobody a retention to speak of."""


class Circle(Record, frozen=True):
    """The covers of one circle, by id, and everybody who is in one of them; the key is the circle's name."""

    namespace: ClassVar[str] = "retrocession_circles"

    covers: tuple[str, ...]
    parties: tuple[str, ...]


class Signed(Record, frozen=True):
    """A signed cover; it answers losses that happen from ``starts_ms`` until before ``ends_ms``."""

    namespace: ClassVar[str] = "retrocession_covers"

    circle: str
    cover: Retrocover
    premium_fen: int
    starts_ms: int
    ends_ms: int


class Settled(Record, frozen=True):
    """A loss of a circle, at ``circle|loss``: direct, gross and net by company in fen. Invariant: Σ net = Σ direct."""

    namespace: ClassVar[str] = "retrocession_losses"

    happened_ms: int
    direct: tuple[tuple[str, int], ...]
    gross: tuple[tuple[str, int], ...]
    net: tuple[tuple[str, int], ...]
    rounds: int


contract = Contract(
    "retrocession",
    records=(Circle, Signed, Settled),
    events=(EventKind("loss_passed_on", parties=("parties",)),),
)


class CedeArgs(Arguments, frozen=True):
    """A cover of the client's, and its premium: a share of its gross losses, or of their part in ``layer``."""

    circle: Label
    taker: Name
    share_ppm: PositivePpm
    layer: Layer | None
    premium_fen: Fen
    starts_ms: Millis
    ends_ms: Millis


class SettleArgs(Arguments, frozen=True):
    """A loss by its name, when it happened, and whom it hit directly with how much, in fen."""

    circle: Label
    loss: Label
    happened_ms: Millis
    hit: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=PARTIES_MAX)]
    amounts_fen: Annotated[tuple[Fen, ...], Meta(min_length=1, max_length=PARTIES_MAX)]


@contract.action(roles=("insurer", "reinsurer"), endorse=signed(argument("taker")))
def cede(ctx: Context, args: CedeArgs) -> Plain:
    """转分. A cover, on both signatures; together a company's covers cede no fen twice ("over_ceded")."""
    ctx.require(args.starts_ms < args.ends_ms, "period_empty", args.circle)
    ctx.require(ctx.client != args.taker, "own_reinsurer", args.taker)
    require_reinsurer(ctx, args.taker)
    circle = ctx.get(Circle, args.circle) or Circle(covers=(), parties=())
    ctx.require(len(circle.covers) < COVERS_MAX, "circle_full", args.circle)
    cover = Retrocover(ctx.client, args.taker, args.share_ppm, args.layer)
    overlapping = [
        other.cover
        for other in (ctx.find(Signed, key) for key in circle.covers)
        if other.cover.cedent == ctx.client and other.starts_ms < args.ends_ms and args.starts_ms < other.ends_ms
    ]
    ctx.require(most_ceded([*overlapping, cover]) <= MILLION, "over_ceded", ctx.client)
    parties = tuple(sorted({*circle.parties, ctx.client, args.taker}))
    ctx.require(len(parties) <= PARTIES_MAX, "circle_full", args.circle)
    ctx.put(args.circle, replace(circle, covers=(*circle.covers, ctx.object_id), parties=parties))
    signed_cover = Signed(args.circle, cover, args.premium_fen, args.starts_ms, args.ends_ms)
    ctx.put(ctx.object_id, signed_cover)
    pay(
        ctx,
        f"retrocession/{ctx.object_id}",
        args.premium_fen,
        debit=(ctx.client, "premium-ceded"),
        credit=(args.taker, "premium-assumed"),
        memo="retrocession premium",
    )
    return {"cover": ctx.object_id, "covers": len(circle.covers) + 1}


@contract.action(roles=("insurer", "reinsurer"), endorse=signed(argument("hit")))
def settle(ctx: Context, args: SettleArgs) -> Plain:
    """损失沿转分保传递. Pass a loss along, once; whom it hit and who pays sign, anyone of the circle states it."""
    circle = ctx.find(Circle, args.circle)
    ctx.require(ctx.client in circle.parties, "not_in_the_circle", ctx.client)
    ctx.require(args.happened_ms <= ctx.time_ms, "not_happened_yet", args.loss)
    key = f"{args.circle}|{args.loss}"
    ctx.require(ctx.get(Settled, key) is None, "settled_already", key)
    ctx.require(len(set(args.hit)) == len(args.hit) == len(args.amounts_fen), "hit_twice", args.loss)
    for name in args.hit:
        ctx.require(name in circle.parties, "not_in_the_circle", name)
    covers = [
        found.cover
        for found in (ctx.find(Signed, key) for key in circle.covers)
        if found.starts_ms <= args.happened_ms < found.ends_ms
    ]
    direct = dict(zip(args.hit, args.amounts_fen, strict=True))
    borne = bear(direct, covers, ROUNDS_MAX)
    if borne is None:
        raise Refusal("spiral_unbounded", f"it still moves after {ROUNDS_MAX} rounds")
    _require_payers(ctx, direct, borne)
    settled = Settled(
        happened_ms=args.happened_ms,
        direct=tuple(sorted(direct.items())),
        gross=tuple(borne.gross.items()),
        net=tuple(borne.net.items()),
        rounds=borne.rounds,
    )
    ctx.put(key, settled)
    _move(ctx, f"retrocession/{key}", covers, borne)
    ctx.emit("loss_passed_on", circle=args.circle, loss=args.loss, parties=tuple(borne.net))
    return {
        "gross": {**borne.gross},
        "net": {**borne.net},
        "rounds": borne.rounds,
        "sum_fen": sum(borne.net.values()),
    }


def _require_payers(ctx: Context, direct: dict[str, int], borne: Borne) -> None:
    """Nobody's money moves on another's word: who bears more than hit it pays the rest, and has looked at it."""
    for name, net in borne.net.items():
        if net > direct.get(name, 0):
            ctx.require_signed(name)


def _move(ctx: Context, key: str, covers: list[Retrocover], borne: Borne) -> None:
    recovered, paid = dict.fromkeys(borne.gross, 0), dict.fromkeys(borne.gross, 0)
    for cover, amount in zip(covers, borne.ceded, strict=True):
        recovered[cover.cedent] += amount
        paid[cover.taker] += amount
    lines = []
    for name in borne.gross:
        lines += [
            (account(name, "recoveries"), -recovered[name]),
            (account(name, "recoveries-paid"), paid[name]),
            (account(name, "cash"), recovered[name] - paid[name]),
        ]
    post(ctx, key, "retrocession", lines)
