"""Modelled signatures: keyed BLAKE2b instead of Ed25519, a hundred times cheaper and as hard to forge *here*.

Each member's secret is derived from the world's seed; a :class:`ModelCrypto` holds the secret of its own node and
verifies others through the shared :class:`Notary`. A machine reaches no secret but its own through the interface
of :class:`consensus.protocols.Crypto`, so in a simulation nobody signs for anybody else.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest

from consensus.vocabulary import NodeId

SIGNATURE_BYTES = 64
REMEMBERED = 1 << 15
"""How many verdicts are remembered: several decisions' worth at 256 nodes."""


class Notary:
    """Knows every member's secret, and so can tell whose signature a signature is."""

    def __init__(self, seed: int, members: int) -> None:
        self._secrets = [
            blake2b(f"{seed}/{member}".encode(), person=b"model secret").digest() for member in range(members)
        ]
        self.verify = lru_cache(maxsize=REMEMBERED)(self._verify)
        """``verify(member, data, signature)``: did ``member`` sign ``data``? What many ask is computed once."""

    def sign(self, member: NodeId, data: bytes) -> bytes:
        """The signature of ``member`` over ``data``: 64 bytes, the same each time."""
        return blake2b(data, key=self._secrets[member], digest_size=SIGNATURE_BYTES).digest()

    def _verify(self, member: NodeId, data: bytes, signature: bytes) -> bool:
        return 0 <= member < len(self._secrets) and compare_digest(self.sign(member, data), signature)


class ModelCrypto:
    """:class:`consensus.protocols.Crypto` of one node."""

    def __init__(self, notary: Notary, me: NodeId) -> None:
        self._notary = notary
        self._me = me
        self.verify = notary.verify  # no node of its own matters there

    def sign(self, data: bytes) -> bytes:
        return self._notary.sign(self._me, data)
