"""Counting acknowledgements: the commit rule, and the certificates it leaves behind.

A leader commits an entry of its own term once a majority has it durably, and with it everything before
(paper, section 5.4.2: never an older term's entry by counting alone, see figure 8). Each acknowledgement is
a signature over (term, index, hash), so the majority that commits an entry is also its proof. An index
counts as acknowledged only by signatures over that very index: acknowledgements of later ones would commit
it by Raft's rule too, but prove a later block, which is then the one that commits.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Certificate
from consensus.vocabulary import NodeId


class Tally(msgspec.Struct):
    """Valid signatures by index, of uncommitted entries of the leader's own term."""

    signatures: dict[int, dict[NodeId, bytes]] = msgspec.field(default_factory=dict)

    def has(self, index: int, member: NodeId) -> bool:
        votes = self.signatures.get(index)
        return votes is not None and member in votes

    def add(self, index: int, member: NodeId, signature: bytes) -> None:
        """Count one verified signature."""
        self.signatures.setdefault(index, {})[member] = signature

    def count(self, index: int) -> int:
        """How many members have acknowledged ``index``."""
        return len(self.signatures.get(index, ()))

    def certificate(self, term: int, index: int, block_hash: bytes, quorum: int) -> Certificate | None:
        """Exactly a quorum of signatures in ascending order of member, or None while there are fewer."""
        votes = self.signatures.get(index)
        if votes is None or len(votes) < quorum:
            return None
        chosen = tuple(sorted(votes.items())[:quorum])
        return Certificate(round=term, height=index, hash=block_hash, signatures=chosen)

    def forget(self, index: int) -> None:
        """Drop what is committed: everything up to ``index``."""
        for counted in [held for held in self.signatures if held <= index]:
            del self.signatures[counted]
