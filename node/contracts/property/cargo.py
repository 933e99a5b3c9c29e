"""Cross-border cargo 跨境贸易保险 (row 28): declared once at the single window 国际贸易单一窗口, used by all.

An exporter types a shipment's particulars once; they are part of the declaration. The window lodges the carrier's bill
of lading, and the contract holds one against the other, field by field. What differs is named, and blocks everything
until the exporter has corrected it or the window lodged the right bill. Of a declaration that matches, cover, customs
and bank need its number alone: nobody types anything again, and the declaration counts it.

An insurer's open cover 预约保单 says for which goods and routes it holds, at what rate, and up to how much on one
vessel: a declaration within it is insured by one act 一键投保 and nobody's judgement.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import astuple, replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, Fen, Label, Labels, ObjectId, Ppm, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import share

DECLARATION = Lifecycle(
    "declaration",
    {
        "DECLARED": {"match": "MATCHED", "differ": "FLAGGED", "correct": "DECLARED"},
        "FLAGGED": {"match": "MATCHED", "differ": "FLAGGED", "correct": "DECLARED"},
        "MATCHED": {"insure": "MATCHED", "clear": "MATCHED", "take_up": "MATCHED"},
    },
)

INSURED_PPM = 1_100_000
"""The insured value: what the goods are worth with freight, and a tenth more (UCP 600, article 28 (f) (ii))."""

PIECES_MAX = 10_000_000


class Particulars(Struct, frozen=True):
    """What describes a shipment: goods by their code, how many, how heavy, on what vessel, from where to where."""

    goods: Label
    packages: Annotated[int, Meta(ge=1, le=PIECES_MAX)]
    weight_kg: Annotated[int, Meta(ge=1, le=PIECES_MAX)]
    vessel: Label
    loading: Label
    discharge: Label
    consignee: Label
    value_fen: Fen


FIELDS = Particulars.__struct_fields__


class Declaration(Record, frozen=True):
    """A shipment. ``typed`` counts the fields that were entered by hand, ``reused`` those that others took from here.

    ``flags`` are the fields in which the bill differs. ``insured_fen`` is 0 until it is insured.
    """

    namespace: ClassVar[str] = "cargo_declarations"

    state: str
    exporter: str
    particulars: Particulars
    papers: str
    bill: str
    flags: tuple[str, ...]
    typed: int
    reused: int
    insurer: str
    insured_fen: int
    cleared: bool
    bank: str


class OpenCover(Record, frozen=True):
    """For what an insurer covers without asking, at what rate."""

    namespace: ClassVar[str] = "open_covers"
    readers: ClassVar[Readers] = Readers.EVERYONE

    insurer: str
    goods: tuple[str, ...]
    discharge: tuple[str, ...]
    rate_ppm: int
    shipment_max_fen: int
    vessel_max_fen: int


class VesselExposure(Record, frozen=True):
    """What an insurer has on one vessel 风险敞口; the key is ``insurer/vessel``."""

    namespace: ClassVar[str] = "vessel_exposures"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    insured_fen: int


FLAGGED = EventKind("declaration_flagged", parties=("exporter",), roles=("customs",))

contract = Contract("cargo", records=(Declaration, OpenCover, VesselExposure), events=(FLAGGED,))


class OfferArgs(Arguments, frozen=True):
    """See :class:`OpenCover`."""

    goods: Labels
    discharge: Labels
    rate_ppm: Ppm
    shipment_max_fen: Fen
    vessel_max_fen: Fen


class DeclareArgs(Arguments, frozen=True):
    """A shipment's particulars, and the hash of its papers."""

    particulars: Particulars
    papers: Digest


class BillArgs(Arguments, frozen=True):
    """For which declaration; what the bill of lading says, and its hash."""

    declaration: ObjectId
    particulars: Particulars
    bill: Digest


class CorrectArgs(Arguments, frozen=True):
    """Which declaration, and what it should have said."""

    declaration: ObjectId
    particulars: Particulars


class InsureArgs(Arguments, frozen=True):
    """Which declaration, under which open cover: no particulars."""

    declaration: ObjectId
    cover: ObjectId


class DeclarationArgs(Arguments, frozen=True):
    """Which declaration: no particulars."""

    declaration: ObjectId


@contract.action(roles=("insurer",))
def offer(ctx: Context, args: OfferArgs) -> Plain:
    """An insurer opens a cover."""
    cover = OpenCover(ctx.client, *astuple(args))
    ctx.put(ctx.object_id, cover)
    return {"cover": ctx.object_id}


@contract.action(roles=("exporter",))
def declare(ctx: Context, args: DeclareArgs) -> Plain:
    """The exporter enters a shipment, once 一次录入."""
    declared = Declaration(
        state="DECLARED",
        exporter=ctx.client,
        particulars=args.particulars,
        papers=args.papers,
        bill="",
        flags=(),
        typed=len(FIELDS),
        reused=0,
        insurer="",
        insured_fen=0,
        cleared=False,
        bank="",
    )
    ctx.put(ctx.object_id, declared)
    return {"declaration": ctx.object_id, "typed": declared.typed}


@contract.action(roles=("window",))
def lodge(ctx: Context, args: BillArgs) -> Plain:
    """The window lodges the carrier's bill, and the two are held against each other 交叉验证."""
    declared = ctx.find(Declaration, args.declaration)
    flags = differences(declared.particulars, args.particulars)
    state = DECLARATION.next(declared.state, "differ" if flags else "match")
    ctx.put(args.declaration, replace(declared, state=state, bill=args.bill, flags=flags))
    if flags:
        ctx.emit("declaration_flagged", declaration=args.declaration, exporter=declared.exporter, fields=flags)
    return {"state": state, "flags": flags}


@contract.action(roles=("exporter",))
def correct(ctx: Context, args: CorrectArgs) -> Plain:
    """The exporter corrects what was typed wrong, and types no more than that; the bill is to be lodged anew."""
    declared = ctx.find(Declaration, args.declaration)
    ctx.require(declared.exporter == ctx.client, "not_your_declaration", ctx.client)
    state = DECLARATION.next(declared.state, "correct")
    changed = differences(declared.particulars, args.particulars)
    ctx.require(bool(changed), "nothing_corrected", args.declaration)
    corrected = replace(
        declared,
        state=state,
        particulars=args.particulars,
        flags=(),
        bill="",
        typed=declared.typed + len(changed),
    )
    ctx.put(args.declaration, corrected)
    return {"state": state, "typed": corrected.typed}


@contract.action(roles=("exporter",))
def insure(ctx: Context, args: InsureArgs) -> Plain:
    """Insure a declared shipment 一键投保: what the open cover allows is covered at once 自动核保."""
    declared = _matched(ctx, args.declaration)
    ctx.require(declared.exporter == ctx.client, "not_your_declaration", ctx.client)
    ctx.require(not declared.insurer, "insured_already", declared.insurer)
    cover = ctx.find(OpenCover, args.cover)
    goods = declared.particulars
    ctx.require(goods.goods in cover.goods, "goods_not_covered", goods.goods)
    ctx.require(goods.discharge in cover.discharge, "route_not_covered", goods.discharge)
    insured_fen = insured_value(goods.value_fen)
    ctx.require(insured_fen <= cover.shipment_max_fen, "beyond_the_cover", f"{insured_fen} fen")
    key = f"{cover.insurer}/{goods.vessel}"
    exposure = ctx.get(VesselExposure, key) or VesselExposure(insured_fen=0)
    aboard_fen = exposure.insured_fen + insured_fen
    ctx.require(aboard_fen <= cover.vessel_max_fen, "vessel_full", f"{exposure.insured_fen} fen on {goods.vessel}")
    ctx.put(key, VesselExposure(insured_fen=aboard_fen))
    premium_fen = share(insured_fen, cover.rate_ppm)
    state = DECLARATION.next(declared.state, "insure")
    insured = replace(declared, state=state, insurer=cover.insurer, insured_fen=insured_fen)
    ctx.put(args.declaration, _reused(insured))
    debit, credit = (ctx.client, "premium-paid"), (cover.insurer, "premium-income")
    pay(ctx, f"cargo/{args.declaration}", premium_fen, debit=debit, credit=credit, memo="premium")
    return {"insured_fen": insured_fen, "premium_fen": premium_fen, "typed": 0}


@contract.action(roles=("customs",))
def clear(ctx: Context, args: DeclarationArgs) -> Plain:
    """Customs clears the shipment 通关 by the same declaration."""
    declared = _matched(ctx, args.declaration)
    ctx.require(not declared.cleared, "cleared_already", args.declaration)
    state = DECLARATION.next(declared.state, "clear")
    ctx.put(args.declaration, _reused(replace(declared, state=state, cleared=True)))
    return {"cleared": True, "typed": 0}


@contract.action(roles=("bank",))
def take_up(ctx: Context, args: DeclarationArgs) -> Plain:
    """The exporter's bank takes up the documents 接受单据 of goods that are insured and cleared, once."""
    declared = _matched(ctx, args.declaration)
    ctx.require(bool(declared.insurer) and declared.cleared, "papers_incomplete", args.declaration)
    ctx.require(not declared.bank, "taken_up_already", declared.bank)
    state = DECLARATION.next(declared.state, "take_up")
    taken = _reused(replace(declared, state=state, bank=ctx.client))
    ctx.put(args.declaration, taken)
    return {"typed": taken.typed, "reused": taken.reused}


def differences(one: Particulars, other: Particulars) -> tuple[str, ...]:
    """The fields in which two descriptions of a shipment differ, in the order in which they stand."""
    return tuple(name for name in FIELDS if getattr(one, name) != getattr(other, name))


def insured_value(value_fen: int) -> int:
    """What is insured of goods of that value: a tenth more, to the nearest fen, halves up."""
    return (value_fen * INSURED_PPM * 2 + 1_000_000) // 2_000_000


def _matched(ctx: Context, key: str) -> Declaration:
    declared = ctx.find(Declaration, key)
    ctx.require(declared.state == "MATCHED", "not_matched", ", ".join(declared.flags) or "no bill is lodged yet")
    return declared


def _reused(declared: Declaration) -> Declaration:
    """Somebody else needed all of it, and typed none."""
    return replace(declared, reused=declared.reused + len(FIELDS))
