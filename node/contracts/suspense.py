"""Unidentified receipts 未明来账 (row 17): money that came, and nobody knows yet for what.

A custodian pays another and does not say for which transfer. The money is held in suspense 挂账 until its receiver
finds the transfer that it belongs to: one between these two custodians, valued at this very amount, which an opening
of the transfer's commitment shows. What nobody finds goes back after a time. Nothing else leads out of suspense, so
that its balance is what is open, by age, and comes to nothing once all is found or returned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec.structs import replace

from node.contracts.accounts import account, post
from node.contracts.annuities import MOVED, Transfer, advance, plans_of
from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Fen, Millis, Name, ObjectId, Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.privacy.commitments import Opening, is_committed

DAY_MS = 86_400_000

RECEIPT = Lifecycle("receipt", {"SUSPENSE": {"match": "MATCHED", "return": "RETURNED"}, "MATCHED": {}, "RETURNED": {}})

BUCKETS_DAYS = (7, 30, 60)
"""Ageing 账龄: up to so many days, and beyond the last."""

OPEN_MAX = 1_000
"""Receipts that one custodian may have in suspense from another at a time: a report walks over all of them.

Of each other one, so that no payer can use up what its payee may hold from the rest.
"""


class Receipt(Record, frozen=True):
    """Money from ``payer`` that ``payee`` did not recognise. ``transfer`` is what it was for, once that is known."""

    namespace: ClassVar[str] = "suspense_receipts"
    readers: ClassVar[Readers] = Readers.OWNER

    state: str
    payer: str
    payee: str
    amount_fen: int
    came_ms: int
    transfer: str = ""
    closed_ms: int = 0


class InSuspense(Record, frozen=True):
    """A receipt that is still open, at ``payee/receipt``."""

    namespace: ClassVar[str] = "in_suspense"

    amount_fen: int
    came_ms: int


class Ageing(Record, frozen=True):
    """What a custodian last reported to be open, by its name: fen by age, and the oldest receipt's days."""

    namespace: ClassVar[str] = "suspense_ageing"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    reported_ms: int
    count: int
    by_age_fen: tuple[int, ...]
    oldest_days: int


class SuspenseRules(Record, frozen=True):
    """After how long a receipt may go back; the key is "rules"."""

    namespace: ClassVar[str] = "suspense_rules"
    readers: ClassVar[Readers] = Readers.EVERYONE

    return_after_ms: int


class OpenReceipts(Record, frozen=True):
    """How many receipts a custodian has in suspense from another, at ``payee/payer``."""

    namespace: ClassVar[str] = "suspense_counts"

    count: int


CAME = EventKind("unidentified_receipt", parties=("payee", "payer"))

contract = Contract(
    "suspense", records=(Receipt, InSuspense, Ageing, SuspenseRules, OpenReceipts), events=(CAME, MOVED)
)


class Settings(Arguments, frozen=True):
    """After how long what nobody recognises may go back."""

    return_after_ms: Millis = 60 * DAY_MS


class PayArgs(Arguments, frozen=True):
    """To which custodian, and how much: what it is for is what is missing."""

    payee: Name
    amount_fen: Fen


class MatchArgs(Arguments, frozen=True):
    """Which receipt belongs to which transfer; ``amount`` opens what the transfer was valued at."""

    receipt: ObjectId
    transfer: ObjectId
    amount: Opening


class ReceiptArgs(Arguments, frozen=True):
    """Which receipt."""

    receipt: ObjectId


class ReportArgs(Arguments, frozen=True):
    """Nothing to say: all that is open is counted."""


@contract.settings(Settings)
def configure(ctx: Context, settings: Settings) -> None:
    """Set the time."""
    ctx.put("rules", SuspenseRules(return_after_ms=settings.return_after_ms))


@contract.action(roles=("custodian",))
def pay(ctx: Context, args: PayArgs) -> Plain:
    """A payment without a transfer's id; the receiver holds it in suspense."""
    ctx.require_role(args.payee, "custodian")
    ctx.require(args.payee != ctx.client, "own_account", args.payee)
    ctx.require(args.amount_fen > 0, "nothing_paid", ctx.object_id)
    between = _place(args.payee, ctx.client)
    open_ = ctx.get(OpenReceipts, between) or OpenReceipts(count=0)
    ctx.require(open_.count < OPEN_MAX, "suspense_full", f"{between}: {OPEN_MAX} are open")
    ctx.put(between, OpenReceipts(count=open_.count + 1))
    receipt = Receipt(
        state="SUSPENSE", payer=ctx.client, payee=args.payee, amount_fen=args.amount_fen, came_ms=ctx.time_ms
    )
    ctx.put(ctx.object_id, receipt)
    ctx.put(_place(args.payee, ctx.object_id), InSuspense(amount_fen=args.amount_fen, came_ms=ctx.time_ms))
    lines = (
        (account(ctx.client, "client-money"), args.amount_fen),
        (account(ctx.client, "cash"), -args.amount_fen),
        (account(args.payee, "cash"), args.amount_fen),
        (account(args.payee, "suspense"), -args.amount_fen),
    )
    post(ctx, f"suspense/{ctx.object_id}", "a receipt without an id", lines)
    ctx.emit("unidentified_receipt", receipt=ctx.object_id, payee=args.payee, payer=ctx.client)
    return {"receipt": ctx.object_id}


@contract.action(roles=("custodian",))
def match(ctx: Context, args: MatchArgs) -> Plain:
    """The receiver has found what it is for; the transfer goes on from there."""
    receipt = ctx.find(Receipt, args.receipt)
    ctx.require(receipt.payee == ctx.client, "not_the_payee", args.receipt)
    transfer = ctx.find(Transfer, args.transfer)
    old, new = plans_of(ctx, transfer)
    between = (receipt.payer, receipt.payee) == (old.custodian, new.custodian)
    ctx.require(between, "other_custodians", f"{args.transfer} goes from {old.custodian} to {new.custodian}")
    ctx.require(is_committed(transfer.amount, args.amount), "not_as_valued", args.transfer)
    ctx.require(args.amount.value == receipt.amount_fen, "other_amount", f"{receipt.amount_fen} fen came")
    _close(ctx, args.receipt, receipt, "match", args.transfer)
    lines = (
        (account(ctx.client, "suspense"), receipt.amount_fen),
        (account(ctx.client, "client-money"), -receipt.amount_fen),
    )
    post(ctx, f"suspense/{ctx.object_id}", "a receipt recognised", lines)
    advance(ctx, args.transfer, transfer, "match")
    return {"days": (ctx.time_ms - receipt.came_ms) // DAY_MS}


@contract.action("return", roles=("custodian",))
def give_back(ctx: Context, args: ReceiptArgs) -> Plain:
    """What nobody has recognised for long enough goes back to who sent it."""
    receipt = ctx.find(Receipt, args.receipt)
    ctx.require(receipt.payee == ctx.client, "not_the_payee", args.receipt)
    rules = ctx.get(SuspenseRules, "rules")
    after = receipt.came_ms + (60 * DAY_MS if rules is None else rules.return_after_ms)
    ctx.require(ctx.time_ms >= after, "not_aged_yet", args.receipt)
    _close(ctx, args.receipt, receipt, "return", "")
    lines = (
        (account(ctx.client, "suspense"), receipt.amount_fen),
        (account(ctx.client, "cash"), -receipt.amount_fen),
        (account(receipt.payer, "cash"), receipt.amount_fen),
        (account(receipt.payer, "client-money"), -receipt.amount_fen),
    )
    post(ctx, f"suspense/{ctx.object_id}", "a receipt returned", lines)
    return {"returned_fen": receipt.amount_fen}


@contract.action(roles=("custodian",))
def report(ctx: Context, args: ReportArgs) -> Plain:  # noqa: ARG001 - there is nothing to say
    """账龄报告. What a custodian has in suspense, by age, for the regulator."""
    open_ = tuple(found for _, found in ctx.items(InSuspense, f"{ctx.client}/"))
    by_age = aged(((ctx.time_ms - found.came_ms) // DAY_MS, found.amount_fen) for found in open_)
    oldest = max(((ctx.time_ms - found.came_ms) // DAY_MS for found in open_), default=0)
    ageing = Ageing(reported_ms=ctx.time_ms, count=len(open_), by_age_fen=by_age, oldest_days=oldest)
    ctx.put(ctx.client, ageing)
    return {"count": len(open_), "by_age_fen": by_age, "oldest_days": oldest}


def aged(receipts: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """(days, fen) of each receipt, as fen by age: up to each of :data:`BUCKETS_DAYS`, and beyond the last."""
    sums = [0] * (len(BUCKETS_DAYS) + 1)
    for days, fen in receipts:
        sums[sum(days > most for most in BUCKETS_DAYS)] += fen
    return tuple(sums)


def _close(ctx: Context, receipt_id: str, receipt: Receipt, event: str, transfer: str) -> None:
    state = RECEIPT.next(receipt.state, event)
    ctx.put(receipt_id, replace(receipt, state=state, transfer=transfer, closed_ms=ctx.time_ms))
    ctx.delete(InSuspense, _place(receipt.payee, receipt_id))
    between = _place(receipt.payee, receipt.payer)
    ctx.put(between, OpenReceipts(count=ctx.find(OpenReceipts, between).count - 1))


def _place(payee: str, other: str) -> str:
    return f"{payee}/{other}"
