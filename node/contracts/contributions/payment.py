"""Asking for a record and paying for it: the lock, the order of checks, one charge (rows 65, 66 and 68).

Anyone may pay for anyone 代缴: the payer's wallet signs, sees what is due and where, and nothing else of the resident;
the enrolment is the resident's.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from msgspec import Meta

from node.contracts.accounts import pay as transfer
from node.contracts.context import Context, Plain
from node.contracts.contributions.lock import Lock, lock_from
from node.contracts.contributions.records import (
    REGISTRATION,
    Contribution,
    Levy,
    Registration,
    Request,
    Voucher,
    Year,
    contract,
    levy_key,
    registrations,
    resident_key,
)
from node.contracts.contributions.vouchers import issue
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Label, Name

FLAWS = MappingProxyType(
    {
        "letter-case": "the last letter of the ID card should be capitalized",
        "form": "seventeen digits and a check character make an identity number",
        "birth-date": "the digits of the birth date are no date",
        "check-character": "the check character does not fit the digits (GB 11643)",
        "region": "no place has, or had, this address code",
        "name": "name and identity number do not go together",
    }
)
"""What a channel can find wrong with what was typed in 信息输入有误, and what it tells whoever typed."""


class QueryArgs(Arguments, frozen=True):
    """Whose record, for a payer. ``flaw`` is what the channel found wrong with the input, or "".

    Identity number and name never come here: the channel checks them and looks the pseudonym up. Of an input that it
    found wrong, ``person`` is the pseudonym that the input as typed would have.
    """

    year: Year
    person: Digest
    payer: Name
    flaw: Annotated[str, Meta(max_length=32)] = ""


class PayArgs(Arguments, frozen=True):
    """Pay for a resident from the cash of ``payer``, who signs. ``key`` names the payment, not the attempt at it."""

    year: Year
    person: Digest
    payer: Name
    key: Label


@contract.action(roles=("channel",))
def query(ctx: Context, args: QueryArgs) -> Plain:
    """What is due, and the record locked for this channel; a second query within the window is refused, whosever.

    In this order: "wrong_input", "already_paid", "not_registered", "several_places", "no_information" (then the centre
    sends it by hand), "record_locked" ("Declaration record is locked").
    """
    ctx.require(not args.flaw, "wrong_input", FLAWS.get(args.flaw, args.flaw))
    place, levy = _due(ctx, args.year, args.person)
    resident = resident_key(args.year, args.person)
    held = ctx.get(Lock, resident)
    ctx.require(held is None or not held.holds(ctx.time_ms), "record_locked", "Declaration record is locked")
    lock = lock_from(ctx.client, args.payer, ctx.time_ms)
    ctx.put(resident, lock)
    ctx.emit("locked", channel=ctx.client, resident=args.person, until_ms=lock.until_ms)
    return {"place": place, "amount_fen": levy.amount_fen, "until_ms": lock.until_ms}


@contract.action(roles=("channel",), endorse=signed(argument("payer")))
def pay(ctx: Context, args: PayArgs) -> Plain:
    """Charge the payer once and enrol the resident; the same key again gets the same receipt and no second charge.

    Refused with "key_reused", "already_paid", "not_queried", "record_locked" (by another channel), "lock_expired" (ask
    again), or "insufficient_funds" (the lock stays: another card of anybody's may pay within it).
    """
    resident = resident_key(args.year, args.person)
    if _paid_by_this_key(ctx, args):
        return _receipt(ctx, resident)
    place, levy = _due(ctx, args.year, args.person)
    _require_lock(ctx, resident)
    credit = (levy.collector, "contribution-income")
    memo, posting = "contribution", f"contributions/{resident}"
    transfer(ctx, posting, levy.amount_fen, debit=(args.payer, "contribution-paid"), credit=credit, memo=memo)
    paid = Contribution(
        place=place,
        amount_fen=levy.amount_fen,
        collector=levy.collector,
        payer=args.payer,
        channel=ctx.client,
        receipt=ctx.object_id,
        paid_ms=ctx.time_ms,
    )
    ctx.put(resident, paid)
    registration = ctx.find(Registration, f"{resident}/{place}")
    ctx.put(f"{resident}/{place}", Registration(state=REGISTRATION.next(registration.state, "enrol")))
    ctx.put(f"{ctx.client}/{args.key}", _request(args))
    ctx.delete(Lock, resident)
    ctx.emit("paid", channel=ctx.client, payer=args.payer, collector=levy.collector, resident=args.person)
    if ctx.time_ms >= levy.vouchers_from_ms:
        issue(ctx, args.year, args.person, paid)
    return _receipt(ctx, resident)


def _request(args: PayArgs) -> Request:
    return Request(year=args.year, person=args.person, payer=args.payer)


def _paid_by_this_key(ctx: Context, args: PayArgs) -> bool:
    """Has this channel made this very payment before, perhaps without hearing of it? A key stands for one payment."""
    place = f"{ctx.client}/{args.key}"
    earlier = ctx.get(Request, place)
    ctx.require(earlier is None or earlier == _request(args), "key_reused", place)
    return earlier is not None


def _due(ctx: Context, year: int, person: str) -> tuple[str, Levy]:
    """Where this resident may pay, and what; refused where there is nothing to pay, or not yet."""
    paid = ctx.get(Contribution, resident_key(year, person))
    ctx.require(paid is None, "already_paid", paid.receipt if paid else "")
    found = registrations(ctx, year, person)
    ctx.require(bool(found), "not_registered", "no insurance registration")
    ctx.require(len(found) == 1, "several_places", ", ".join(found))
    (place, registration), *_ = found.items()
    ctx.require(registration.state == "sent", "no_information", f"let the centre of {place} send it by hand")
    return place, ctx.find(Levy, levy_key(place, year))


def _require_lock(ctx: Context, resident: str) -> None:
    """The record must be locked, by this channel, and still."""
    lock = ctx.get(Lock, resident)
    ctx.require(lock is not None, "not_queried", resident)
    assert lock is not None  # noqa: S101 - just required
    ctx.require(lock.channel == ctx.client, "record_locked", "Declaration record is locked")
    ctx.require(lock.holds(ctx.time_ms), "lock_expired", resident)


def _receipt(ctx: Context, resident: str) -> Plain:
    """The payment receipt 缴费回执, with the voucher's fingerprint where there is one by now."""
    paid, voucher = ctx.find(Contribution, resident), ctx.get(Voucher, resident)
    return {
        "receipt": paid.receipt,
        "place": paid.place,
        "amount_fen": paid.amount_fen,
        "voucher": voucher.fingerprint if voucher else "",
    }
