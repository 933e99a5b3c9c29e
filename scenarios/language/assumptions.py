"""References to assumptions: ``$id`` or ``{assumption: id}`` stands for the value declared under ``assumptions:``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenarios.language.problems import Path, did_you_mean

_REFERENCE = re.compile(r"^\$([a-z0-9][a-z0-9._-]*)$")


def substitute(root: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """``root`` with every reference replaced by its value, and (place, message) of each that is not declared."""
    declared: dict[str, Any] = {}
    wrong: list[tuple[Path, str]] = []
    entries = root.get("assumptions")
    for index, entry in enumerate(entries if isinstance(entries, tuple) else ()):
        if not (isinstance(entry, Mapping) and isinstance(entry.get("id"), str) and "value" in entry):
            continue  # the schema says what is missing
        if entry["id"] in declared:
            wrong.append((("assumptions", index, "id"), f"the assumption `{entry['id']}` is declared twice"))
        declared.setdefault(entry["id"], entry["value"])
    resolved = {
        key: value if key == "assumptions" else _resolve(value, (key,), declared, wrong) for key, value in root.items()
    }
    return resolved, wrong


def _resolve(value: Any, path: Path, declared: dict[str, Any], wrong: list[tuple[Path, str]]) -> Any:
    name = _reference(value)
    if name is not None:
        if name in declared:
            return declared[name]
        near = did_you_mean(name, declared)
        wrong.append((path, f"the assumption `{name}` is not declared under `assumptions:`{near}"))
        return None
    if isinstance(value, dict):
        return {key: _resolve(item, (*path, key), declared, wrong) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_resolve(item, (*path, index), declared, wrong) for index, item in enumerate(value))
    return value


def _reference(value: Any) -> str | None:
    if isinstance(value, str):
        found = _REFERENCE.match(value)
        return found.group(1) if found else None
    if isinstance(value, dict) and set(value) == {"assumption"} and isinstance(value["assumption"], str):
        return str(value["assumption"])
    return None
