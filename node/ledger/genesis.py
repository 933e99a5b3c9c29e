"""Genesis 创世: who takes part, and what the state holds before the first block.

A node's number is its place in ``members``; clients are found by name. The block at height 0 carries the encoded
genesis as its only transaction, so that its hash binds everything said here.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated

import msgspec

from consensus.chain import FORMAT_VERSION, Natural
from consensus.configuration import Configuration
from consensus.protocols import protocol
from node.ledger.transaction import Name

VOUCHING_PROTOCOLS = ("raft",)
"""Where a block may stand without a certificate of its own (Raft paper, section 5.4.2: commitment by ancestors)."""

OWN_ROUND_PROTOCOLS = ("solo", "raft")
"""Where a certificate is of the very round in which its block was proposed.

Elsewhere, as under PBFT, a block may be decided in a later one: a new view takes over what an earlier one prepared.
Under Raft a later term's signatures would prove nothing (section 5.4.2; :mod:`consensus.raft.certificates`).
"""

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


def members_hash(
    protocol: str, quorum: Callable[[int], int], configuration: Configuration, key_of: Callable[[int], bytes]
) -> bytes:
    """What headers name: protocol, quorum and the voters' keys, in order of number; of both sets, if there are two.

    Learners are sent the chain and asked for nothing, so they are not named. ``key_of``: a node's verify key.
    """
    named: tuple[object, ...] = ("consortium/members", FORMAT_VERSION, protocol)
    for voters in (configuration.voters, configuration.outgoing) if configuration.joint else (configuration.voters,):
        named += (quorum(len(voters)), tuple((number, key_of(number)) for number in voters))
    return sha256(_encode(named)).digest()


class Electorate(msgspec.Struct, frozen=True):
    """Who decides blocks under a genesis: ``voters`` ascend, ``quorum`` of them make a certificate."""

    voters: tuple[int, ...]
    quorum: int
    members_hash: bytes


def electorate(genesis: Genesis) -> Electorate:
    """The voters that the genesis' protocol picks; KeyError where no such protocol is registered."""
    entry = protocol(genesis.protocol)
    voters = entry.voters_of(genesis.voting)
    configuration = Configuration(voters=voters)
    named = members_hash(genesis.protocol, entry.quorum, configuration, lambda n: genesis.members[n].verify_key)
    return Electorate(voters=voters, quorum=entry.quorum(len(voters)), members_hash=named)


class GenesisError(Exception):
    """These bytes are no acceptable genesis; the message says why."""


_decode = msgspec.msgpack.Decoder(Genesis).decode


def decode_genesis(raw: bytes) -> Genesis:
    """The genesis in ``raw``; GenesisError where the bytes are not its canonical encoding or contradict themselves."""
    try:
        genesis = _decode(raw)
    except (ValueError, RecursionError) as error:  # msgspec's own, and UnicodeDecodeError for broken text
        raise GenesisError(f"does not decode: {error}") from None
    if genesis.encode() != raw:
        raise GenesisError("not the canonical encoding")
    if genesis.version != FORMAT_VERSION:
        raise GenesisError(f"format version {genesis.version}; this is version {FORMAT_VERSION}")
    if not genesis.voting:
        raise GenesisError("no member votes")
    parts: tuple[tuple[str, list[str] | list[bytes]], ...] = (
        ("member", [member.name for member in genesis.members]),
        ("client", [client.name for client in genesis.clients]),
        ("key of members", [member.verify_key for member in genesis.members]),
        ("contract", [name for name, _ in genesis.settings]),
    )
    for what, names in parts:
        if len(dict.fromkeys(names)) != len(names):
            raise GenesisError(f"names one {what} twice")
    if any(client.home >= len(genesis.members) for client in genesis.clients):
        raise GenesisError("a client's home is no member")
    return genesis
