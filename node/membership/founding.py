"""What a genesis says of identities, in the registry's own terms: what stands until the chain says otherwise."""

from __future__ import annotations

from functools import cached_property

from consensus.protocols import ProtocolEntry, protocol
from node.ledger.genesis import Genesis, electorate
from node.membership.certificates import Authority, Certificate, ClientEntry, MemberEntry


class Founding:
    """The genesis, looked up by name and by number. Immutable."""

    def __init__(self, genesis: Genesis) -> None:
        self.genesis = genesis
        self._clients = {client.name: client for client in genesis.clients}
        self._entries: dict[str, ClientEntry] = {}
        self._members = tuple(
            MemberEntry(member.name, member.role, _certificate(member.verify_key, member.seal_key))
            for member in genesis.members
        )

    @property
    def network(self) -> str:
        return self.genesis.network

    @cached_property
    def protocol(self) -> ProtocolEntry:
        """The protocol that decides here; KeyError where there is none such."""
        return protocol(self.genesis.protocol)

    @cached_property
    def authority(self) -> Authority:
        """Who may change the registry at first: the voters that the protocol picks."""
        return Authority(sequence=0, voters=electorate(self.genesis).voters, members=len(self.genesis.members))

    def role(self, name: str) -> str | None:
        client = self._clients.get(name)
        return client.role if client is not None else None

    def client(self, name: str) -> ClientEntry | None:
        """A wallet of the genesis, its one key in force from the beginning and without end."""
        entry = self._entries.get(name)
        if entry is None and (client := self._clients.get(name)) is not None:
            entry = ClientEntry(client.role, client.home, (_certificate(client.verify_key, client.seal_key),))
            self._entries[name] = entry
        return entry

    def member(self, number: int) -> MemberEntry | None:
        """A node of the genesis; None beyond its list."""
        return self._members[number] if 0 <= number < len(self._members) else None


def _certificate(verify_key: bytes, seal_key: bytes) -> Certificate:
    return Certificate(0, 0, verify_key.hex(), seal_key.hex())
