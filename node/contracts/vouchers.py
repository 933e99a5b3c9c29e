"""Vouchers 授权凭证 and the people who give them: what every contract that reads personal data goes by (rows 1, 3)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from node.contracts.context import Context
from node.contracts.fields import UNIT, Record
from node.contracts.lifecycle import Lifecycle

VOUCHER = Lifecycle("voucher", {"LIVE": {"revoke": "REVOKED"}, "REVOKED": {}})

Matter = Annotated[str, Meta(max_length=96, extra={UNIT: "object"})]
"""The object that a voucher or query is confined to ("client/number"), or "" for none."""


class Subject(Record, frozen=True):
    """A person; the key is a pseudonym, a token keyed by the bureau.

    ``wallets`` may act for them: their own, or a parent's for a child.
    """

    namespace: ClassVar[str] = "subjects"

    wallets: tuple[str, ...]


class Voucher(Record, frozen=True):
    """The subject's permission 授权凭证: who may read which fields, what for, until when, about which matter."""

    namespace: ClassVar[str] = "vouchers"

    state: str
    subject: str
    audience: str
    purpose: str
    fields: tuple[str, ...]
    matter: str
    expires_ms: int
    granted_by: str


def require_acts_for(ctx: Context, subject: str) -> None:
    """Refuse unless the client is one of the subject's own wallets."""
    ctx.require(ctx.client in ctx.find(Subject, subject).wallets, "not_the_subject", ctx.client)


def require_authorised(  # noqa: PLR0913, PLR0917 - all that a voucher is confined to
    ctx: Context, voucher_id: str, subject: str, audience: str, purpose: str, matter: str = ""
) -> Voucher:
    """The voucher, if it lets ``audience`` read of ``subject`` for ``purpose``; refused with what is wrong with it."""
    voucher = ctx.find(Voucher, voucher_id)
    ctx.require(voucher.state == "LIVE", "voucher_revoked")
    ctx.require(ctx.time_ms < voucher.expires_ms, "voucher_expired")
    ctx.require(voucher.subject == subject, "wrong_subject")
    ctx.require(voucher.audience == audience, "wrong_audience")
    ctx.require(voucher.purpose == purpose, "wrong_purpose")
    ctx.require(voucher.matter == matter, "wrong_matter")
    return voucher


def is_live(voucher: Voucher, time_ms: int) -> bool:
    """Does the voucher still authorise anything at that time?"""
    return voucher.state == "LIVE" and time_ms < voucher.expires_ms
