"""A stay and its bill as FHIR's ``Claim``, and back, to the fen (rows 38, 40).

The hospital's own ICD-9-CM code stands beside the ICD-10-CM one that it was transcoded to, the latter with the version
of the map. Charges are told by their class, the one that products exclude by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from node.contracts.money import format_fen
from scenarios.edges.fhir.amounts import fen_of, money_of
from scenarios.edges.fhir.errors import FhirError
from scenarios.edges.icd import is_icd9, look_up, transcode_back
from scenarios.language.models.world import Stay

ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
CHARGES = "urn:consortium:charge-class"
BENEFITS = "urn:consortium:benefit"
CLAIMS = "urn:consortium:claim"
INVOICES = "urn:consortium:e-invoice"
TYPES = "http://terminology.hl7.org/CodeSystem/claim-type"
PRIORITIES = "http://terminology.hl7.org/CodeSystem/processpriority"

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?", re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def identifier_of(text: str) -> str:
    """``text`` as FHIR's `id`: letters, digits, `-` and `.`, up to 64."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", text)[:64]


def concept(system: str, code: str, text: str = "") -> dict[str, Any]:
    """A ``CodeableConcept`` of one code."""
    found: dict[str, Any] = {"coding": [{"system": system, "code": code}]}
    return {**found, "text": text} if text else found


def reference(kind: str, name: str) -> dict[str, Any]:
    """A ``Reference`` to a resource of the same bundle."""
    return {"reference": f"{kind}/{identifier_of(name)}"}


def claim_of(  # noqa: PLR0913 - the facts of a bill
    stay: Stay, *, claim_id: str, created: str, insurer: str, coverage: str, map_version: str, local: Mapping[str, str]
) -> dict[str, Any]:
    """The bill of ``stay`` as a ``Claim``; the same in both versions."""
    return {
        "resourceType": "Claim",
        "id": identifier_of(claim_id),
        "identifier": [{"system": CLAIMS, "value": claim_id}, {"system": INVOICES, "value": stay.invoice}],
        "status": "active",
        "type": concept(TYPES, "institutional"),
        "subType": concept(BENEFITS, stay.benefit),
        "use": "claim",
        "patient": reference("Patient", stay.person),
        "billablePeriod": {"start": moment_out(stay.admitted), "end": moment_out(stay.discharged)},
        "created": created,
        "insurer": reference("Organization", insurer),
        "provider": reference("Organization", stay.hospital),
        "priority": concept(PRIORITIES, "normal"),
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": _diagnosis(stay, map_version, local)}],
        "insurance": [{"sequence": 1, "focal": True, "coverage": reference("Coverage", coverage)}],
        "item": [
            {
                "sequence": number,
                "productOrService": concept(CHARGES, item.kind, item.text),
                "net": money_of(item.amount),
            }
            for number, item in enumerate(stay.items, start=1)
        ],
        "total": money_of(sum(item.amount for item in stay.items)),
    }


def stay_of(claim: Mapping[str, Any]) -> Stay:
    """The stay in a ``Claim`` or ``ExplanationOfBenefit``; FhirError names what is missing, or no bill of ours."""
    kind = str(claim.get("resourceType"))
    period = claim.get("billablePeriod") or {}
    items = _items(kind, claim.get("item"))
    _require_total(kind, claim.get("total"), items)
    given = {
        "hospital": referred(claim.get("provider"), f"{kind}.provider"),
        "person": referred(claim.get("patient"), f"{kind}.patient"),
        "benefit": code_of(claim.get("subType"), BENEFITS) or "inpatient",
        "admitted": moment_in(period.get("start"), f"{kind}.billablePeriod.start"),
        "discharged": moment_in(period.get("end"), f"{kind}.billablePeriod.end"),
        **_diagnosed(kind, claim.get("diagnosis")),
        "invoice": _invoice(kind, claim),
    }
    try:
        return Stay.model_validate({**given, "items": tuple(map(_as_written, items))})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise FhirError(kind, f"as a stay's `{place}`: {first['msg']}") from None


def _as_written(item: Mapping[str, Any]) -> dict[str, Any]:
    """A line as a scenario writes it."""
    return {**item, "amount": f"{format_fen(item['amount'])} CNY"}


def moment_out(text: str) -> str:
    """A stay's day or moment as FHIR's ``dateTime``."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise FhirError("", f"`{text[:40]}` is no day or moment like `2023-04-18` or `2023-04-18 14:05`")
    return found[1] if found[2] is None else f"{found[1]}T{found[2]}:00Z"


def moment_in(value: Any, place: str) -> str:
    """A ``dateTime`` in UTC as a stay's day or moment."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise FhirError(place, "must be a day, or a moment in UTC like `2023-04-18T14:05:00Z`")
    return found[1] if found[2] is None else f"{found[1]} {found[2]}"


def _diagnosis(stay: Stay, map_version: str, local: Mapping[str, str]) -> dict[str, Any]:
    codings = [{"system": ICD9, "code": stay.icd9}]
    code = look_up(stay.icd9, local).code
    if code is not None:
        codings.insert(0, {"system": ICD10, "version": map_version, "code": code})
    return {"coding": codings, "text": stay.diagnosis}


def _diagnosed(kind: str, listed: Any) -> dict[str, str]:
    """The first diagnosis: an ICD-9-CM code, or the one that the map leads back to."""
    place = f"{kind}.diagnosis[0]"
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    told = first.get("diagnosisCodeableConcept")
    own, other = code_of(told, ICD9), code_of(told, ICD10)
    if own is None and other is not None:
        own = transcode_back(other)
    if own is None or not is_icd9(own):
        raise FhirError(place, "has no ICD-9-CM code, nor an ICD-10-CM code that leads back to one")
    text = told.get("text") if isinstance(told, dict) else None
    bare = own.replace(".", "")
    head = 4 if bare.startswith("E") else 3
    return {"icd9": f"{bare[:head]}.{bare[head:]}" if bare[head:] else bare, "diagnosis": str(text or own)}


def _items(kind: str, listed: Any) -> list[dict[str, Any]]:
    if not isinstance(listed, list) or not listed:
        raise FhirError(f"{kind}.item", "a bill has at least one line")
    found = []
    for index, line in enumerate(listed):
        place = f"{kind}.item[{index}]"
        if not isinstance(line, dict):
            raise FhirError(place, "must be a line of a bill")
        charged = line.get("productOrService")
        charge = code_of(charged, CHARGES) or "other"
        text = charged.get("text") if isinstance(charged, dict) else None
        found.append({"text": str(text or charge), "kind": charge, "amount": fen_of(line.get("net"), f"{place}.net")})
    return found


def _require_total(kind: str, total: Any, items: list[dict[str, Any]]) -> None:
    """A ``Claim`` states one total, which must be the sum; an ``ExplanationOfBenefit`` lists several."""
    if total is None or isinstance(total, list):
        return
    stated, summed = fen_of(total, f"{kind}.total"), sum(item["amount"] for item in items)
    if stated != summed:
        raise FhirError(f"{kind}.total", f"says {stated} fen, and the lines add up to {summed}")


def _invoice(kind: str, claim: Mapping[str, Any]) -> str:
    for item in claim.get("identifier") or ():
        if isinstance(item, dict) and item.get("system") == INVOICES:
            return _word(item.get("value"), f"{kind}.identifier")
    return _word(claim.get("id"), f"{kind}.id")


def referred(given: Any, place: str) -> str:
    """The name that a ``Reference`` ends in."""
    text = given.get("reference") if isinstance(given, dict) else None
    if not isinstance(text, str):
        raise FhirError(place, "must be a reference like `Organization/hospital-1`")
    return _word(text.rpartition("/")[2], place)


def _word(value: Any, place: str) -> str:
    word = str(value).lower() if isinstance(value, str) else ""
    if not _WORD.fullmatch(word):
        raise FhirError(place, f"`{str(value)[:40]}` is no name (letters, digits, `.`, `_`, `-`, up to 64)")
    return word


def code_of(told: Any, system: str) -> str | None:
    """The first code of that system in a ``CodeableConcept``."""
    codings = told.get("coding") if isinstance(told, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == system and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return None


__all__ = [
    "claim_of",
    "code_of",
    "concept",
    "identifier_of",
    "moment_in",
    "moment_out",
    "reference",
    "referred",
    "stay_of",
]
