"""Receivables 应收账款 and trade credit insurance 信用险 (row 32): one debt, one token, one holder of each part.

A core firm 核心企业 confirms what it owes a supplier for one invoice; the token of it passes from hand to hand, whole
or in part, and at the due day the firm pays whoever holds it. Nothing can be given twice: it is no longer the
giver's. A bank finances a token by taking it at a discount, and an invoice makes a token once, whichever bank is asked.

Whoever holds a token may have the firm's default insured. Where nothing came when the waiting period 等待期 after the
due day is over, the insurer pays its share; if the firm pays later, each gets the part that it bore.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from node.contracts.accounts import account, pay, post
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, record, signed
from node.contracts.fields import Arguments, Digest, Fen, Millis, Name, ObjectId, Ppm, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import share
from node.contracts.policy.days import interest_fen

RECEIVABLE = Lifecycle(
    "receivable",
    {
        "OPEN": {"pass": "OPEN", "finance": "OPEN", "insure": "OPEN", "settle": "SETTLED", "claim": "INDEMNIFIED"},
        "INDEMNIFIED": {"settle": "SETTLED"},
        "SETTLED": {},
    },
)
"""A token that was passed on in part stays with the giver for the rest; one of no amount is no more."""


class Receivable(Record, frozen=True):
    """A token. ``root`` is the first token of the invoice: the open tokens of a root add up to what it is about.

    ``insurer`` is "" where the default is not insured; ``paid_fen`` is what it paid.
    """

    namespace: ClassVar[str] = "receivables"
    readers: ClassVar[Readers] = Readers.OWNER

    state: str
    root: str
    debtor: str
    holder: str
    amount_fen: int
    due_ms: int
    bank: str
    insurer: str
    covered_ppm: int
    waiting_ms: int
    paid_fen: int


class InvoiceUsed(Record, frozen=True):
    """Which token an invoice made; the key is ``debtor/hash``."""

    namespace: ClassVar[str] = "receivable_invoices"

    receivable: str


PASSED = EventKind("receivable_passed", parties=("holder", "to"))
DEFAULTED = EventKind("receivable_defaulted", parties=("holder", "insurer", "debtor"))

contract = Contract("receivables", records=(Receivable, InvoiceUsed), events=(PASSED, DEFAULTED))


class IssueArgs(Arguments, frozen=True):
    """To whom, how much, due when, for which invoice (its hash)."""

    supplier: Name
    amount_fen: Fen
    due_ms: Millis
    invoice: Digest


class PassArgs(Arguments, frozen=True):
    """Which token, to whom, how much of it."""

    receivable: ObjectId
    to: Name
    amount_fen: Fen


class FinanceArgs(Arguments, frozen=True):
    """Which token, at what yearly rate of simple discount, Actual/365."""

    receivable: ObjectId
    rate_ppm: Ppm


class InsureArgs(Arguments, frozen=True):
    """Which token, what share of it, how long one waits after the due day, and the price."""

    receivable: ObjectId
    covered_ppm: Ppm
    waiting_ms: Millis
    premium_fen: Fen


class ReceivableArgs(Arguments, frozen=True):
    """Which token."""

    receivable: ObjectId


HOLDER = signed(record(Receivable, "receivable").field("holder"))


@contract.action(roles=("firm",), endorse=signed(argument("supplier")))
def issue(ctx: Context, args: IssueArgs) -> Plain:
    """The core firm confirms what it owes for an invoice 确权; the supplier holds the token."""
    key = f"{ctx.client}/{args.invoice}"
    ctx.require(ctx.get(InvoiceUsed, key) is None, "invoice_reused", args.invoice)
    ctx.require_role(args.supplier, "supplier")
    ctx.require(args.amount_fen > 0, "nothing_owed")
    ctx.require(args.due_ms > ctx.time_ms, "due_already")
    ctx.put(key, InvoiceUsed(receivable=ctx.object_id))
    token = Receivable(
        state="OPEN",
        root=ctx.object_id,
        debtor=ctx.client,
        holder=args.supplier,
        amount_fen=args.amount_fen,
        due_ms=args.due_ms,
        bank="",
        insurer="",
        covered_ppm=0,
        waiting_ms=0,
        paid_fen=0,
    )
    ctx.put(ctx.object_id, token)
    _sold(ctx, args.supplier, ctx.client, args.amount_fen, owes="payable")
    return {"receivable": ctx.object_id}


@contract.action("pass", roles=("supplier",), endorse=signed(argument("to")))
def pass_on(ctx: Context, args: PassArgs) -> Plain:
    """A supplier pays its own supplier with a token, or with a part of it 拆分流转."""
    token = _held(ctx, args.receivable)
    state = RECEIVABLE.next(token.state, "pass")
    ctx.require_role(args.to, "supplier")
    ctx.require(args.to != ctx.client, "holds_it_already", args.to)
    ctx.require(not token.insurer, "insured_as_it_is", args.receivable)
    ctx.require(0 < args.amount_fen <= token.amount_fen, "more_than_it_holds", f"{token.amount_fen} fen are left")
    ctx.put(args.receivable, replace(token, state=state, amount_fen=token.amount_fen - args.amount_fen))
    ctx.put(ctx.object_id, replace(token, state=state, holder=args.to, amount_fen=args.amount_fen))
    _sold(ctx, args.to, ctx.client, args.amount_fen, owes="receivable")
    ctx.emit("receivable_passed", receivable=ctx.object_id, holder=ctx.client, to=args.to)
    return {"receivable": ctx.object_id, "left_fen": token.amount_fen - args.amount_fen}


@contract.action(roles=("bank",), endorse=HOLDER)
def finance(ctx: Context, args: FinanceArgs) -> Plain:
    """A bank takes a token at a discount 保理融资 from its holder, who signs; no bank does so after another."""
    token = ctx.find(Receivable, args.receivable)
    state = RECEIVABLE.next(token.state, "finance")
    ctx.require(not token.bank, "financed_already", token.bank)
    ctx.require(token.amount_fen > 0, "nothing_left", args.receivable)
    ctx.require(ctx.time_ms < token.due_ms, "due_already", args.receivable)
    discount_fen = interest_fen(token.amount_fen, args.rate_ppm, ctx.time_ms, token.due_ms)
    advanced_fen = token.amount_fen - discount_fen
    ctx.require(advanced_fen > 0, "nothing_advanced", args.receivable)
    ctx.put(args.receivable, replace(token, state=state, holder=ctx.client, bank=ctx.client))
    lines = (
        (account(ctx.client, "receivable"), token.amount_fen),
        (account(ctx.client, "cash"), -advanced_fen),
        (account(ctx.client, "interest-income"), -discount_fen),
        (account(token.holder, "cash"), advanced_fen),
        (account(token.holder, "interest-paid"), discount_fen),
        (account(token.holder, "receivable"), -token.amount_fen),
    )
    post(ctx, f"finance/{ctx.object_id}", "receivable financed", lines)
    return {"advanced_fen": advanced_fen}


@contract.action(roles=("insurer",), endorse=HOLDER)
def insure(ctx: Context, args: InsureArgs) -> Plain:
    """An insurer and the token's holder agree on cover against the debtor's default, before the due day."""
    token = ctx.find(Receivable, args.receivable)
    state = RECEIVABLE.next(token.state, "insure")
    ctx.require(not token.insurer, "insured_already", token.insurer)
    ctx.require(token.amount_fen > 0, "nothing_left", args.receivable)
    ctx.require(ctx.time_ms < token.due_ms, "due_already", args.receivable)
    covered = replace(
        token,
        state=state,
        insurer=ctx.client,
        covered_ppm=args.covered_ppm,
        waiting_ms=args.waiting_ms,
    )
    ctx.put(args.receivable, covered)
    debit, credit = (token.holder, "premium-paid"), (ctx.client, "premium-income")
    pay(ctx, f"credit/{ctx.object_id}", args.premium_fen, debit=debit, credit=credit, memo="premium")
    return {"covered_fen": share(token.amount_fen, args.covered_ppm)}


@contract.action(roles=("firm",))
def settle(ctx: Context, args: ReceivableArgs) -> Plain:
    """The firm pays a token, once; after an insurer has paid, each gets the part that it bore."""
    token = ctx.find(Receivable, args.receivable)
    ctx.require(token.debtor == ctx.client, "not_the_debtor", ctx.client)
    state = RECEIVABLE.next(token.state, "settle")
    ctx.require(token.amount_fen > 0, "nothing_left", args.receivable)
    ctx.put(args.receivable, replace(token, state=state))
    to_holder_fen = token.amount_fen - token.paid_fen
    lines = [
        (account(ctx.client, "payable"), token.amount_fen),
        (account(ctx.client, "cash"), -token.amount_fen),
        (account(token.holder, "cash"), to_holder_fen),
        (account(token.holder, "receivable"), -to_holder_fen),
    ]
    if token.paid_fen:
        lines += [
            (account(token.insurer, "cash"), token.paid_fen),
            (account(token.insurer, "claims-recovered"), -token.paid_fen),
        ]
    post(ctx, f"settled/{args.receivable}", "receivable settled", lines)
    return {"to_holder_fen": to_holder_fen, "to_insurer_fen": token.paid_fen}


@contract.action()
def claim(ctx: Context, args: ReceivableArgs) -> Plain:
    """The holder of a token that nobody paid is indemnified, once the waiting period is over."""
    token = _held(ctx, args.receivable)
    state = RECEIVABLE.next(token.state, "claim")
    ctx.require(bool(token.insurer), "not_insured", args.receivable)
    ctx.require(ctx.time_ms >= token.due_ms + token.waiting_ms, "still_waiting", args.receivable)
    paid_fen = share(token.amount_fen, token.covered_ppm)
    ctx.put(args.receivable, replace(token, state=state, paid_fen=paid_fen))
    lines = (
        (account(token.insurer, "claims-paid"), paid_fen),
        (account(token.insurer, "cash"), -paid_fen),
        (account(ctx.client, "cash"), paid_fen),
        (account(ctx.client, "receivable"), -paid_fen),
    )
    post(ctx, f"default/{args.receivable}", "default", lines)
    ctx.emit(
        "receivable_defaulted",
        receivable=args.receivable,
        holder=ctx.client,
        insurer=token.insurer,
        debtor=token.debtor,
    )
    return {"paid_fen": paid_fen}


def _held(ctx: Context, key: str) -> Receivable:
    token = ctx.find(Receivable, key)
    ctx.require(token.holder == ctx.client, "not_the_holder", token.holder)
    return token


def _sold(ctx: Context, seller: str, buyer: str, fen: int, *, owes: str) -> None:
    """Goods change hands: the seller has a claim to the money, the buyer owes it or gives one of its own."""
    lines = (
        (account(seller, "receivable"), fen),
        (account(seller, "sales-income"), -fen),
        (account(buyer, "purchases"), fen),
        (account(buyer, owes), -fen),
    )
    post(ctx, f"sold/{ctx.object_id}", "goods sold", lines)
