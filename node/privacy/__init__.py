"""Privacy 隐私: what lies on the chain in the open, what lies there sealed, and what never leaves its owner.

``envelope`` seals a payload to its parties, ``commitments`` binds values field by field without showing them, and
``vault`` opens what a node may open. All deterministic, so that a run can be repeated bit for bit.
"""

from node.privacy.commitments import Commitments, Opening, Value, commitment, field_names, is_committed
from node.privacy.envelope import Envelope, derive, seal, unseal
from node.privacy.vault import VaultRecord, open_for

__all__ = [
    "Commitments",
    "Envelope",
    "Opening",
    "Value",
    "VaultRecord",
    "commitment",
    "derive",
    "field_names",
    "is_committed",
    "open_for",
    "seal",
    "unseal",
]
