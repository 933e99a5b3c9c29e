"""Changes of members in the tests' transactions: ``b"+4,-0"`` asks for node 4 to be added and node 0 to be removed."""

from __future__ import annotations

from hashlib import sha256

from consensus.chain import Block
from consensus.configuration import Change, Reconfiguration, Verb


def change_in(block: Block) -> Reconfiguration | None:
    """The change that a block's first such transaction asks for."""
    for raw in block.transactions:
        if raw[:1] in {b"+", b"-"}:
            asked = tuple(
                Change(Verb.ADD_VOTER if part.startswith("+") else Verb.REMOVE, int(part[1:]))
                for part in raw.decode().split(",")
            )
            return Reconfiguration(asked)
    return None


def members_hash(voters: tuple[int, ...]) -> bytes:
    """What a header names as members."""
    return sha256(repr(voters).encode()).digest()
