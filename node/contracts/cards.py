"""Transferable policy cards 微信卡单 (row 59): bought at once, in effect at once, passed on with a trace.

An insurer puts cards on sale, one kind of cover each. Whoever buys one is covered from that moment; a card may be
passed on to another person, who is covered from that moment instead. The whole path 流转过程 stays on the card, and a
claim is decided by it: only who holds the card now may claim, and only for what happened while holding it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from node.contracts.accounts import pay
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Fen, Label, Millis, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.ledger.transaction import Name

CARD = Lifecycle(
    "card",
    {
        "ACTIVE": {"pass_on": "ACTIVE", "claim": "CLAIMED"},
        "CLAIMED": {"pay": "PAID", "reject": "ACTIVE"},
        "PAID": {},
    },
)

HOLDERS_MAX = 64


class CardSale(Record, frozen=True):
    """Cards of one kind on sale 卡单; ``left`` of them have not been bought yet."""

    namespace: ClassVar[str] = "card_sales"
    readers: ClassVar[Readers] = Readers.EVERYONE

    insurer: str
    title: str
    premium_fen: int
    sum_insured_fen: int
    term_ms: int
    left: int


class Stop(Struct, frozen=True):
    """One stop of a card's path: who holds it since when, and the transaction that made it so."""

    holder: str
    since_ms: int
    by: str


class Card(Record, frozen=True):
    """A card. ``path`` are its holders from the buyer on; the last one holds it. At most one claim is open on it."""

    namespace: ClassVar[str] = "cards"

    state: str
    sale: str
    insurer: str
    sum_insured_fen: int
    ends_ms: int
    path: tuple[Stop, ...]
    occurred_ms: int
    claimed_fen: int
    evidence: str


PASSED = EventKind("card_passed_on", parties=("holder", "to"))

contract = Contract("cards", records=(CardSale, Card), events=(PASSED,))


class OfferArgs(Arguments, frozen=True):
    """What kind of card, at what price, for what sum and how long, and how many of them."""

    title: Label
    premium_fen: Fen
    sum_insured_fen: Fen
    term_ms: Millis
    count: Annotated[int, Meta(ge=1, lt=2**31)]


class BuyArgs(Arguments, frozen=True):
    """Of which sale."""

    sale: ObjectId


class PassArgs(Arguments, frozen=True):
    """Which card, to whom."""

    card: ObjectId
    to: Name


class CardClaimArgs(Arguments, frozen=True):
    """Which card, what happened when, how much is claimed, and the hash of what proves it."""

    card: ObjectId
    occurred_ms: Millis
    amount_fen: Fen
    evidence: Digest


class CardArgs(Arguments, frozen=True):
    """Which card."""

    card: ObjectId


@contract.action(roles=("insurer",))
def offer(ctx: Context, args: OfferArgs) -> Plain:
    """Put cards on sale."""
    sale = CardSale(
        insurer=ctx.client,
        title=args.title,
        premium_fen=args.premium_fen,
        sum_insured_fen=args.sum_insured_fen,
        term_ms=args.term_ms,
        left=args.count,
    )
    ctx.put(ctx.object_id, sale)
    return {"sale": ctx.object_id}


@contract.action(roles=("patient",))
def buy(ctx: Context, args: BuyArgs) -> Plain:
    """Buy a card: paid, and in effect, at once 及时投保、即时生效."""
    sale = ctx.find(CardSale, args.sale)
    ctx.require(sale.left > 0, "sold_out", args.sale)
    ctx.put(args.sale, replace(sale, left=sale.left - 1))
    card = Card(
        state="ACTIVE",
        sale=args.sale,
        insurer=sale.insurer,
        sum_insured_fen=sale.sum_insured_fen,
        ends_ms=ctx.time_ms + sale.term_ms,
        path=(Stop(holder=ctx.client, since_ms=ctx.time_ms, by=ctx.object_id),),
        occurred_ms=0,
        claimed_fen=0,
        evidence="",
    )
    ctx.put(ctx.object_id, card)
    debit, credit = (ctx.client, "premium-paid"), (sale.insurer, "premium-income")
    pay(ctx, f"card/{ctx.object_id}", sale.premium_fen, debit=debit, credit=credit, memo="premium")
    return {"card": ctx.object_id, "ends_ms": card.ends_ms}


@contract.action(roles=("patient",), endorse=signed(argument("to")))
def pass_on(ctx: Context, args: PassArgs) -> Plain:
    """The holder passes the card on to one who signs as well; the cover is the other's from now on."""
    card = _held(ctx, args.card)
    state = CARD.next(card.state, "pass_on")
    ctx.require(ctx.time_ms < card.ends_ms, "card_ended", args.card)
    ctx.require_role(args.to, "patient")
    ctx.require(args.to != ctx.client, "holds_it_already", args.to)
    ctx.require(len(card.path) < HOLDERS_MAX, "path_full", args.card)
    ctx.require(ctx.time_ms > card.path[-1].since_ms, "before_the_last_holder", args.card)
    stop = Stop(holder=args.to, since_ms=ctx.time_ms, by=ctx.object_id)
    ctx.put(args.card, replace(card, state=state, path=(*card.path, stop)))
    ctx.emit("card_passed_on", card=args.card, holder=ctx.client, to=args.to)
    return {"holders": len(card.path) + 1}


@contract.action(roles=("patient",))
def claim(ctx: Context, args: CardClaimArgs) -> Plain:
    """The holder claims for something that happened while the card was the holder's."""
    card = _held(ctx, args.card)
    state = CARD.next(card.state, "claim")
    ctx.require(args.amount_fen > 0, "nothing_claimed", args.card)
    ctx.require(args.occurred_ms <= ctx.time_ms, "not_happened_yet", args.card)
    ctx.require(args.occurred_ms < card.ends_ms, "card_ended", args.card)
    ctx.require(holder_at(card, args.occurred_ms) == ctx.client, "not_the_holder_then", ctx.client)
    claimed_fen = min(args.amount_fen, card.sum_insured_fen)
    claimed = replace(card, state=state, occurred_ms=args.occurred_ms, claimed_fen=claimed_fen, evidence=args.evidence)
    ctx.put(args.card, claimed)
    return {"claimed_fen": claimed_fen}


@contract.action("pay", roles=("insurer",))
def settle(ctx: Context, args: CardArgs) -> Plain:
    """The insurer pays the claim to the card's holder, once."""
    card = _issued(ctx, args.card)
    holder = card.path[-1].holder
    ctx.put(args.card, replace(card, state=CARD.next(card.state, "pay")))
    debit, credit = (ctx.client, "claims-paid"), (holder, "claims-received")
    pay(ctx, f"card-claim/{args.card}", card.claimed_fen, debit=debit, credit=credit, memo="claim")
    return {"paid_fen": card.claimed_fen}


@contract.action(roles=("insurer",))
def reject(ctx: Context, args: CardArgs) -> Plain:
    """The insurer finds nothing to pay; the card goes on."""
    card = _issued(ctx, args.card)
    state = CARD.next(card.state, "reject")
    ctx.put(args.card, replace(card, state=state, occurred_ms=0, claimed_fen=0, evidence=""))
    return {"state": state}


def holder_at(card: Card, time_ms: int) -> str:
    """Who held the card at that time, by its path; "" before it was bought."""
    found = [stop.holder for stop in card.path if stop.since_ms <= time_ms]
    return found[-1] if found else ""


def _held(ctx: Context, card_id: str) -> Card:
    card = ctx.find(Card, card_id)
    ctx.require(card.path[-1].holder == ctx.client, "not_the_holder", ctx.client)
    return card


def _issued(ctx: Context, card_id: str) -> Card:
    card = ctx.find(Card, card_id)
    ctx.require(card.insurer == ctx.client, "wrong_insurer", card.insurer)
    return card
