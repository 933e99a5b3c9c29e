"""An indemnity line 损失补偿险: cover that is quoted and bound, claims that are paid by its terms, excess of loss.

The plainest insurance there is, for load and for research: no health data, no consent, nothing sealed. A cover is for
one person or for millions, as one record; people are numbers within it. What a claim pays follows from the cover's
terms alone, claim by claim, so it does not matter in which order claims are decided. The part of a claim above the
retention is recovered under the cedent's layer (险位超赔; row 13 names reinsurance and gives no terms).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import AMOUNT_END, Arguments, Fen, Name, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.registers import require_reinsurer

POLICYHOLDERS = "policyholders"
"""Owner of the account in which the money of everybody who is insured is kept as one."""

PEOPLE_MAX = 10_000_000_000

COVER = Lifecycle("cover", {"QUOTED": {"bind": "BOUND"}, "BOUND": {}})

LOSS = Lifecycle(
    "loss",
    {
        "FILED": {"approve": "APPROVED", "deny": "DENIED"},
        "APPROVED": {"pay": "PAID"},
        "DENIED": {},
        "PAID": {"recover": "RECOVERED"},
        "RECOVERED": {},
    },
)

Amount = Annotated[int, Meta(gt=0, lt=AMOUNT_END)]
"""More than nothing, in fen."""

People = Annotated[int, Meta(ge=1, le=PEOPLE_MAX)]
Person = Annotated[int, Meta(ge=0, lt=PEOPLE_MAX)]
"""A person by their number within the cover, from 0."""


class Cover(Record, frozen=True):
    """What an insurer covers: of each claim, what is above the deductible, up to the limit. Amounts in fen."""

    namespace: ClassVar[str] = "indemnity-covers"

    state: str
    insurer: str
    people: int
    premium_fen: int
    deductible_fen: int
    limit_fen: int

    def benefit_fen(self, amount_fen: int) -> int:
        """What a claim of ``amount_fen`` pays."""
        return min(max(0, amount_fen - self.deductible_fen), self.limit_fen)


class Loss(Record, frozen=True):
    """A claim, at ``hospital/number of its transaction``. ``benefit_fen`` is 0 until it is approved."""

    namespace: ClassVar[str] = "indemnity-losses"

    state: str
    cover: str
    insurer: str
    person: int
    invoice: int
    amount_fen: int
    benefit_fen: int = 0


class Bill(Record, frozen=True):
    """A bill that was claimed for, at ``hospital/its own number``: which is how it is claimed for once."""

    namespace: ClassVar[str] = "indemnity-bills"

    loss: str


class Layer(Record, frozen=True):
    """A cedent's excess of loss for each claim, by its name: ``limit_fen`` in excess of ``retention_fen``."""

    namespace: ClassVar[str] = "indemnity-layers"

    reinsurer: str
    retention_fen: int
    limit_fen: int

    def recovery_fen(self, benefit_fen: int) -> int:
        """What is recovered for a claim that paid ``benefit_fen``."""
        return min(max(0, benefit_fen - self.retention_fen), self.limit_fen)


contract = Contract("indemnity", records=(Bill, Cover, Layer, Loss))


class Quote(Arguments, frozen=True):
    """Terms of a cover; ``premium_fen`` is for all of its people together."""

    people: People
    premium_fen: Fen
    deductible_fen: Fen
    limit_fen: Amount


class Bind(Arguments, frozen=True):
    """Which quote is taken up."""

    cover: ObjectId


class File(Arguments, frozen=True):
    """A claim of a person under a cover, for a bill by the hospital's own number of it."""

    cover: ObjectId
    person: Person
    invoice: Annotated[int, Meta(ge=0, lt=AMOUNT_END)]
    amount_fen: Amount


class Decide(Arguments, frozen=True):
    """Which claim."""

    loss: ObjectId


class AgreeLayer(Arguments, frozen=True):
    """A layer of the client's with a reinsurer, who signs as well."""

    reinsurer: Name
    retention_fen: Fen
    limit_fen: Amount


class Recover(Arguments, frozen=True):
    """Which claim, and the reinsurer, who signs as well."""

    loss: ObjectId
    reinsurer: Name


@contract.action(roles=("insurer",))
def quote(ctx: Context, args: Quote) -> Plain:
    """报价. Offer a cover; nothing is covered yet."""
    cover = Cover(
        state="QUOTED",
        insurer=ctx.client,
        people=args.people,
        premium_fen=args.premium_fen,
        deductible_fen=args.deductible_fen,
        limit_fen=args.limit_fen,
    )
    ctx.put(ctx.object_id, cover)
    return {"state": cover.state, "cover": ctx.object_id}


@contract.action(roles=("insurer",))
def bind(ctx: Context, args: Bind) -> Plain:
    """承保. The policyholders pay the premium, and the cover begins."""
    cover = ctx.find(Cover, args.cover)
    ctx.require(cover.insurer == ctx.client, "not_your_cover", args.cover)
    bound = replace(cover, state=COVER.next(cover.state, "bind"))
    ctx.put(args.cover, bound)
    source, income = (POLICYHOLDERS, "premium-paid"), (ctx.client, "premium-income")
    pay(ctx, f"indemnity/{ctx.object_id}", cover.premium_fen, debit=source, credit=income, memo="premium")
    return {"state": bound.state, "premium_fen": cover.premium_fen}


@contract.action(roles=("hospital",))
def file(ctx: Context, args: File) -> Plain:
    """报案. A hospital files a claim for somebody it treated; a bill is claimed for once."""
    cover = ctx.find(Cover, args.cover)
    ctx.require(cover.state == "BOUND", "cover_not_bound", args.cover)
    ctx.require(args.person < cover.people, "not_covered", args.cover)
    bill = f"{ctx.client}/{args.invoice}"
    ctx.require(ctx.get(Bill, bill) is None, "duplicate_invoice", bill)
    ctx.put(bill, Bill(loss=ctx.object_id))
    loss = Loss(
        state="FILED",
        cover=args.cover,
        insurer=cover.insurer,
        person=args.person,
        invoice=args.invoice,
        amount_fen=args.amount_fen,
    )
    ctx.put(ctx.object_id, loss)
    return {"state": loss.state, "claim": ctx.object_id}


@contract.action(roles=("insurer",))
def assess(ctx: Context, args: Decide) -> Plain:
    """理算. Approve what the cover's terms pay; deny a claim that they pay nothing for."""
    loss = _own(ctx, args.loss)
    benefit = ctx.find(Cover, loss.cover).benefit_fen(loss.amount_fen)
    decided = replace(loss, state=LOSS.next(loss.state, "approve" if benefit else "deny"), benefit_fen=benefit)
    ctx.put(args.loss, decided)
    return {"state": decided.state, "benefit_fen": benefit}


@contract.action(roles=("insurer",), name="pay")
def pay_loss(ctx: Context, args: Decide) -> Plain:
    """赔付. Pay an approved claim, once."""
    loss = _own(ctx, args.loss)
    paid = replace(loss, state=LOSS.next(loss.state, "pay"))
    ctx.put(args.loss, paid)
    source, benefit = (ctx.client, "claims-paid"), (POLICYHOLDERS, "claims-received")
    pay(ctx, f"indemnity/{ctx.object_id}", loss.benefit_fen, debit=source, credit=benefit, memo="benefit")
    return {"state": paid.state, "paid_fen": loss.benefit_fen}


@contract.action(roles=("insurer",), endorse=signed(argument("reinsurer")))
def agree_layer(ctx: Context, args: AgreeLayer) -> Plain:
    """超赔合约. Cedent and reinsurer agree on a layer, once; it stands for every claim from here on."""
    require_reinsurer(ctx, args.reinsurer)
    ctx.require(ctx.get(Layer, ctx.client) is None, "layer_exists", ctx.client)
    ctx.put(ctx.client, Layer(args.reinsurer, args.retention_fen, args.limit_fen))
    return {"cedent": ctx.client}


@contract.action(roles=("insurer",), endorse=signed(argument("reinsurer")))
def recover(ctx: Context, args: Recover) -> Plain:
    """超赔摊回. The reinsurer pays what a paid claim is above the retention, up to the layer's limit."""
    loss = _own(ctx, args.loss)
    layer = ctx.find(Layer, ctx.client)
    ctx.require(layer.reinsurer == args.reinsurer, "not_the_reinsurer", args.reinsurer)
    recovered = replace(loss, state=LOSS.next(loss.state, "recover"))
    amount = layer.recovery_fen(loss.benefit_fen)
    ctx.require(amount > 0, "below_retention", args.loss)
    ctx.put(args.loss, recovered)
    source, income = (layer.reinsurer, "recoveries-paid"), (ctx.client, "recoveries")
    pay(ctx, f"indemnity/{ctx.object_id}", amount, debit=source, credit=income, memo="excess of loss")
    return {"state": recovered.state, "recovered_fen": amount}


def _own(ctx: Context, key: str) -> Loss:
    loss = ctx.find(Loss, key)
    ctx.require(loss.insurer == ctx.client, "not_your_claim", key)
    return loss
