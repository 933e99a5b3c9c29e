"""Which program plays: the digest of its own files, so that results of different programs are never mixed."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

_ROOMS = ("consensus", "network", "node", "scenarios", "configs")
_SUFFIXES = {".py", ".yaml", ".json", ".csv"}
_SHIPPED = "library"
"""Of the scenarios; they are no part of what plays them."""


@lru_cache(maxsize=1)
def program_sha256() -> str:
    """Of every source and data file that a run may depend on, with its place."""
    top = Path(__file__).parents[2]
    digest = sha256()
    for room in _ROOMS:
        for file in sorted((top / room).rglob("*")):
            place = file.relative_to(top)
            if file.suffix in _SUFFIXES and _SHIPPED not in place.parts:
                digest.update(f"{place.as_posix()}\n".encode() + sha256(file.read_bytes()).digest())
    return digest.hexdigest()
