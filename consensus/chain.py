"""What the cores order: one chain of blocks, and the certificates that prove it was decided.

A core reads a header's ``height``, ``parent`` and ``round`` and treats transactions as opaque bytes. What a
transaction says, and whether roots are right, is the ledger's business (``node/ledger``), reached only through
:class:`consensus.protocols.Application`. ``docs/ledger-format.md`` specifies every byte hashed or signed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from hashlib import sha256
from operator import lt
from typing import Annotated

import msgspec

from consensus.vocabulary import NodeId

Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

NO_HASH = bytes(32)
FORMAT_VERSION = 1

_encode = msgspec.msgpack.Encoder().encode


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, dict=True):
    """A block's header; its hash is the block's identity.

    ``state`` is the state root after executing height ``state_height``, which lies before ``height``: a block
    is ordered before it is executed. ``round`` is the term or view in which it was first proposed.
    """

    version: Natural
    network: str
    height: Natural
    parent: Hash
    round: Natural
    proposer: Natural
    members: Hash
    transactions: Hash
    state_height: Natural
    state: Hash

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the header's msgpack encoding."""
        return sha256(_encode(self)).digest()


class Block(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A header and the canonical bytes of its transactions, in order."""

    header: Header
    transactions: tuple[bytes, ...]

    @property
    def height(self) -> int:
        return self.header.height

    @property
    def parent(self) -> bytes:
        return self.header.parent

    @property
    def round(self) -> int:
        return self.header.round

    @property
    def hash(self) -> bytes:
        return self.header.hash


class Certificate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Exactly a quorum of commit signatures over one block, in ascending order of member.

    ``round`` is the view (PBFT) or term (Raft, solo) in which the signers committed to it, part of what they
    signed. A certificate stands beside a block, never inside its hash: two nodes may hold different ones.
    """

    round: Natural
    height: Natural
    hash: Hash
    signatures: tuple[tuple[Natural, Signature], ...]


@lru_cache(maxsize=256)  # every voter says, and checks, the same
def commit_bytes(round_: int, height: int, block_hash: bytes) -> bytes:
    """The bytes that a commit signature covers (ledger format, section "Certificates")."""
    return _encode(("consortium/commit", round_, height, block_hash))


def verify_certificate(
    certificate: Certificate,
    voters: Sequence[NodeId],
    quorum: int,
    verify: Callable[[NodeId, bytes, bytes], bool],
) -> str | None:
    """Why the certificate proves nothing, or None when it holds. Says nothing about the block's content."""
    if len(certificate.signatures) != quorum:
        return f"{len(certificate.signatures)} signatures where a quorum is exactly {quorum}"
    return verify_signatures(certificate, voters, verify)


def verify_signatures(
    certificate: Certificate, voters: Sequence[NodeId], verify: Callable[[NodeId, bytes, bytes], bool]
) -> str | None:
    """The same, but for the number of signatures: whether they are a quorum is for the caller to say."""
    signers = [member for member, _ in certificate.signatures]
    if not all(map(lt, signers, signers[1:])):
        return "signers not in strictly ascending order"
    data = commit_bytes(certificate.round, certificate.height, certificate.hash)
    strangers = frozenset(signers).difference(voters)
    for member, signature in certificate.signatures:
        if member in strangers:
            return f"signer {member} does not vote"
        if not verify(member, data, signature):
            return f"signature of member {member} does not verify"
    return None


BLOCKS = "blocks"
"""Durable space: height -> Block, without gaps from 1 (everyone holds the genesis block, height 0, undisputed).

The replica writes it; cores read it at a restart."""

CERTIFICATES = "certificates"
"""Durable space: height -> Certificate, for the blocks that have one of their own."""

HEADERS = "headers"
"""Durable space: height -> Header, from 1 on, for blocks whose bodies were pruned."""
