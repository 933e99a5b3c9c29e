"""What a chain's records are in FHIR: ``Coverage``, ``Consent``, ``ClaimResponse``, ``ExplanationOfBenefit``.

Where the two versions differ, the builder asks for the version: R5 has no payor, and a consent's provision is a list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from scenarios.edges.fhir.amounts import money_of
from scenarios.edges.fhir.bills import BENEFITS, CHARGES, CLAIMS, TYPES, concept, identifier_of, reference
from scenarios.edges.fhir.models import Version
from scenarios.language.models.world import Stay

ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
PAYMENTS = "http://terminology.hl7.org/CodeSystem/ex-paymenttype"
POLICIES = "urn:consortium:policy"
FIELDS = "urn:consortium:field"
PURPOSES = "urn:consortium:purpose"

DECIDED = {"APPROVED", "PAID", "CLOSED", "DENIED"}
"""States in which the insurer has given its answer."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A claim of a run: its records as the business state holds them, and the hospital's own record of the stay."""

    claim_id: str
    claim: Mapping[str, Any]
    policy: Mapping[str, Any]
    vouchers: Sequence[tuple[str, Mapping[str, Any]]]
    stay: Stay
    local: Mapping[str, str]
    """The network's own table of the code map that was used."""

    @property
    def excluded(self) -> tuple[str, ...]:
        """Classes of charges that the benefit leaves out."""
        benefits = [item for item in self.policy["benefits"] if item["name"] == self.claim["benefit"]]
        return tuple(benefits[0]["excluded"]) if benefits else ()


def moment(ms: int) -> str:
    """Business time as FHIR's ``dateTime``."""
    return (dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ001 - UTC


def coverage(case: Case, version: Version) -> dict[str, Any]:
    """The policy that the claim is under."""
    policy = case.policy
    found: dict[str, Any] = {
        "resourceType": "Coverage",
        "id": identifier_of(case.claim["policy"]),
        "identifier": [{"system": POLICIES, "value": case.claim["policy"]}],
        "status": "active" if policy["state"] == "IN_FORCE" else "cancelled",
        "beneficiary": reference("Patient", case.claim["subject"]),
        "period": {"start": moment(policy["starts_ms"]), "end": moment(policy["ends_ms"])},
        "class": [
            {
                "type": concept("http://terminology.hl7.org/CodeSystem/coverage-class", "plan"),
                "value": {"value": policy["product"]} if version == "R5" else policy["product"],
            }
        ],
    }
    insurer = reference("Organization", case.claim["insurer"])
    return {**found, "kind": "insurance", "insurer": insurer} if version == "R5" else {**found, "payor": [insurer]}


def consent(voucher_id: str, voucher: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """A voucher 授权凭证 for this claim alone: who may read which fields, and until when."""
    patient = reference("Patient", voucher["subject"])
    reader = reference("Organization", voucher["audience"])
    role = concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
    provision = {
        "period": {"end": moment(voucher["expires_ms"])},
        "actor": [{"role": role, "reference": reader}],
        "purpose": [{"system": PURPOSES, "code": voucher["purpose"]}],
        "code": [concept(FIELDS, field) for field in voucher["fields"]],
    }
    live = voucher["state"] == "LIVE"
    category = [concept("http://loinc.org", "59284-0")]
    found: dict[str, Any] = {
        "resourceType": "Consent",
        "id": identifier_of(voucher_id),
        "category": category,
        "status": "active" if live else "inactive",
    }
    if version == "R5":
        given = {"subject": patient, "grantee": [reader], "decision": "permit", "provision": [provision]}
        return {**found, **given}
    scope = concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")
    rule = concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN")
    return {**found, "scope": scope, "patient": patient, "policyRule": rule, "provision": provision}


def claim_response(case: Case) -> dict[str, Any]:
    """What the insurer answered."""
    return {
        "resourceType": "ClaimResponse",
        "id": identifier_of(f"{case.claim_id}-response"),
        **_answer(case),
        "request": reference("Claim", case.claim_id),
        "item": [{"itemSequence": line["sequence"], "adjudication": line["adjudication"]} for line in _lines(case)],
    }


def explanation_of_benefit(case: Case) -> dict[str, Any]:
    """Bill and answer in one, for the insured."""
    claim = case.claim
    return {
        "resourceType": "ExplanationOfBenefit",
        "id": identifier_of(f"{case.claim_id}-eob"),
        "identifier": [{"system": CLAIMS, "value": case.claim_id}],
        **_answer(case),
        "subType": concept(BENEFITS, claim["benefit"]),
        "provider": reference("Organization", claim["hospital"]),
        "claim": reference("Claim", case.claim_id),
        "claimResponse": reference("ClaimResponse", f"{case.claim_id}-response"),
        "insurance": [{"focal": True, "coverage": reference("Coverage", claim["policy"])}],
        "item": _lines(case),
    }


def _answer(case: Case) -> dict[str, Any]:
    """What ``ClaimResponse`` and ``ExplanationOfBenefit`` have in common."""
    claim = case.claim
    decided = claim["state"] in DECIDED
    found: dict[str, Any] = {
        "status": "active",
        "type": concept(TYPES, "institutional"),
        "use": "claim",
        "patient": reference("Patient", claim["subject"]),
        "created": moment(claim["decided_ms"] or claim["reported_ms"]),
        "insurer": reference("Organization", claim["insurer"]),
        "outcome": "complete" if decided else "queued",
        "disposition": claim["reason"] or claim["state"].lower(),
    }
    amounts = (("submitted", "total_fen"), ("noncovered", "excluded_fen"), ("benefit", "payable_fen"))
    totals = [_adjudged(code, claim[name]) for code, name in amounts if claim[name] is not None]
    if totals:
        found["total"] = totals
    if claim["paid_ms"]:
        day = moment(claim["paid_ms"])[:10]
        found["payment"] = {
            "type": concept(PAYMENTS, "complete"),
            "date": day,
            "amount": money_of(claim["paid_fen"]),
        }
    return found


def _lines(case: Case) -> list[dict[str, Any]]:
    """Every line of the bill, what was asked, and what of it the benefit may be applied to."""
    lines = []
    for number, item in enumerate(case.stay.items, start=1):
        eligible = 0 if item.kind in case.excluded else item.amount
        lines.append(
            {
                "sequence": number,
                "productOrService": concept(CHARGES, item.kind, item.text),
                "net": money_of(item.amount),
                "adjudication": [_adjudged("submitted", item.amount), _adjudged("eligible", eligible)],
            }
        )
    return lines


def _adjudged(code: str, fen: int) -> dict[str, Any]:
    return {"category": concept(ADJUDICATION, code), "amount": money_of(fen)}
