"""E-invoices 电子发票 as the bureau settled them: what an invoice that somebody claims for can be held against.

When a hospital settles a stay with the bureau (basic insurance comes first), both register the e-invoice by its token,
keyed by the hospital, with its total. Whoever is handed an invoice later, an insurer above all, sees whether it is the
one that was settled: its number and its lines stay off the chain.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import Context, Plain
from node.contracts.contract import Contract
from node.contracts.endorsement import argument, signed
from node.contracts.fields import Arguments, Digest, Fen, Name, Record


class EInvoice(Record, frozen=True):
    """An e-invoice that was settled; the key is its token."""

    namespace: ClassVar[str] = "einvoices"

    hospital: str
    total_fen: int
    settled_ms: int


contract = Contract("einvoices", records=(EInvoice,))


class RegisterArgs(Arguments, frozen=True):
    """The invoice's token, its total, and the hospital, which signs as well."""

    token: Digest
    hospital: Name
    total_fen: Fen


@contract.action(roles=("bureau",), endorse=signed(argument("hospital")))
def register(ctx: Context, args: RegisterArgs) -> Plain:
    """Note an e-invoice that was settled, once. Refused with "wrong_role" or "registered_already"."""
    ctx.require_role(args.hospital, "hospital")
    ctx.require(ctx.get(EInvoice, args.token) is None, "registered_already", args.token)
    ctx.put(args.token, EInvoice(hospital=args.hospital, total_fen=args.total_fen, settled_ms=ctx.time_ms))
    return {"token": args.token}
