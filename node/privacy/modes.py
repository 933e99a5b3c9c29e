"""The five modes of privacy, and how each puts a payload into an envelope.

What a contract checks is the same in all of them; what differs is where the values lie:

| mode | on the chain | the values lie |
|-|-|-|
| ``plain`` | values and salts | at every node |
| ``encrypted`` | ciphertext, sealed to the parties | at every node, for the parties to read; for ever |
| ``collection`` | commitments | at the parties' nodes, until they are purged |
| ``hash`` | commitments | with the parties, who hand them over off the chain |
| ``holder`` | commitments | on a person's own device, which answers or nobody does |
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from node.privacy.commitments import Opening, commitments_of
from node.privacy.envelope import Collected, Envelope, Hashed, Open, Withheld
from node.privacy.sealing import seal_openings


class Mode(StrEnum):
    """What a payload looks like on the chain."""

    PLAIN = "plain"
    ENCRYPTED = "encrypted"
    COLLECTION = "collection"
    HASH = "hash"
    HOLDER = "holder"


MODE_OF: dict[type, Mode] = {Open: Mode.PLAIN, Collected: Mode.COLLECTION, Hashed: Mode.HASH, Withheld: Mode.HOLDER}
"""Form of envelope -> mode; what is not here is :attr:`Mode.ENCRYPTED`."""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be enclosed. ``secret``: the sender's. ``device``: the person's wallet, which ``holder`` needs."""

    record: str
    openings: tuple[Opening, ...]
    recipients: Sequence[tuple[str, bytes]]  # (name, X25519 public key)
    secret: bytes
    version: int = 0
    blocks_to_live: int = 0
    device: str = ""


def enclose(payload: Payload, mode: Mode) -> Envelope:
    """The envelope of ``payload`` in ``mode``. ValueError: too large, or nobody's device for ``holder``."""
    record, version = payload.record, payload.version
    names = tuple(sorted(name for name, _ in payload.recipients))
    commitments = commitments_of(payload.openings)
    match mode:
        case Mode.PLAIN:
            return Open(record=record, version=version, openings=payload.openings, recipients=names)
        case Mode.ENCRYPTED:
            return seal_openings(payload.secret, record, payload.openings, payload.recipients, version)
        case Mode.COLLECTION:
            return Collected(record, version, commitments, names, payload.blocks_to_live)
        case Mode.HASH:
            return Hashed(record, version, commitments, names)
        case Mode.HOLDER:
            if payload.device not in names:
                raise ValueError("a person's own device must be among the parties")
            return Withheld(record, version, commitments, names, payload.device)


def mode_of(envelope: Envelope) -> Mode:
    """The mode that an envelope shows."""
    return MODE_OF.get(type(envelope), Mode.ENCRYPTED)
