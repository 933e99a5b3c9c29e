"""Certificates 证书: which key stands for which name from which height on, as the registry records it.

A client's name has a *history*: certificates in the order of their first heights, of which at most one is in force at
any height. A node's *number* binds one key for ever, so that what it once signed can be verified for ever; its
certificate says from when until when frames under that key are taken. An organisation whose node lost its key gets
another number under the same name.

Heights are block heights. ``until_height`` is exclusive, and 0 where no end is set.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from node.ledger.records import Readers, Record

NOT_YET_VALID = "key_not_yet_valid"
EXPIRED = "key_expired"
REVOKED = "key_revoked"
UNKNOWN = "key_unknown"

AUTHORITY_KEY = "authority"
"""Where the one :class:`Authority` stands in its namespace."""


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key's validity: in force at ``from_height <= height < until_height``. Keys are lower-case hex.

    ``recorded`` is the height of the block that certified it (0: the genesis). ``revoked`` says that the end was set
    by a revocation or a re-issue rather than at the certificate's beginning: such a key never comes back.
    """

    from_height: int
    until_height: int
    verify_key: str
    seal_key: str
    recorded: int = 0
    revoked: bool = False

    def standing(self, height: int) -> str | None:
        """Why this certificate is not in force at ``height``; None where it is."""
        if height < self.from_height:
            return NOT_YET_VALID
        if self.until_height == 0 or height < self.until_height:
            return None
        return REVOKED if self.revoked else EXPIRED

    def outlasts(self, height: int) -> bool:
        """Is it, without a further change, in force at ``height`` or later?"""
        return self.until_height == 0 or height < self.until_height


class ClientEntry(Record, frozen=True):
    """A wallet: its role, the number of its home node, and its history of certificates. The key is its name."""

    namespace: ClassVar[str] = "registry.clients"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    role: str
    home: int
    certificates: tuple[Certificate, ...]

    @property
    def last(self) -> Certificate:
        return self.certificates[-1]

    def in_force(self, height: int) -> Certificate | None:
        """The one certificate that holds at ``height``, or None."""
        for certificate in self.certificates:
            if certificate.standing(height) is None:
                return certificate
        return None


class MemberEntry(Record, frozen=True):
    """A node: the organisation's name and role, and its one certificate. The key is its number in decimal."""

    namespace: ClassVar[str] = "registry.members"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    name: str
    role: str
    certificate: Certificate


class Authority(Record, frozen=True):
    """Who may change the registry, and how far it has come; absent as long as nothing has changed.

    ``voters`` are the numbers of those that the last executed change of members named (the genesis' before), ascending;
    ``sequence`` is what the next change must bear; ``members`` is how many numbers are given out.
    """

    namespace: ClassVar[str] = "registry.authority"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    sequence: int
    voters: tuple[int, ...]
    members: int


RECORDS: tuple[type[Record], ...] = (ClientEntry, MemberEntry, Authority)
