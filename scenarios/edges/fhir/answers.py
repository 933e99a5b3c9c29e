"""``Coverage``, ``Consent`` and ``ClaimResponse`` read back: what a voucher, a policy and an answer are on the chain.

Amounts are fen, moments business time in milliseconds, as the chain's records have them; both versions are read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from scenarios.edges.fhir.amounts import fen_of
from scenarios.edges.fhir.bills import code_of, referred
from scenarios.edges.fhir.errors import FhirError
from scenarios.edges.fhir.resources import ADJUDICATION, FIELDS, POLICIES, PURPOSES

AMOUNTS = {"submitted": "total_fen", "noncovered": "excluded_fen", "benefit": "payable_fen"}
"""FHIR's categories of a total, and what they are called here."""


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """A ``Consent``: who may read which fields of whom, what for, until when."""

    subject: str
    audience: str
    purpose: str
    fields: tuple[str, ...]
    expires_ms: int
    live: bool


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """A ``Coverage``: whose policy of which product, from when to when."""

    policy: str
    subject: str
    insurer: str
    product: str
    starts_ms: int
    ends_ms: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a ``ClaimResponse`` or ``ExplanationOfBenefit`` says; an amount that it does not tell is None."""

    claim: str
    decided: bool
    total_fen: int | None = None
    excluded_fen: int | None = None
    payable_fen: int | None = None
    paid_fen: int | None = None


def permission_of(consent: Mapping[str, Any]) -> Permission:
    """The permission in a ``Consent``; FhirError where it gives none of ours."""
    provisions = consent.get("provision")
    provision = provisions[0] if isinstance(provisions, list) and provisions else provisions
    if not isinstance(provision, dict):
        raise FhirError("Consent.provision", "is missing: nobody is permitted anything")
    actors = provision.get("actor")
    actor = actors[0] if isinstance(actors, list) and actors and isinstance(actors[0], dict) else {}
    purposes = [
        item["code"]
        for item in provision.get("purpose") or ()
        if isinstance(item, dict) and item.get("system") == PURPOSES and isinstance(item.get("code"), str)
    ]
    fields = tuple(code for item in provision.get("code") or () if (code := code_of(item, FIELDS)) is not None)
    if not purposes or not fields:
        raise FhirError("Consent.provision", f"names no purpose of {PURPOSES}, or no field of {FIELDS}")
    return Permission(
        subject=referred(consent.get("subject") or consent.get("patient"), "Consent.subject"),
        audience=referred(actor.get("reference"), "Consent.provision.actor"),
        purpose=purposes[0],
        fields=fields,
        expires_ms=_ms((provision.get("period") or {}).get("end"), "Consent.provision.period.end"),
        live=consent.get("status") == "active",
    )


def cover_of(coverage: Mapping[str, Any]) -> Cover:
    """The policy in a ``Coverage``."""
    payors = coverage.get("payor")
    insurer = payors[0] if isinstance(payors, list) and payors else coverage.get("insurer")
    classes = coverage.get("class") or coverage.get("class_fhir")
    first = classes[0] if isinstance(classes, list) and classes and isinstance(classes[0], dict) else {}
    product = first.get("value")
    product = product.get("value") if isinstance(product, dict) else product
    policy = next(
        (
            item["value"]
            for item in coverage.get("identifier") or ()
            if isinstance(item, dict) and item.get("system") == POLICIES and isinstance(item.get("value"), str)
        ),
        None,
    )
    if not isinstance(product, str) or policy is None:
        raise FhirError("Coverage", f"has no plan under `class`, or no identifier of {POLICIES}")
    period = coverage.get("period") or {}
    return Cover(
        policy=policy,
        subject=referred(coverage.get("beneficiary"), "Coverage.beneficiary"),
        insurer=referred(insurer, "Coverage.insurer"),
        product=product,
        starts_ms=_ms(period.get("start"), "Coverage.period.start"),
        ends_ms=_ms(period.get("end"), "Coverage.period.end"),
    )


def answer_of(response: Mapping[str, Any]) -> Answer:
    """The insurer's answer in a ``ClaimResponse`` or ``ExplanationOfBenefit``."""
    kind = str(response.get("resourceType"))
    amounts: dict[str, int] = {}
    totals = response.get("total")
    for index, total in enumerate(totals if isinstance(totals, list) else ()):
        place = f"{kind}.total[{index}]"
        name = AMOUNTS.get(code_of(total.get("category"), ADJUDICATION) or "") if isinstance(total, dict) else None
        if name in amounts:
            raise FhirError(place, "says this total a second time")
        if name is not None:
            amounts[name] = fen_of(total.get("amount"), f"{place}.amount")
    payment = response.get("payment")
    if isinstance(payment, dict) and "amount" in payment:
        amounts["paid_fen"] = fen_of(payment["amount"], f"{kind}.payment.amount")
    return Answer(
        claim=referred(response.get("request") or response.get("claim"), f"{kind}.request"),
        decided=response.get("outcome") == "complete",
        **amounts,
    )


def _ms(value: Any, place: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise FhirError(place, "must be a moment like `2023-04-18T14:05:00Z`")
    utc = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return (utc - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
