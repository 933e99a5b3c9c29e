"""Counting acknowledgements: the commit rule, and the certificates it leaves behind.

A leader commits an entry of its own term once a quorum of those who decide it (by the configuration of that very entry,
:mod:`consensus.raft.electorate`) has it durably, and with it everything before
(paper, section 5.4.2: never an older term's entry by counting alone, see figure 8). Each acknowledgement is
a signature over (term, index, hash), so the majority that commits an entry is also its proof. An index
counts as acknowledged only by signatures over that very index: acknowledgements of later ones would commit
it by Raft's rule too, but prove a later block, which is then the one that commits.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Certificate
from consensus.raft.electorate import Electorate
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

    def is_committed(self, index: int, electorate: Electorate) -> bool:
        """Have enough of those who decide ``index`` acknowledged it?"""
        return electorate.is_quorum(self.signatures.get(index, ()))

    def certificate(self, term: int, index: int, block_hash: bytes, electorate: Electorate) -> Certificate | None:
        """Exactly a quorum of signatures in ascending order of member, or None where too few have signed."""
        votes = self.signatures.get(index)
        signers = None if votes is None else electorate.least_quorum(votes)
        if votes is None or signers is None:
            return None
        chosen = tuple((signer, votes[signer]) for signer in signers)
        return Certificate(round=term, height=index, hash=block_hash, signatures=chosen)

    def forget(self, index: int) -> None:
        """Drop what is committed: everything up to ``index``."""
        for counted in [held for held in self.signatures if held <= index]:
            del self.signatures[counted]
