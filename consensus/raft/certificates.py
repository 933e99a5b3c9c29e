"""What proves to a third party that a block was decided under Raft.

A majority's signatures over (term, height, hash), where the term is the block's *own*: each signer held the
block durably while it was in the term that proposed it, which is Raft's commit rule (paper, section 5.4.2).
Signatures of a later term would prove nothing: figure 8 shows an older entry on a majority that is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from consensus.chain import Block, Certificate, verify_certificate
from consensus.protocols import Crypto
from consensus.vocabulary import NodeId


def fault_of(
    voters: Sequence[NodeId], quorum: int, crypto: Crypto, block: Block, certificate: Certificate
) -> str | None:
    """Why ``certificate`` does not prove ``block`` decided, or None when it does."""
    if certificate.height != block.height or certificate.hash != block.hash:
        return "it is another block's"
    if certificate.round != block.round:
        return f"it is of term {certificate.round}, the block of term {block.round}"
    return verify_certificate(certificate, voters, quorum, crypto.verify)
