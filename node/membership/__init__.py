"""Membership 成员: who is who. Keys of organisations and people, and the directory that a genesis gives.

Keys are derived from one secret per network, so that a run can be repeated exactly. Certificates, revocation and
onboarding build on this room.
"""

from node.membership.directory import Directory
from node.membership.keys import KeyRing, Keys
from node.membership.signing import Ed25519Crypto, Verifier

__all__ = ["Directory", "Ed25519Crypto", "KeyRing", "Keys", "Verifier"]
