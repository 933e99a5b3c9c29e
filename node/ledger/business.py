"""The business state 业务状态: policies, claims, accounts and consents alone, in one order whoever ordered the blocks.

``state/business.jsonl`` holds one entry a line, a compact JSON array ``[namespace, key, value]`` whose maps have
ascending keys, sorted by (namespace, key). The business root is the RFC 6962 root over the msgpack encodings of the
same arrays, so it can be computed from the file alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from node.ledger.audit import AuditError
from node.ledger.merkle import merkle_root

Entry = tuple[str, str, Any]
"""(namespace, key, record or plain value)."""

_encode_json = msgspec.json.Encoder(order="sorted").encode
_encode_leaf = msgspec.msgpack.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(tuple[str, str, Any]).decode


def business_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of ``state/business.jsonl``, newlines included, in order."""
    return (_encode_json(entry) + b"\n" for entry in _sorted(entries))


def business_root(entries: Iterable[Entry]) -> bytes:
    """RFC 6962 root over msgpack ``[namespace, key, value]``, sorted by (namespace, key)."""
    return merkle_root([_encode_leaf(entry) for entry in _sorted(entries)])


def audit_business(path: Path) -> bytes:
    """The business root of an exported file; AuditError where a line is not in its one spelling or out of order."""
    leaves: list[bytes] = []
    last: tuple[str, str] | None = None
    try:
        with path.open("rb") as file:
            for line, raw in enumerate(file, start=1):
                namespace, key, value = _entry(path, line, raw)
                if last is not None and (namespace, key) <= last:
                    raise AuditError(path, line, "does not stand in ascending order of (namespace, key)")
                last = (namespace, key)
                leaves.append(_encode_leaf((namespace, key, value)))
    except OSError as error:
        raise AuditError(path, 0, f"cannot be read: {error.strerror}") from None
    return merkle_root(leaves)


def _entry(path: Path, line: int, raw: bytes) -> Entry:
    try:
        entry = _decode(raw)
    except (ValueError, RecursionError) as error:
        raise AuditError(path, line, f"not an entry: {error}") from None
    if _encode_json(entry) + b"\n" != raw:
        raise AuditError(path, line, "not written canonically (spacing, order, spelling or line end)")
    return entry


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry[:2])
