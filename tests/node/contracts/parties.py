"""What contract tests seal with: one secret for everyone, keys made up by name."""

from __future__ import annotations

from nacl.public import PrivateKey

from node.privacy import seal

SENDER = b"s" * 32


def public(name):
    return bytes(PrivateKey(name.encode().ljust(32, b".")).public_key)


def sealed(record, fields, parties):
    return seal(SENDER, record, fields, [(name, public(name)) for name in parties])
