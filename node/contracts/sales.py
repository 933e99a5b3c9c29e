"""Traceable sales 销售可回溯 (row 54): key terms disclosed 重要条款告知 and confirmed 投保确认, on record.

Who sells discloses the text of a product's key terms to the applicant, who confirms having read it. Only hashes are on
record, with both moments. A product whose terms ask for it (``key_terms``) is bound on nothing less, so that neither
side can deny the sale afterwards (the regulator's rule on retrospective sales).
"""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from node.contracts.context import Context, EventKind, Plain
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Digest, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.underwriting import Application

DISCLOSURE = Lifecycle("disclosure", {"DISCLOSED": {"confirm": "CONFIRMED"}, "CONFIRMED": {}})


class Disclosure(Record, frozen=True):
    """What a customer was told before a sale; the key is the application.

    ``terms`` is the hash of the text, ``acknowledgement`` what the customer signed, salted by the customer, or "".
    """

    namespace: ClassVar[str] = "disclosures"

    state: str
    agent: str
    customer: str
    terms: str
    disclosed_ms: int
    acknowledgement: str
    confirmed_ms: int


DISCLOSED = EventKind("key_terms_disclosed", parties=("to", "agent"))

contract = Contract("sales", records=(Disclosure,), events=(DISCLOSED,))


class DiscloseArgs(Arguments, frozen=True):
    """To whose application, and the hash of the key terms that were shown."""

    application: ObjectId
    terms: Digest


class ConfirmArgs(Arguments, frozen=True):
    """Whose disclosure, the hash of what was read, and a salted hash of what the customer signed."""

    application: ObjectId
    terms: Digest
    acknowledgement: Digest


@contract.action(roles=("insurer", "broker"))
def disclose(ctx: Context, args: DiscloseArgs) -> Plain:
    """Show the applicant the key terms. Once confirmed, a disclosure stands.

    Until then whoever made it, or the insurer applied to, may make it anew; no other agent takes its place.
    """
    application = ctx.find(Application, args.application)
    own = ctx.client == application.insurer
    ctx.require(ctx.role == "broker" or own, "wrong_insurer", application.insurer)
    earlier = ctx.get(Disclosure, args.application)
    ctx.require(own or earlier is None or earlier.agent == ctx.client, "other_agent", args.application)
    ctx.require(earlier is None or earlier.state == "DISCLOSED", "disclosed_already", args.application)
    disclosure = Disclosure(
        state="DISCLOSED",
        agent=ctx.client,
        customer=application.applicant,
        terms=args.terms,
        disclosed_ms=ctx.time_ms,
        acknowledgement="",
        confirmed_ms=0,
    )
    ctx.put(args.application, disclosure)
    ctx.emit("key_terms_disclosed", application=args.application, to=application.applicant, agent=ctx.client)
    return {"disclosed": args.application}


@contract.action(roles=("patient",))
def confirm(ctx: Context, args: ConfirmArgs) -> Plain:
    """The customer confirms having read those very terms."""
    disclosure = ctx.find(Disclosure, args.application)
    ctx.require(disclosure.customer == ctx.client, "not_the_customer", ctx.client)
    ctx.require(disclosure.terms == args.terms, "other_terms_read", args.application)
    confirmed = replace(
        disclosure,
        state=DISCLOSURE.next(disclosure.state, "confirm"),
        acknowledgement=args.acknowledgement,
        confirmed_ms=ctx.time_ms,
    )
    ctx.put(args.application, confirmed)
    return {"state": confirmed.state}


def require_traceable(ctx: Context, application_id: str, key_terms: str) -> None:
    """Refuse a sale whose record is not whole.

    With "disclosure_missing", "other_terms_disclosed" or "confirmation_missing".
    """
    disclosure = ctx.get(Disclosure, application_id)
    ctx.require(disclosure is not None, "disclosure_missing", application_id)
    if disclosure is None:
        return
    ctx.require(disclosure.terms == key_terms, "other_terms_disclosed", application_id)
    ctx.require(disclosure.state == "CONFIRMED", "confirmation_missing", application_id)
