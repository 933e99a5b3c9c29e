"""The directory: public keys and roles by name and by number, as the genesis states them."""

from __future__ import annotations

from functools import cached_property

from network.topics import WALLET_PREFIX
from node.ledger.genesis import Client, Genesis, Member
from node.membership.founding import Founding


class Directory:
    """Looks up members (nodes) and clients (wallets) of a genesis. Immutable.

    Who was certified or revoked since stands in :class:`node.membership.registry.Registry`.
    """

    def __init__(self, genesis: Genesis) -> None:
        self.genesis = genesis
        self._numbers = {member.name: number for number, member in enumerate(genesis.members)}
        self._clients = {client.name: client for client in genesis.clients}

    @cached_property
    def founding(self) -> Founding:
        """The same, in the registry's terms."""
        return Founding(self.genesis)

    @property
    def network(self) -> str:
        return self.genesis.network

    def member(self, number: int) -> Member:
        return self.genesis.members[number]

    def number(self, name: str) -> int | None:
        """The number of the node of that name."""
        return self._numbers.get(name)

    def client(self, name: str) -> Client | None:
        return self._clients.get(name)

    def role(self, name: str) -> str | None:
        """The role of a wallet: "insurer", "hospital", "patient" ..."""
        client = self._clients.get(name)
        return client.role if client else None

    def client_key(self, name: str) -> bytes | None:
        """The Ed25519 key that verifies a wallet's signatures."""
        client = self._clients.get(name)
        return client.verify_key if client else None

    def seal_key(self, name: str) -> bytes | None:
        """The X25519 key that a payload for this wallet is sealed to."""
        client = self._clients.get(name)
        return client.seal_key if client else None

    def member_key(self, number: int) -> bytes | None:
        """The Ed25519 key that verifies a node's votes and frames."""
        members = self.genesis.members
        return members[number].verify_key if 0 <= number < len(members) else None

    def frame_key(self, sender: str) -> bytes | None:
        """The key that a frame of ``sender`` must bear: a member's before a wallet's; None for a stranger."""
        number = self.number(sender)
        if number is not None:
            return self.member_key(number)
        return self.client_key(sender.removeprefix(WALLET_PREFIX)) if sender.startswith(WALLET_PREFIX) else None
