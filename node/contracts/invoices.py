"""Invoices that were claimed for 发票: each once, at whichever insurer and by whichever contract (rows 38, 41).

What was settled at a hospital's counter leaves the patient a part. Another insurance, one that took no part there, may
be asked for that part, once: it sees what the earlier ones left of every line, and nothing more.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import Context
from node.contracts.fields import Record

Left = tuple[tuple[str, int], ...]
"""(class of charge, fen) of every line."""


class Invoice(Record, frozen=True):
    """An e-invoice that was used 电子发票, at ``hospital/token``: who saw another hospital's token uses none up by it.

    ``claim`` is the claim or bill that it was used for last, ``left`` what that left and somebody may still claim.
    """

    namespace: ClassVar[str] = "invoices"

    claim: str
    left: Left = ()


def use_invoice(ctx: Context, hospital: str, token: str, claim_id: str) -> Left | None:
    """Note that the invoice of ``hospital`` is claimed for: None where it is new, or what earlier ones left of it.

    Refused with "invoice_reused" where they left nothing.
    """
    key = _key(hospital, token)
    used = ctx.get(Invoice, key)
    ctx.require(used is None or bool(used.left), "invoice_reused", claim_id)
    ctx.put(key, Invoice(claim=claim_id))
    return used.left if used is not None and used.left else None


def use_new_invoice(ctx: Context, hospital: str, token: str, bill_id: str) -> None:
    """Note that the invoice of ``hospital`` is settled at the counter, before anybody claims for it."""
    key = _key(hospital, token)
    ctx.require(ctx.get(Invoice, key) is None, "invoice_reused", bill_id)
    ctx.put(key, Invoice(claim=bill_id))


def leave(ctx: Context, hospital: str, token: str, bill_id: str, left: Left) -> None:
    """What the counter left of the invoice, line by line: for one further insurance."""
    ctx.put(_key(hospital, token), Invoice(claim=bill_id, left=tuple((kind, fen) for kind, fen in left if fen)))


def _key(hospital: str, token: str) -> str:
    return f"{hospital}/{token}"
