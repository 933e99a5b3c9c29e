"""Did the story come out as it says? Receipts against ``output``, opened envelopes against ``sealed``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from node.privacy.vault import VaultRecord
from scenarios.language.schema import Scenario
from scenarios.language.units import UnitError, parse_money
from scenarios.runner.conductor import Acknowledged

_INTEGER = re.compile(r"-?[0-9]+(_[0-9]+)*")


def output_surprises(scenario: Scenario, acknowledged: Sequence[Acknowledged]) -> tuple[list[str], int]:
    """What receipts say other than the story expects, and how many values were compared."""
    by_id = {item.step.id: item for item in acknowledged}
    surprises: list[str] = []
    compared = 0
    for step in scenario.story:
        found = by_id[step.id].output if step.id in by_id else None
        for name, wanted in step.output.items():
            compared += 1
            value = found.get(name) if isinstance(found, Mapping) else None
            if value != meant(wanted):
                surprises.append(f"{step.id}: {name} is {value!r}, not {wanted}{_there_are(name, found)}")
    return surprises, compared


def _there_are(name: str, found: Any) -> str:
    """What a receipt says instead of what was looked for, for whoever took another name for it."""
    if not isinstance(found, Mapping) or name in found:
        return ""
    return f"; it says {', '.join(sorted(found))}" if found else "; it says nothing"


def sealed_surprises(
    scenario: Scenario, acknowledged: Sequence[Acknowledged], vaults: Mapping[str, Iterable[VaultRecord]]
) -> tuple[list[str], int]:
    """What parties found in envelopes other than the story expects, and how many values were compared.

    ``vaults`` are those of the organisations' nodes and of people's wallets, by name.
    """
    made = {item.step.id: f"{item.step.client}/{item.step.number}" for item in acknowledged}
    surprises: list[str] = []
    compared = 0
    for step in (step for step in scenario.story if step.sealed and step.id in made):
        holders = _holders(made[step.id], vaults)
        for party, wanted in step.sealed.items():
            for name, value in wanted.items():
                compared += 1
                found = holders.get(party, {}).get(name)
                if found != meant(value):
                    surprises.append(f"{step.id}: {party} finds {name} {found!r}, not {value}")
    return surprises, compared


def _holders(object_id: str, vaults: Mapping[str, Iterable[VaultRecord]]) -> dict[str, dict[str, Any]]:
    """Who opened the envelope that made ``object_id``, and what is in it."""
    return {
        name: dict(record.fields) for name, vault in vaults.items() for record in vault if record.record == object_id
    }


def meant(value: Any) -> Any:
    """The plain value that a story's text means: money in fen, numbers as numbers, the rest as it stands."""
    if isinstance(value, tuple | list):
        return [meant(item) for item in value]
    if isinstance(value, Mapping):
        return {name: meant(item) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return parse_money(value)
    except UnitError:
        return int(value) if _INTEGER.fullmatch(value) else value
