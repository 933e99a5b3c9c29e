"""What a shell offers when TAB is pressed: scenarios, the keys that ``--set`` reaches, and what has a name.

``consortium --install-completion`` sets it up for bash, zsh, fish and PowerShell. Nothing here may fail or print: a
shell would show it in the middle of a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scenarios.language import json_schema
from scenarios.shipped import shipped

DEPTH_MAX = 6
_RESERVED = {"^x-", "^include$"}


def scenario_names(incomplete: str) -> list[str]:
    """Shipped scenarios and YAML files that begin so."""
    head, slash, tail = incomplete.rpartition("/")
    try:
        files = [f"{head}{slash}{path.name}" for path in Path(head + slash or ".").iterdir() if _offered(path, tail)]
    except OSError:
        files = []
    return [name for name in (*shipped(), *sorted(files)) if name.startswith(incomplete)]


def settings(incomplete: str) -> list[str]:
    """Keys one level below what is written, each to go on with `.` or `=`; list items by their place."""
    if "=" in incomplete:
        return []
    head, _, tail = incomplete.rpartition(".")
    schema = json_schema()
    nodes = [schema]
    for part in filter(None, head.split(".")):
        nodes = [inner for node in nodes for inner in _below(node, part, schema)]
    names = dict.fromkeys(name for node in nodes for name in _keys(node, schema))
    prefix = f"{head}." if head else ""
    return [f"{prefix}{name}" for name in names if name.startswith(tail)]


def protocols(incomplete: str) -> list[str]:
    """Protocols that are installed."""
    from consensus.protocols import protocol_names  # noqa: PLC0415 -- loads them

    return [name for name in protocol_names() if name.startswith(incomplete)]


def bugs(incomplete: str) -> list[str]:
    """Bugs of the bank."""
    from scenarios.adversary.bugs import bug_names  # noqa: PLC0415 -- loads every protocol

    return [name for name in bug_names() if name.startswith(incomplete)]


def _offered(path: Path, tail: str) -> bool:
    return path.name.startswith(tail) and path.suffix in {".yaml", ".yml"}


def _below(node: dict[str, Any], part: str, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for branch in _branches(node, schema):
        inner = branch.get("properties", {}).get(part) or _mapped(branch)
        if part.isdigit():
            inner = branch.get("items")
        if isinstance(inner, dict):
            yield inner


def _mapped(branch: dict[str, Any]) -> Any:
    """What stands under any key, in a mapping whose keys are the author's own."""
    patterns = {key: inner for key, inner in branch.get("patternProperties", {}).items() if key not in _RESERVED}
    return next(iter(patterns.values()), None) or branch.get("additionalProperties")


def _keys(node: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """`=` follows a value, `.` leads further down."""
    for branch in _branches(node, schema):
        for name, inner in branch.get("properties", {}).items():
            deeper = any(one.get("type") in {"object", "array"} for one in _branches(inner, schema))
            yield f"{name}." if deeper else f"{name}="
        if "items" in branch:
            yield "0."


def _branches(node: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > DEPTH_MAX:
        return
    if "$ref" in node:
        yield from _branches(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema, depth + 1)
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _branches(option, schema, depth + 1)
    if not {"$ref", "anyOf", "oneOf"} & set(node):
        yield node
