"""Cold chain 冷链运输险 (row 31): a device reads goods under way, and too long too warm pays.

Readings come in batches from the one device that the policy names, each batch naming the hash of the one before, so
none is left out, repeated or moved in time. Goods, place and temperature are matched at each. The state keeps their
hash and since when the goods have been too warm; the batch that shows them so for the time agreed on pays by itself,
from money set aside when the cover began.

Goods count as warm from the first warm reading to the last one in a row. What lies between two readings further apart
than ``gap_ms`` is not known, and counts for nobody: a row of warm readings begins anew after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, Labels, Millis, Name, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.property.escrow import pay_out, release, set_aside

SHIPMENT = Lifecycle(
    "shipment",
    {
        "UNDER_WAY": {"report": "UNDER_WAY", "breach": "SPOILT", "deliver": "DELIVERED"},
        "SPOILT": {},
        "DELIVERED": {},
    },
)

READINGS_MAX = 256

Tenths = Annotated[int, Meta(ge=-2000, le=2000)]
"""A temperature in tenths of a degree Celsius."""

_encode = msgspec.msgpack.Encoder().encode


class Shipment(Record, frozen=True):
    """Goods under way. ``head`` is the hash of all batches so far, the goods' own hash before the first.

    ``warm_ms`` is the time of the first of the warm readings that now stand in a row, or None; ``last_ms`` that of the
    last reading.
    """

    namespace: ClassVar[str] = "shipments"
    readers: ClassVar[Readers] = Readers.OWNER

    state: str
    insurer: str
    shipper: str
    device: str
    goods: str
    route: tuple[str, ...]
    most_tenths: int
    breach_ms: int
    gap_ms: int
    ends_ms: int
    sum_fen: int
    head: str
    readings: int
    warm_ms: int | None
    last_ms: int


SPOILT = EventKind("goods_spoilt", parties=("shipper", "insurer"))

contract = Contract("cold-chain", records=(Shipment,), events=(SPOILT,))


class InsureArgs(Arguments, frozen=True):
    """Whose goods, which device reads, by what route, until when; warm above what, for how long; the sum, its price."""

    shipper: Name
    device: Name
    goods: Digest
    route: Labels
    most_tenths: Tenths
    breach_ms: Millis
    gap_ms: Millis
    ends_ms: Millis
    sum_fen: Fen
    premium_fen: Fen


class Reading(Arguments, frozen=True):
    """When, how warm, and where."""

    at_ms: Millis
    tenths: Tenths
    place: Label


class ReportArgs(Arguments, frozen=True):
    """Of which goods, after which batch (its hash), and the readings, oldest first."""

    shipment: ObjectId
    goods: Digest
    previous: Digest
    readings: Annotated[tuple[Reading, ...], Meta(min_length=1, max_length=READINGS_MAX)]


class ShipmentArgs(Arguments, frozen=True):
    """Which shipment."""

    shipment: ObjectId


@contract.action(roles=("insurer",), endorse=signed(argument("shipper")))
def insure(ctx: Context, args: InsureArgs) -> Plain:
    """Insurer and shipper agree; the premium is paid, and the sum set aside."""
    ctx.require_role(args.shipper, "shipper")
    ctx.require_role(args.device, "device")
    ctx.require(ctx.time_ms < args.ends_ms, "cover_ended", args.shipper)
    shipment = Shipment(
        state="UNDER_WAY",
        insurer=ctx.client,
        shipper=args.shipper,
        device=args.device,
        goods=args.goods,
        route=args.route,
        most_tenths=args.most_tenths,
        breach_ms=args.breach_ms,
        gap_ms=args.gap_ms,
        ends_ms=args.ends_ms,
        sum_fen=args.sum_fen,
        head=args.goods,
        readings=0,
        warm_ms=None,
        last_ms=ctx.time_ms,
    )
    ctx.put(ctx.object_id, shipment)
    debit, credit = (args.shipper, "premium-paid"), (ctx.client, "premium-income")
    pay(ctx, f"cold-chain/{ctx.object_id}", args.premium_fen, debit=debit, credit=credit, memo="premium")
    set_aside(ctx, ctx.object_id, ctx.object_id, ctx.client, args.sum_fen)
    return {"shipment": ctx.object_id, "head": args.goods}


@contract.action(roles=("device",))
def report(ctx: Context, args: ReportArgs) -> Plain:
    """The device hands in its next batch; the batch that completes the time agreed on pays."""
    shipment = ctx.find(Shipment, args.shipment)
    state = SHIPMENT.next(shipment.state, "report")
    ctx.require(shipment.device == ctx.client, "not_the_device", ctx.client)
    ctx.require(args.goods == shipment.goods, "other_goods", args.goods)
    ctx.require(args.previous == shipment.head, "out_of_sequence", args.previous)
    times = [shipment.last_ms, *(reading.at_ms for reading in args.readings)]
    ctx.require(all(one < other for one, other in pairwise(times)), "back_in_time")
    ctx.require(times[-1] <= ctx.time_ms, "not_happened_yet", args.shipment)
    ctx.require(times[-1] < shipment.ends_ms, "cover_ended", args.shipment)
    ctx.require(all(reading.place in shipment.route for reading in args.readings), "off_the_route", args.shipment)
    warm_ms, breached_ms = warm_since(shipment, args.readings)
    seen = replace(
        shipment,
        state=state if breached_ms is None else SHIPMENT.next(shipment.state, "breach"),
        head=batch_hash(args.previous, args.readings),
        readings=shipment.readings + len(args.readings),
        warm_ms=warm_ms,
        last_ms=times[-1],
    )
    ctx.put(args.shipment, seen)
    if breached_ms is not None:
        pay_out(ctx, args.shipment, args.shipment, shipment.insurer, shipment.shipper, shipment.sum_fen)
        ctx.emit("goods_spoilt", shipment=args.shipment, shipper=shipment.shipper, insurer=shipment.insurer)
    return {"state": seen.state, "head": seen.head, "breached_ms": breached_ms}


@contract.action(roles=("shipper", "insurer"))
def deliver(ctx: Context, args: ShipmentArgs) -> Plain:
    """The shipper has no more to ask for, the goods being there; or the cover has ended, and the insurer says so."""
    shipment = ctx.find(Shipment, args.shipment)
    ctx.require(ctx.client in {shipment.shipper, shipment.insurer}, "not_your_shipment", ctx.client)
    over = ctx.client == shipment.shipper or ctx.time_ms >= shipment.ends_ms
    ctx.require(over, "not_ended_yet", args.shipment)
    state = SHIPMENT.next(shipment.state, "deliver")
    ctx.put(args.shipment, replace(shipment, state=state))
    release(ctx, args.shipment, args.shipment, shipment.insurer, shipment.sum_fen)
    return {"state": state}


def warm_since(shipment: Shipment, readings: Sequence[Reading]) -> tuple[int | None, int | None]:
    """(since when the goods are warm, or None; when they had been so for the time agreed on, or None)."""
    warm_ms, last_ms, breached_ms = shipment.warm_ms, shipment.last_ms, None
    for reading in readings:
        if reading.at_ms - last_ms > shipment.gap_ms or reading.tenths <= shipment.most_tenths:
            warm_ms = None
        if reading.tenths > shipment.most_tenths:
            warm_ms = reading.at_ms if warm_ms is None else warm_ms
            if breached_ms is None and reading.at_ms - warm_ms >= shipment.breach_ms:
                breached_ms = reading.at_ms
        last_ms = reading.at_ms
    return warm_ms, breached_ms


def batch_hash(previous: str, readings: Sequence[Reading]) -> str:
    """SHA-256 over the hash before and the readings: the chain of batches' head after this one."""
    return sha256(_encode((previous, tuple(readings)))).hexdigest()
