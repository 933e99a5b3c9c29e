"""The vault 保险库: what one party could open of the envelopes on the chain, kept in its private store alone.

A pure function of envelopes and one's own key, so a vault that was lost is rebuilt from the ledger. Nothing in a
vault is part of the replicated state or of any message.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from node.privacy.commitments import Value
from node.privacy.envelope import Envelope, unseal


class VaultRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One opened envelope: its record's name and version, and (path, value) in ascending order of path."""

    record: str
    version: int
    fields: tuple[tuple[str, Value], ...]

    def get(self, path: str) -> Value:
        """The value at ``path``; KeyError where there is none."""
        return dict(self.fields)[path]


def open_for(envelopes: Iterable[Envelope], name: str, seal_secret: bytes) -> tuple[VaultRecord, ...]:
    """The envelopes that ``name`` can open with its X25519 secret, opened, in their order; others are passed over."""
    opened: list[VaultRecord] = []
    for envelope in envelopes:
        openings = unseal(envelope, name, seal_secret)
        if openings is not None:
            fields = tuple((opening.path, opening.value) for opening in openings)
            opened.append(VaultRecord(record=envelope.record, version=envelope.version, fields=fields))
    return tuple(opened)
