"""A run's claims as bundles: its business state, and the stays that its scenario holds off the chain.

Whoever exports stands where hospital and insurer stand together: the chain itself has no itemised list to show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.edges.fhir.bills import claim_of, identifier_of
from scenarios.edges.fhir.errors import FhirError
from scenarios.edges.fhir.models import Version
from scenarios.edges.fhir.resources import Case, claim_response, consent, coverage, explanation_of_benefit, moment
from scenarios.language import load_scenario
from scenarios.results import RunFolder
from scenarios.runner.plan import make_plan

Records = dict[str, dict[str, dict[str, Any]]]
"""Namespace -> key -> record."""

_KEPT = ("claims", "policies", "vouchers")


def cases_of(path: Path) -> list[Case]:
    """The claims that a hospital reported in the run whose folder is ``path``, by their ids; FhirError without one."""
    folder = RunFolder(path)
    if not folder.manifest.is_file():
        raise FhirError(str(path), "is no run's folder: it has no manifest.json")
    if not folder.business.is_file():
        raise FhirError(str(folder.business), "is missing: the nodes agreed on no business state")
    records = _records(folder.business)
    manifest = json.loads(folder.manifest.read_bytes())
    scenario = load_scenario(folder.scenario)
    stays = {step.id: step.__pydantic_extra__.get("stay") for step in scenario.story if step.do == "report-discharge"}
    plan = make_plan(scenario, protocol=manifest["protocol"], seed=manifest["seed"])
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


def _records(path: Path) -> Records:
    found: Records = {namespace: {} for namespace in _KEPT}
    with path.open("rb") as lines:
        for line in lines:
            namespace, key, record = json.loads(line)
            if namespace in found:
                found[namespace][key] = record
    return found
