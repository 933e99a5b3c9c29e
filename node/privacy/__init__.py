"""Privacy 隐私: what lies on the chain in the open, what lies there sealed, and what never leaves its owner.

``commitments`` binds values field by field without showing them. ``envelope`` says in which forms a payload may lie on
the chain, ``modes`` puts it there, ``sealing`` is the cryptography of the sealed form, and ``vault`` opens what a node
may open. With ``disclosure`` the holder of a record shows some fields of it, with proof. ``intersection`` and
``masking`` answer questions about people of several insurers that none has to show: whom two of them share, and sums
over all; ``equality`` one about a single value (``docs/private-queries.md``). All deterministic, so that a run can be
repeated bit for bit.
"""

from node.privacy.commitments import Commitments, Opening, Value, commitment, field_names, is_committed
from node.privacy.disclosure import Challenge, Disclosed, Examiner, Presentation, PresentationError, present
from node.privacy.envelope import Collected, Envelope, Hashed, Open, Sealed, Withheld
from node.privacy.equality import Guesser, Owner, is_proven
from node.privacy.intersection import Blinded, Doubled, Party
from node.privacy.lookup import Asker, Holder
from node.privacy.masking import Cell, Share, SumError, over_limit, publishable, share_of, sum_of
from node.privacy.modes import Mode, Payload, enclose, mode_of
from node.privacy.points import IntersectionError
from node.privacy.sealing import commit, derive, seal, seal_openings, unseal
from node.privacy.vault import VaultRecord, open_for, read

__all__ = [
    "Asker",
    "Blinded",
    "Cell",
    "Challenge",
    "Collected",
    "Commitments",
    "Disclosed",
    "Doubled",
    "Envelope",
    "Examiner",
    "Guesser",
    "Hashed",
    "Holder",
    "IntersectionError",
    "Mode",
    "Open",
    "Opening",
    "Owner",
    "Party",
    "Payload",
    "Presentation",
    "PresentationError",
    "Sealed",
    "Share",
    "SumError",
    "Value",
    "VaultRecord",
    "Withheld",
    "commit",
    "commitment",
    "derive",
    "enclose",
    "field_names",
    "is_committed",
    "is_proven",
    "mode_of",
    "open_for",
    "over_limit",
    "present",
    "publishable",
    "read",
    "seal",
    "seal_openings",
    "share_of",
    "sum_of",
    "unseal",
]
