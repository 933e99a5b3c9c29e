"""Mutations of exported ledgers: one byte, or one field of one line."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

Path = tuple[Any, ...]


class Mutation(NamedTuple):
    """A ledger with one thing changed."""

    content: bytes
    kind: str
    what: str


def mutated(content: bytes, draw: random.Random) -> Mutation:
    """``content`` with one byte or one field changed."""
    return _byte(content, draw) if draw.random() < 0.5 else _field(content, draw)


def _byte(content: bytes, draw: random.Random) -> Mutation:
    at, way = draw.randrange(len(content)), draw.choice(("changed", "changed", "removed", "added"))
    if way == "removed":
        return Mutation(content[:at] + content[at + 1 :], "one byte", f"byte {at} removed")
    if way == "added":
        return Mutation(content[:at] + draw.randbytes(1) + content[at:], "one byte", f"a byte added at {at}")
    other = bytes([(content[at] + draw.randrange(1, 256)) % 256])
    return Mutation(content[:at] + other + content[at + 1 :], "one byte", f"byte {at} changed")


def _field(content: bytes, draw: random.Random) -> Mutation:
    lines = content.splitlines(keepends=True)
    place = draw.randrange(len(lines))
    line = json.loads(lines[place])
    path, value = draw.choice(list(fields(line)))
    parent = line
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = altered(value)
    lines[place] = json.dumps(line, separators=(",", ":")).encode() + b"\n"
    return Mutation(b"".join(lines), "one field", f"line {place + 1}: {path}")


def fields(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, value) of everything in a line of JSON, whole objects and arrays included."""
    if isinstance(value, dict | list):
        if path:
            yield path, value
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from fields(part, (*path, key))
    else:
        yield path, value


def altered(value: Any) -> Any:
    """Another value of the same type, where there is one."""
    match value:
        case int():
            return value + 1
        case str():
            return value[:-1] + ("0" if value[-1] != "0" else "1")
        case list():
            return value[:-1] if value else ["00"]
        case dict():
            return None
        case _:
            return {"round": 0, "height": 0, "hash": "00" * 32, "proves": 1, "signatures": []}
