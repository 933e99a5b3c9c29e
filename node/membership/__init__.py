"""Membership 成员: who is who. Keys of organisations and people, and what the genesis and the chain say of them.

The genesis names the first members and clients (:class:`Directory`); what the consortium certifies, revokes and
re-issues since stands in the state and is seen through a :class:`Registry`; :mod:`node.membership.rule` says who may
change it, :mod:`node.membership.roles` which roles there are. Keys of simulated networks are derived from one secret
per network, so that a run can be repeated exactly.
"""

from node.membership.certificates import Authority, Certificate, ClientEntry, MemberEntry
from node.membership.changes import (
    Certify,
    Order,
    OrderError,
    Reissue,
    Revoke,
    approval_bytes,
    approved,
    asks_for_members,
    decode_order,
    members_change,
)
from node.membership.directory import Directory
from node.membership.founding import Founding
from node.membership.keys import KeyRing, Keys
from node.membership.registry import Registry
from node.membership.rule import RegistryRefusal, carry_out, judge
from node.membership.signing import Ed25519Crypto, Verifier, verify

__all__ = [
    "Authority",
    "Certificate",
    "Certify",
    "ClientEntry",
    "Directory",
    "Ed25519Crypto",
    "Founding",
    "KeyRing",
    "Keys",
    "MemberEntry",
    "Order",
    "OrderError",
    "Registry",
    "RegistryRefusal",
    "Reissue",
    "Revoke",
    "Verifier",
    "approval_bytes",
    "approved",
    "asks_for_members",
    "carry_out",
    "decode_order",
    "judge",
    "members_change",
    "verify",
]
