"""Records: what the state holds. Contracts, and whoever else writes into the state, declare theirs by this base."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

import msgspec


class Readers(Enum):
    """Whose queries for a record are answered: a read without a transaction, which leaves no trace."""

    NOBODY = "nobody"
    OWNER = "owner"  # the client whose name the key begins with, up to its first slash
    SUPERVISORS = "supervisors"  # clients of the roles in SUPERVISING
    EVERYONE = "everyone"


SUPERVISING = ("bureau", "regulator")
"""Roles whose office it is to watch over the others."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything kept in the state; encoded as a map whose keys ascend.

    Fields hold integers, booleans, text, None, tuples of these and nested frozen structs: no floats, no bytes.
    ``namespace`` names where records of this type live; ``business`` says whether the business root covers them,
    so their values must not depend on blocks, order, arrival or ciphertexts. ``readers`` may read it by asking: what
    is somebody's personal data is nobody's, as each access of it needs a voucher and is recorded.
    """

    namespace: ClassVar[str]
    business: ClassVar[bool] = True
    readers: ClassVar[Readers] = Readers.NOBODY
