"""A run's claims as bundles: its business state, and the stays that its scenario holds off the chain.

Whoever exports stands where hospital and insurer stand together: the chain itself has no itemised list to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.edges.fhir.bills import claim_of, identifier_of
from scenarios.edges.fhir.errors import FhirError
from scenarios.edges.fhir.models import Version
from scenarios.edges.fhir.resources import Case, claim_response, consent, coverage, explanation_of_benefit, moment
from scenarios.edges.run_records import read_run

_KEPT = ("claims", "policies", "vouchers")


def cases_of(path: Path) -> list[Case]:
    """The claims that a hospital reported in the run whose folder is ``path``, by their ids; FhirError without one."""
    plan, records = read_run(path, _KEPT, FhirError)
    scenario = plan.scenario
    stays = {step.id: step.__pydantic_extra__.get("stay") for step in scenario.story if step.do == "report-discharge"}
    found = []
    for step in plan.workload.steps:
        claim_id = f"{step.client}/{step.number}"
        claim = records["claims"].get(claim_id) if step.query is None else None
        name = stays.get(step.id)
        if claim is None or name not in scenario.world.stays:
            continue
        version = scenario.world.code_maps.get(claim["map_version"])
        vouchers = [(key, item) for key, item in records["vouchers"].items() if item["matter"] == claim_id]
        case = Case(
            claim_id=claim_id,
            claim=claim,
            policy=records["policies"][claim["policy"]],
            vouchers=vouchers,
            stay=scenario.world.stays[name].model_copy(update={"person": claim["subject"]}),
            local={} if version is None else version.local,
        )
        found.append(case)
    if not found:
        raise FhirError(str(path), "no hospital reported a claim in this run")
    return sorted(found, key=lambda case: case.claim_id)


def bundle_of(case: Case, version: Version) -> dict[str, Any]:
    """Everything about one claim, each resource under its own address."""
    return {
        "resourceType": "Bundle",
        "id": identifier_of(case.claim_id),
        "type": "collection",
        "timestamp": moment(case.claim["reported_ms"]),
        "entry": [
            {"fullUrl": f"urn:consortium:{item['resourceType']}/{item['id']}", "resource": item}
            for item in _resources(case, version)
        ],
    }


def _resources(case: Case, version: Version) -> Iterator[dict[str, Any]]:
    claim = case.claim
    yield {"resourceType": "Patient", "id": identifier_of(claim["subject"])}
    for name in (claim["insurer"], claim["hospital"]):
        yield {"resourceType": "Organization", "id": identifier_of(name), "name": name}
    yield coverage(case, version)
    for voucher_id, voucher in case.vouchers:
        yield consent(voucher_id, voucher, version)
    yield claim_of(
        case.stay,
        claim_id=case.claim_id,
        created=moment(claim["reported_ms"]),
        insurer=claim["insurer"],
        coverage=claim["policy"],
        map_version=claim["map_version"],
        local=case.local,
    )
    yield claim_response(case)
    yield explanation_of_benefit(case)
