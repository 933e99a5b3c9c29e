"""Tokens that only one party can make, and by which others tell nothing but that two are the same."""

from __future__ import annotations

from hashlib import blake2b

from node.membership import KeyRing


def keyed_token(keyring: KeyRing, owner: str, purpose: str, value: str) -> str:
    """A token that only ``owner`` can make: BLAKE2b keyed by a secret of its own, 32 bytes in hex."""
    return blake2b(value.encode(), key=keyring.secret(f"{owner}/{purpose}"), digest_size=32).hexdigest()


def pseudonym(keyring: KeyRing, bureau: str, identity: str) -> str:
    """The token by which the chain knows a person, keyed by the bureau."""
    return keyed_token(keyring, bureau, "pseudonyms", identity)
