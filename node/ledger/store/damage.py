"""Where a damaged store is damaged, and what its owner can do about it."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from node.ledger.store.interface import StoreError

REMEDY = (
    "the node does not start from it. Have the member re-issued under a new number, and start that one with an empty "
    "folder: it fetches the state from its peers (docs/adr/0010-durable-storage.md)"
)
"""A voter that began again under its old number would have forgotten its votes, so this is not offered."""

FREELIST_OFFSET = 32
"""Where a database's header speaks of its list of free pages."""

_PAGE = re.compile(r"\bpage (\d+)", re.IGNORECASE)
_ROW = re.compile(r"\brow (\d+)")
_LOCAL_BYTES = 32
"""Of a value, so many bytes at least follow their row's key in the file."""


def damaged(path: Path, offset: int | None, what: str) -> StoreError:
    """The error that names file, place, matter and remedy."""
    place = f" at byte {offset}" if offset is not None else f" somewhere in bytes 0 to {path.stat().st_size - 1}"
    return StoreError(f"{path}: damaged{place}: {what}; {REMEDY}")


def offset_of_page(told: str, page_bytes: int) -> int | None:
    """The first byte of the first page that SQLite's words name; None where they name none."""
    found = _PAGE.search(told)
    if found is None and "freelist" in told:
        return FREELIST_OFFSET
    return None if found is None else (int(found[1]) - 1) * page_bytes


def row_named(told: str) -> int | None:
    """The id of the row that SQLite's words name; None where they name none."""
    found = _ROW.search(told)
    return None if found is None else int(found[1])


def find_row(paths: tuple[Path, ...], space: str, key: int | str, value: object) -> tuple[Path, int] | None:
    """In which file, and from which byte on, the row with this (damaged) value lies.

    SQLite keeps a row's columns one after the other; the primary key makes this beginning of a row unique. For a store
    that is given up: closing a file gives up the locks that this process holds on it.
    """
    wanted = space.encode() + _column(key) + (value[:_LOCAL_BYTES] if isinstance(value, bytes) else b"")
    for path in paths:
        if not path.exists() or not path.stat().st_size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            offset = whole.find(wanted)
        if offset >= 0:
            return path, offset
    return None


def _column(key: int | str) -> bytes:
    """A key as SQLite's record format spells it: the shortest of its widths; 0 and 1 take no bytes at all."""
    if isinstance(key, str):
        return key.encode()
    if key in (0, 1):
        return b""
    width = next(width for width in (1, 2, 3, 4, 6, 8) if -(1 << 8 * width - 1) <= key < 1 << 8 * width - 1)
    return key.to_bytes(width, signed=True)
