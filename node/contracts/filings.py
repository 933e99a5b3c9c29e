"""Product filings 产品备案 (row 43): from data to a price to a product, before it is sold.

An insurer files what a product would have paid on spending data: heads, sums, and the band in which the loss ratio
lies. The bureau, which has the data, works it out as well and endorses it. The chain keeps aggregates, the regulator
sees them, and the premium must be adequate: not so low that the band reaches beyond the ceiling 赔付率上限, not so high
that it falls below the floor 赔付率下限 (普惠: most of it goes back). Whether experience lies in it is asked later.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import role
from node.contracts.fields import MILLION, UNIT, Arguments, Count, Digest, Fen, Label, Readers, Record
from node.contracts.products import Product

Ratio = Annotated[int, Meta(ge=0, le=100 * MILLION, extra={UNIT: "ppm"})]
"""A loss ratio 赔付率 in parts per million; it may exceed the whole."""

HOUSE = "house"


class FilingRules(Record, frozen=True):
    """What an adequate premium is; the key is "house". Between the two bounds the whole band must lie."""

    namespace: ClassVar[str] = "filing_rules"

    floor_ppm: int
    ceiling_ppm: int
    heads_min: int


class ProductFiling(Record, frozen=True):
    """A filed product, the key. Sums are a year's, of the data's heads; ``data`` fixes which, and how it counts."""

    namespace: ClassVar[str] = "product_filings"
    readers: ClassVar[Readers] = Readers.EVERYONE

    insurer: str
    heads: int
    paid_fen: int
    premium_fen: int
    loss_ratio_ppm: int
    low_ppm: int
    high_ppm: int
    data: str
    filed_ms: int


contract = Contract("filings", records=(FilingRules, ProductFiling), events=(EventKind("product_filed"),))


class Settings(Arguments, frozen=True):
    """See :class:`FilingRules`; without bounds every premium will do."""

    floor_ppm: Ratio = 0
    ceiling_ppm: Ratio = 100 * MILLION
    heads_min: Count = 0


class FileArgs(Arguments, frozen=True):
    """See :class:`ProductFiling`."""

    product: Label
    heads: Count
    paid_fen: Fen
    premium_fen: Fen
    low_ppm: Ratio
    high_ppm: Ratio
    data: Digest


class ReviewArgs(Arguments, frozen=True):
    """What a filed product really took in and paid."""

    product: Label
    paid_fen: Fen
    premium_fen: Fen


@contract.settings(Settings)
def set_rules(ctx: Context, settings: Settings) -> None:
    """Set the bounds."""
    rules = FilingRules(floor_ppm=settings.floor_ppm, ceiling_ppm=settings.ceiling_ppm, heads_min=settings.heads_min)
    ctx.put(HOUSE, rules)


@contract.action("file", roles=("insurer",), endorse=role("bureau"))
def file_product(ctx: Context, args: FileArgs) -> Plain:
    """备案. File a product with what its price rests on; once, and only with an adequate premium."""
    rules = ctx.get(FilingRules, HOUSE) or FilingRules(floor_ppm=0, ceiling_ppm=100 * MILLION, heads_min=0)
    product = ctx.find(Product, args.product)
    ctx.require(ctx.get(ProductFiling, args.product) is None, "filed_before", args.product)
    ctx.require(args.heads >= rules.heads_min, "too_few_heads", f"{args.heads} of {rules.heads_min}")
    asked = args.heads * product.main.premium_fen
    ctx.require(bool(product.main.premiums) or args.premium_fen == asked, "not_the_premium", args.product)
    ratio = loss_ratio_ppm(args.paid_fen, args.premium_fen)
    ctx.require(args.low_ppm <= ratio <= args.high_ppm, "ratio_outside_band", str(ratio))
    ctx.require(args.high_ppm <= rules.ceiling_ppm, "premium_too_low", f"up to {args.high_ppm} ppm is paid back")
    ctx.require(args.low_ppm >= rules.floor_ppm, "premium_too_high", f"as little as {args.low_ppm} ppm is paid back")
    filing = ProductFiling(
        insurer=ctx.client,
        heads=args.heads,
        paid_fen=args.paid_fen,
        premium_fen=args.premium_fen,
        loss_ratio_ppm=ratio,
        low_ppm=args.low_ppm,
        high_ppm=args.high_ppm,
        data=args.data,
        filed_ms=ctx.time_ms,
    )
    ctx.put(args.product, filing)
    ctx.emit("product_filed", product=args.product, insurer=ctx.client, loss_ratio_ppm=ratio)
    return {"loss_ratio_ppm": ratio, "low_ppm": args.low_ppm, "high_ppm": args.high_ppm}


@contract.action(roles=("bureau",))
def review(ctx: Context, args: ReviewArgs) -> Plain:
    """Does what came in and went out lie in the band that was filed 回溯?"""
    filing = ctx.find(ProductFiling, args.product)
    ratio = loss_ratio_ppm(args.paid_fen, args.premium_fen)
    return {"loss_ratio_ppm": ratio, "within": filing.low_ppm <= ratio <= filing.high_ppm}


def loss_ratio_ppm(paid_fen: int, premium_fen: int) -> int:
    """Paid over premium in parts per million, rounded down; nothing where no premium came in."""
    return paid_fen * MILLION // premium_fen if premium_fen else 0
