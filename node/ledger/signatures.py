"""Verifying Ed25519 with libsodium, for those who audit: no cache, no identity, nothing to trust but the key."""

from __future__ import annotations

from collections.abc import Callable

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

Verify = Callable[[bytes, bytes], bool]
"""(data, signature) -> whether the key's holder signed the data. Never raises, whatever the bytes."""


def verifier(key: bytes) -> Verify:
    """What verifies signatures by the public key of 32 bytes."""
    verify_key = VerifyKey(key)

    def verify(data: bytes, signature: bytes) -> bool:
        try:
            verify_key.verify(data, signature)
        except (BadSignatureError, ValueError):
            return False
        return True

    return verify


class Verifying:
    """Verifies by any key, and keeps each key ready for the next signature."""

    def __init__(self) -> None:
        self._keys: dict[bytes, Verify | None] = {}

    def __call__(self, key: bytes, data: bytes, signature: bytes) -> bool:
        """Did the holder of ``key`` sign ``data``? False where those 32 bytes are no key."""
        if key not in self._keys:
            try:
                self._keys[key] = verifier(key)
            except ValueError:
                self._keys[key] = None
        verify = self._keys[key]
        return verify is not None and verify(data, signature)
