"""The registry 名册: who is who at which height, as a pure view of the genesis and of what the chain has changed since.

What a genesis says of clients and members stands until a record of the state says otherwise, so a chain on which
nobody was certified or revoked holds no record of the registry at all. :mod:`node.membership.rule` says who may change
what. Neither needs contracts: an auditor who keeps the records in a dictionary sees the same.
"""

from __future__ import annotations

from collections.abc import Callable

from node.ledger.genesis import Genesis
from node.ledger.records import Record
from node.membership.certificates import AUTHORITY_KEY, UNKNOWN, Authority, Certificate, ClientEntry, MemberEntry
from node.membership.founding import Founding

Get = Callable[[str, str], Record | None]
"""(namespace, key) -> the record in the state, as :meth:`node.ledger.state_tree.StateTree.get`."""


def nothing_changed(_namespace: str, _key: str) -> Record | None:
    """The state of a chain that has changed no identity."""
    return None


class Registry:
    """A view of one state. Cheap to make: it looks things up when it is asked, and remembers nothing."""

    def __init__(self, founding: Founding, get: Get = nothing_changed) -> None:
        self.founding = founding
        self._get = get

    @classmethod
    def of(cls, genesis: Genesis, get: Get = nothing_changed) -> Registry:
        """The registry of a genesis and a state (``tree.get``); without one, as the genesis has it."""
        return cls(Founding(genesis), get)

    # --- clients

    def client(self, name: str) -> ClientEntry | None:
        """Role, home and every certificate of a wallet; None for a stranger."""
        found = self._get(ClientEntry.namespace, name)
        return found if isinstance(found, ClientEntry) else self.founding.client(name)

    def changed(self, name: str) -> bool:
        """Does the state say anything of that client, or is all as the genesis has it?"""
        return self._get(ClientEntry.namespace, name) is not None

    def role(self, name: str) -> str | None:
        """The role of a wallet, whether or not a key of it is in force: a role is for good."""
        founding = self.founding.role(name)
        if founding is not None:
            return founding
        entry = self.client(name)
        return entry.role if entry is not None else None

    def certificate_at(self, name: str, height: int) -> Certificate | None:
        """The client's certificate in force at ``height``, as far as this state knows."""
        entry = self.client(name)
        return entry.in_force(height) if entry is not None else None

    def client_key_at(self, name: str, height: int) -> bytes | None:
        """The Ed25519 key in force at ``height``; None where there is none."""
        certificate = self.certificate_at(name, height)
        return bytes.fromhex(certificate.verify_key) if certificate is not None else None

    def seal_key_at(self, name: str, height: int) -> bytes | None:
        """The X25519 key in force at ``height``; None where there is none."""
        certificate = self.certificate_at(name, height)
        return bytes.fromhex(certificate.seal_key) if certificate is not None else None

    def client_keys(self, name: str, as_of: int | None = None) -> tuple[bytes, ...]:
        """Every verify key ever certified for a wallet, in order, each once; () for a stranger.

        With ``as_of``, those alone that blocks up to that height had certified: what the registry as after that height
        says, asked of a later one.
        """
        entry = self.client(name)
        certificates = entry.certificates if entry is not None else ()
        known = [c.verify_key for c in certificates if as_of is None or c.recorded <= as_of]
        return tuple(bytes.fromhex(key) for key in dict.fromkeys(known))

    def standing(self, name: str, key: bytes, height: int) -> str | None:
        """Why ``key`` does not speak for the wallet at ``height``: "key_revoked", "key_expired", ...; None: it does."""
        entry = self.client(name)
        mine = [c for c in entry.certificates if c.verify_key == key.hex()] if entry is not None else []
        reasons = [certificate.standing(height) for certificate in mine]
        if None in reasons:
            return None
        return reasons[-1] if reasons else UNKNOWN

    # --- members

    @property
    def authority(self) -> Authority:
        """Sequence, voters and number of members, as of now."""
        found = self._get(Authority.namespace, AUTHORITY_KEY)
        return found if isinstance(found, Authority) else self.founding.authority

    @property
    def sequence(self) -> int:
        """What the next change must bear."""
        return self.authority.sequence

    @property
    def voters(self) -> tuple[int, ...]:
        """The numbers of those who allow changes, ascending: as the last executed change of members named them."""
        return self.authority.voters

    @property
    def quorum(self) -> int:
        """How many of :attr:`voters` must sign a change: the protocol's own quorum."""
        return self.founding.protocol.quorum(len(self.voters))

    @property
    def member_count(self) -> int:
        """How many numbers are given out: 0 to this less one."""
        return self.authority.members

    def member(self, number: int) -> MemberEntry | None:
        """The node of that number; None where none is certified yet."""
        found = self._get(MemberEntry.namespace, str(number))
        return found if isinstance(found, MemberEntry) else self.founding.member(number)

    def member_key(self, number: int) -> bytes | None:
        """The Ed25519 key that this number binds, for ever: revoked or not, since what it signed stays signed."""
        entry = self.member(number)
        return bytes.fromhex(entry.certificate.verify_key) if entry is not None else None

    def member_names(self) -> tuple[str, ...]:
        """The name of each number; an organisation whose key was re-issued stands there more than once."""
        entries = (self.member(number) for number in range(self.member_count))
        return tuple(entry.name for entry in entries if entry is not None)

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """The numbers that an organisation's node has or had, ascending."""
        return tuple(number for number, its in enumerate(self.member_names()) if its == name)
