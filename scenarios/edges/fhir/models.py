"""The models of ``fhir.resources`` as a judge: whether a resource is one of its version."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from pydantic import ValidationError

from scenarios.edges.fhir.errors import FhirError

Version = Literal["R4B", "R5"]
VERSIONS: tuple[Version, ...] = ("R4B", "R5")

_PACKAGES = {"R4B": "fhir.resources.R4B", "R5": "fhir.resources"}
KINDS = (
    "Bundle",
    "Claim",
    "ClaimResponse",
    "Consent",
    "Coverage",
    "ExplanationOfBenefit",
    "Organization",
    "Patient",
)
"""What comes and goes."""


def judge(resource: Any, version: Version) -> None:
    """FhirError with the first thing that is wrong with ``resource`` as one of its kind, and where."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in KINDS:
        raise FhirError("", f"`{str(kind)[:40]}` is no resource that is read here; there are {', '.join(KINDS)}")
    if find_spec("fhir") is None:
        raise FhirError("", "FHIR comes with an extra: pip install 'consortium-sim[fhir]'")
    model = getattr(import_module(f"{_PACKAGES[version]}.{kind.lower()}"), kind)
    try:
        model.model_validate(resource)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FhirError(f"{kind}.{where}" if where else kind, f"{first['msg']} ({version})") from None
    except RecursionError:
        raise FhirError(kind, "is nested too deeply") from None
