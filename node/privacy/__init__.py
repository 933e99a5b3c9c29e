"""Privacy 隐私: what lies on the chain in the open, what lies there sealed, and what never leaves its owner.

``commitments`` binds values field by field without showing them. ``envelope`` says in which forms a payload may lie on
the chain, ``modes`` puts it there, ``sealing`` is the cryptography of the sealed form, and ``vault`` opens what a node
may open. All deterministic, so that a run can be repeated bit for bit.
"""

from node.privacy.commitments import Commitments, Opening, Value, commitment, field_names, is_committed
from node.privacy.envelope import Collected, Envelope, Hashed, Open, Sealed, Withheld
from node.privacy.modes import Mode, Payload, enclose, mode_of
from node.privacy.sealing import commit, derive, seal, seal_openings, unseal
from node.privacy.vault import VaultRecord, open_for, read

__all__ = [
    "Collected",
    "Commitments",
    "Envelope",
    "Hashed",
    "Mode",
    "Open",
    "Opening",
    "Payload",
    "Sealed",
    "Value",
    "VaultRecord",
    "Withheld",
    "commit",
    "commitment",
    "derive",
    "enclose",
    "field_names",
    "is_committed",
    "mode_of",
    "open_for",
    "read",
    "seal",
    "seal_openings",
    "unseal",
]
