"""The vault 保险库: what one party could open of the envelopes on the chain, kept in its private store alone.

A pure function of envelopes and one's own key, so a vault that was lost is rebuilt from the ledger. Nothing in a
vault is part of the replicated state or of any message. Values lie in it with their salts: without its salt nobody
could show a value to a contract or an arbiter.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from node.privacy.commitments import Opening, Value
from node.privacy.envelope import Envelope, Open, Sealed
from node.privacy.sealing import unseal


class VaultRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One opened envelope: its record's name and version, and the openings in ascending order of path."""

    record: str
    version: int
    openings: tuple[Opening, ...]

    @property
    def fields(self) -> tuple[tuple[str, Value], ...]:
        """(path, value), ascending by path."""
        return tuple((opening.path, opening.value) for opening in self.openings)

    def get(self, path: str) -> Value:
        """The value at ``path``; KeyError where there is none."""
        return dict(self.fields)[path]


def open_for(envelopes: Iterable[Envelope], name: str, seal_secret: bytes) -> tuple[VaultRecord, ...]:
    """What ``name`` can open with its X25519 secret of the envelopes it is a party to, in their order.

    Those that carry nothing but commitments are passed over: their openings come another way.
    """
    opened: list[VaultRecord] = []
    for envelope in envelopes:
        openings = read(envelope, name, seal_secret)
        if openings is not None:
            opened.append(VaultRecord(record=envelope.record, version=envelope.version, openings=openings))
    return tuple(opened)


def read(envelope: Envelope, name: str, seal_secret: bytes) -> tuple[Opening, ...] | None:
    """The openings in ``envelope`` for its party ``name``; None where it is no party, or they are not in there."""
    match envelope:
        case Sealed():
            return unseal(envelope, name, seal_secret)
        case Open() if name in envelope.recipients:
            return envelope.openings
        case _:
            return None
