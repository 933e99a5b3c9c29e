"""``consortium fhir``: a run's claims out as bundles, and bills from outside in as a scenario's stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer

from node.contracts.money import format_fen
from scenarios.edges.fhir.answers import answer_of, cover_of, permission_of
from scenarios.edges.fhir.bills import identifier_of, stay_of
from scenarios.edges.fhir.errors import FhirError
from scenarios.edges.fhir.exact import BYTES_MAX, read_json, write_json
from scenarios.edges.fhir.models import VERSIONS, Version, judge
from scenarios.edges.fhir.runs import bundle_of, cases_of
from scenarios.failures import EXIT_INVALID, EXIT_PASS, say
from scenarios.language.loader import dump
from scenarios.language.models.world import Stay
from scenarios.results.run_folder import write_atomically

BILLS = ("Claim", "ExplanationOfBenefit")
STAYS_MAX = 10_000


def export_run(folder: Path, version: Version, out: Path) -> int:
    """Write a bundle for each claim of the run into ``out``, judged before it is written. The exit code."""
    try:
        cases = cases_of(folder)
        for case in cases:
            bundle = bundle_of(case, version)
            for entry in bundle["entry"]:
                judge(entry["resource"], version)
            judge(bundle, version)
            write_atomically(out / f"{identifier_of(case.claim_id)}.json", write_json(bundle))
    except FhirError as error:
        say(str(error))
        return EXIT_INVALID
    typer.echo(f"{len(cases)} {'bundle' if len(cases) == 1 else 'bundles'} in {version}: {out}")
    return EXIT_PASS


def import_bills(file: Path, out: Path | None) -> int:
    """Print, or write to ``out``, the bills in ``file`` as the `stays` of a scenario's `world`. The exit code."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(BYTES_MAX + 1)
    except OSError as error:
        say(f"{file}: {error.strerror or error}")
        return EXIT_INVALID
    try:
        value = read_json(raw)
        stays = stays_of(value)
        told = _told_besides(value)
    except FhirError as error:
        say(f"{file}: {error}")
        return EXIT_INVALID
    text = dump({"stays": {name: _as_yaml(stay) for name, stay in stays.items()}, **told})
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text)
        typer.echo(f"{len(stays)} {'stay' if len(stays) == 1 else 'stays'}: {out}")
    return EXIT_PASS


def stays_of(value: Any) -> dict[str, Stay]:
    """Name -> stay of every bill in a resource or bundle. An explanation of a claim that is there as well adds none."""
    found: dict[str, Stay] = {}
    explained: list[tuple[str, Mapping[str, Any]]] = []
    for place, resource in _resources(value, BILLS):
        _judged(resource, place)
        if resource["resourceType"] == "Claim":
            _add(found, resource, place)
        elif resource["resourceType"] == "ExplanationOfBenefit":
            explained.append((place, resource))
    for place, resource in explained:
        if str(resource.get("claim", {}).get("reference", "")).rpartition("/")[2].lower() not in found:
            _add(found, resource, place)
    if not found:
        raise FhirError("", f"holds no bill: there is no {' or '.join(BILLS)}")
    return found


def _told_besides(value: Any) -> dict[str, Any]:
    """Vouchers, policies and answers of a bundle, under keys that a scenario keeps as notes."""
    readers = {
        "Consent": ("x-consents", permission_of),
        "Coverage": ("x-coverages", cover_of),
        "ClaimResponse": ("x-answers", answer_of),
    }
    told: dict[str, Any] = {}
    for place, resource in _resources(value, tuple(readers)):
        _judged(resource, place)
        key, read = readers[resource["resourceType"]]
        try:
            found = msgspec.to_builtins(read(resource))
        except FhirError as error:
            raise FhirError(place + error.place, error.message) from None
        told.setdefault(key, {})[str(resource.get("id", len(told)))] = found
    return told


def _add(found: dict[str, Stay], resource: Mapping[str, Any], place: str) -> None:
    name = str(resource.get("id", f"stay-{len(found) + 1}")).lower()
    if name in found:
        raise FhirError(place, f"two bills are called `{name}`")
    if len(found) >= STAYS_MAX:
        raise FhirError(place, f"more than {STAYS_MAX:,} bills")
    try:
        found[name] = stay_of(resource)
    except FhirError as error:
        raise FhirError(place + error.place, error.message) from None


def _resources(value: Any, kinds: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, resource) of those kinds in a bundle; or of the one resource, if bills are asked for."""
    if not isinstance(value, dict):
        raise FhirError("", "a resource is a JSON object")
    if value.get("resourceType") != "Bundle":
        if kinds is BILLS:
            yield "", value
        return
    entries = value.get("entry")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") in kinds:
            yield f"entry[{index}].", resource


def _judged(resource: Mapping[str, Any], place: str) -> None:
    """It must be a resource of one of the versions; what is wrong by the older one is told."""
    errors = []
    for version in VERSIONS:
        try:
            judge(resource, version)
        except FhirError as error:
            errors.append(error)
        else:
            return
    raise FhirError(place + errors[0].place, errors[0].message)


def _as_yaml(stay: Stay) -> dict[str, Any]:
    """A stay as a scenario writes it."""
    told = stay.model_dump()
    told["items"] = [{**item, "amount": f"{format_fen(item['amount'])} CNY"} for item in told["items"]]
    return told
