"""Genesis 创世: who takes part, and what the state holds before the first block.

A node's number is its place in ``members``; clients are found by name. The block at height 0 carries the encoded
genesis as its only transaction, so that its hash binds everything said here.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec

from consensus.chain import FORMAT_VERSION, Natural
from node.ledger.transaction import Name

Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]

_encode = msgspec.msgpack.Encoder().encode


class Member(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An organisation's node. ``verify_key`` is Ed25519, ``seal_key`` X25519; ``role`` as in "insurer"."""

    name: Name
    role: Name
    votes: bool
    verify_key: Key
    seal_key: Key


class Client(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A wallet that signs transactions: an organisation's (same name as its node) or a person's.

    ``home`` is the number of the node it talks to first.
    """

    name: Name
    role: Name
    home: Natural
    verify_key: Key
    seal_key: Key


class Genesis(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The network's constitution. ``settings`` holds, per contract, the canonical msgpack of its settings."""

    version: Natural
    network: Name
    protocol: Name
    members: tuple[Member, ...]
    clients: tuple[Client, ...]
    settings: tuple[tuple[Name, bytes], ...] = ()

    @property
    def voting(self) -> tuple[int, ...]:
        """Numbers of the members that may vote (a protocol may use fewer: see ``ProtocolEntry.voters_of``)."""
        return tuple(index for index, member in enumerate(self.members) if member.votes)

    def encode(self) -> bytes:
        return _encode(self)


def members_hash(genesis: Genesis, voters: tuple[int, ...], quorum: int) -> bytes:
    """The hash that every header names: protocol, quorum and the voters' keys, in order of number."""
    keys = tuple((index, genesis.members[index].verify_key) for index in voters)
    return sha256(_encode(("consortium/members", FORMAT_VERSION, genesis.protocol, quorum, keys))).digest()
