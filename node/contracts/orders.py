"""Orders over the counter 场外交易指令 (row 27): placed, queried and confirmed on the chain, and no fax.

An order's terms are sealed to its two parties and the regulator. Orders from one institution to another are numbered
from 1 on: a number that was used is refused, so that none is carried out twice, and one that leaves a gap is refused
too, so that none is missing. Who confirms shows the very terms that were sent. Both sides' counts stand in a book,
which the regulator reads.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Millis, Name, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.privacy.commitments import Commitments, field_names
from node.privacy.envelope import Envelope

ORDER = Lifecycle(
    "order",
    {
        "PLACED": {"confirm": "CONFIRMED", "reject": "REJECTED", "cancel": "CANCELLED"},
        "CONFIRMED": {},
        "REJECTED": {},
        "CANCELLED": {},
    },
)

TERMS = ("amount_fen", "price", "product", "side")
"""What every order says, under seal: how much, at what price, of what, and whether it subscribes or redeems."""

TRADERS = ("manager", "trust", "bank", "fund")
"""Asset managers 保险资管, trusts 信托, banks 银行理财 and funds 基金."""


class Order(Record, frozen=True):
    """An order from ``sender`` to ``receiver``, the ``number``-th between them in this direction."""

    namespace: ClassVar[str] = "otc_orders"
    readers: ClassVar[Readers] = Readers.OWNER

    state: str
    sender: str
    receiver: str
    number: int
    terms: Commitments
    valid_until_ms: int
    placed_ms: int
    answered_ms: int = 0


class OrderBook(Record, frozen=True):
    """How many orders there were, at ``sender/receiver``. Invariant: what was placed is open or was answered."""

    namespace: ClassVar[str] = "otc_books"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    placed: int = 0
    open: int = 0
    confirmed: int = 0
    rejected: int = 0
    cancelled: int = 0


contract = Contract(
    "orders",
    records=(Order, OrderBook),
    events=(
        EventKind("order_placed", parties=("sender", "receiver"), roles=("regulator",)),
        EventKind("order_answered", parties=("sender", "receiver"), roles=("regulator",)),
    ),
)

Number = Annotated[int, Meta(ge=1, lt=2**31)]


class PlaceArgs(Arguments, frozen=True):
    """To whom, the how-manieth, until when it may be confirmed, and its :data:`TERMS` under seal."""

    receiver: Name
    number: Number
    valid_until_ms: Millis
    terms: Envelope


class ConfirmArgs(Arguments, frozen=True):
    """Which order, and its terms as they were understood."""

    order: ObjectId
    terms: Envelope


class OrderArgs(Arguments, frozen=True):
    """Which order."""

    order: ObjectId


@contract.action(roles=TRADERS)
def place(ctx: Context, args: PlaceArgs) -> Plain:
    """下单. Send an order."""
    ctx.require((ctx.role_of(args.receiver) or "") in TRADERS, "not_a_trader", args.receiver)
    ctx.require(args.receiver != ctx.client, "own_order", args.receiver)
    key = _book(ctx.client, args.receiver)
    book = ctx.get(OrderBook, key) or OrderBook()
    ctx.require(args.number > book.placed, "order_exists", f"{key}: {args.number} was placed before")
    ctx.require(args.number == book.placed + 1, "order_missing", f"{key}: {book.placed + 1} comes first")
    ctx.require(args.valid_until_ms > ctx.time_ms, "order_expired", ctx.object_id)
    ctx.require(field_names(args.terms.commitments) == TERMS, "terms_incomplete", ", ".join(TERMS))
    _require_private(ctx, args.terms, ctx.client, args.receiver)
    ctx.carry(args.terms, ctx.object_id)
    order = Order(
        state="PLACED",
        sender=ctx.client,
        receiver=args.receiver,
        number=args.number,
        terms=args.terms.commitments,
        valid_until_ms=args.valid_until_ms,
        placed_ms=ctx.time_ms,
    )
    ctx.put(ctx.object_id, order)
    ctx.put(key, replace(book, placed=args.number, open=book.open + 1))
    ctx.emit("order_placed", order=ctx.object_id, sender=ctx.client, receiver=args.receiver)
    return {"order": ctx.object_id, "number": args.number}


@contract.action(roles=TRADERS)
def confirm(ctx: Context, args: ConfirmArgs) -> Plain:
    """确认. The receiver takes the order, on the terms that were sent and while it is valid."""
    order = _received(ctx, args.order)
    ctx.require(ctx.time_ms <= order.valid_until_ms, "order_expired", args.order)
    ctx.require(args.terms.commitments == order.terms, "other_terms", args.order)
    _require_private(ctx, args.terms, order.sender, order.receiver)
    ctx.carry(args.terms, ctx.object_id)
    return _answer(ctx, args.order, order, "confirm")


@contract.action(roles=TRADERS)
def reject(ctx: Context, args: OrderArgs) -> Plain:
    """The receiver does not take the order."""
    return _answer(ctx, args.order, _received(ctx, args.order), "reject")


@contract.action(roles=TRADERS)
def cancel(ctx: Context, args: OrderArgs) -> Plain:
    """撤单. The sender takes it back, as long as it was not answered."""
    order = ctx.find(Order, args.order)
    ctx.require(order.sender == ctx.client, "not_the_sender", args.order)
    return _answer(ctx, args.order, order, "cancel")


def _received(ctx: Context, order_id: str) -> Order:
    order = ctx.find(Order, order_id)
    ctx.require(order.receiver == ctx.client, "not_the_receiver", order_id)
    return order


def _answer(ctx: Context, order_id: str, order: Order, event: str) -> Plain:
    state = ORDER.next(order.state, event)
    ctx.put(order_id, replace(order, state=state, answered_ms=ctx.time_ms))
    key = _book(order.sender, order.receiver)
    book = ctx.find(OrderBook, key)
    counted = {
        "confirm": replace(book, open=book.open - 1, confirmed=book.confirmed + 1),
        "reject": replace(book, open=book.open - 1, rejected=book.rejected + 1),
        "cancel": replace(book, open=book.open - 1, cancelled=book.cancelled + 1),
    }
    ctx.put(key, counted[event])
    ctx.emit("order_answered", order=order_id, sender=order.sender, receiver=order.receiver)
    return {"state": state, "after_ms": ctx.time_ms - order.placed_ms}


def _require_private(ctx: Context, envelope: Envelope, sender: str, receiver: str) -> None:
    """The two parties and one regulator read it, and nobody else does."""
    others = [name for name in envelope.recipients if name not in {sender, receiver}]
    both = sender in envelope.recipients and receiver in envelope.recipients
    watched = len(others) == 1 and ctx.role_of(others[0]) == "regulator"
    ctx.require(both and watched, "wrong_recipients", ", ".join(envelope.recipients))


def _book(sender: str, receiver: str) -> str:
    return f"{sender}/{receiver}"
