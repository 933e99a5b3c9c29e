"""The voucher with the red seal 区块链缴费凭证: proof of a payment that anyone can check (row 68).

What a resident downloads and prints names year, resident, place, amount, payer and receipt; its red seal is the
fingerprint of these. The chain tells whether it ever issued that fingerprint, and issues one for each payment.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from node.contracts.context import Context, Plain
from node.contracts.contributions.records import Contribution, Voucher, Year, contract, resident_key
from node.contracts.fields import Arguments, Digest

_DOMAIN = b"contribution.voucher"
_encode = msgspec.msgpack.Encoder().encode


class VoucherArgs(Arguments, frozen=True):
    """A resident's payment of a year."""

    year: Year
    person: Digest


class CheckArgs(Arguments, frozen=True):
    """The fingerprint under the seal of a voucher that somebody shows."""

    year: Year
    person: Digest
    fingerprint: Digest


@contract.action(roles=("tax",))
def issue_voucher(ctx: Context, args: VoucherArgs) -> Plain:
    """The voucher of a payment from before vouchers were online, by its collector. Refused with "not_paid"."""
    paid = ctx.get(Contribution, resident_key(args.year, args.person))
    ctx.require(paid is not None, "not_paid", args.person)
    assert paid is not None  # noqa: S101 - just required
    ctx.require(paid.collector == ctx.client, "wrong_collector", paid.collector)
    known = ctx.get(Voucher, resident_key(args.year, args.person))
    ctx.require(known is None, "voucher_exists", args.person)
    return {"voucher": issue(ctx, args.year, args.person, paid)}


@contract.action()
def check_voucher(ctx: Context, args: CheckArgs) -> Plain:
    """Is this the voucher of that payment? Anyone may ask who can show its fingerprint."""
    found = ctx.get(Voucher, resident_key(args.year, args.person))
    return {"genuine": found is not None and found.fingerprint == args.fingerprint}


def issue(ctx: Context, year: int, person: str, paid: Contribution) -> str:
    """Put the voucher of ``paid`` on the chain; its fingerprint."""
    seal = fingerprint(year, person, paid)
    ctx.put(resident_key(year, person), Voucher(fingerprint=seal, issued_ms=ctx.time_ms))
    ctx.emit("voucher", payer=paid.payer, collector=paid.collector, voucher=seal)
    return seal


def fingerprint(year: int, person: str, paid: Contribution) -> str:
    """BLAKE2b over what the voucher says, in hex."""
    said = (year, person, paid.place, paid.amount_fen, paid.collector, paid.payer, paid.receipt, paid.paid_ms)
    return blake2b(_DOMAIN + _encode(said), digest_size=32).hexdigest()
