"""Real signatures behind :class:`consensus.protocols.Crypto`: Ed25519 by libsodium."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from consensus.vocabulary import NodeId
from node.membership.directory import Directory

VERIFIED_MAX = 50_000
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


def verify(key: bytes, data: bytes, signature: bytes) -> bool:
    """Did the holder of ``key`` sign ``data``? False for anything malformed. Remembers nothing: see Verifier."""
    if len(key) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(key).verify(data, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


class Verifier:
    """Verifies Ed25519 signatures and remembers the good ones, so that nothing is verified twice.

    One may be shared by every replica of a virtual world: what a signature proves does not depend on who asks.
    What is remembered is a hash of key, signature and data, so that memory is bounded however large the data.

    Where each replica is to remember, and pay, for itself, each has one of its own that asks the one they share
    (``answers``): then it is known what each checks, and still every signature is computed once.
    """

    def __init__(self, answers: Verifier | None = None) -> None:
        self.checked = 0
        """How many signatures were checked, good or bad: neither malformed nor remembered ones."""
        self._answers = answers
        self._keys: dict[bytes, VerifyKey | None] = {}
        self._good: dict[bytes, None] = {}

    def verify(self, key: bytes, data: bytes, signature: bytes) -> bool:
        """Did the holder of ``key`` sign ``data``? False for anything malformed."""
        if len(key) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
            return False
        fact = sha256(key + signature + data).digest()  # key and signature have one length: no two facts share this
        if fact in self._good:
            return True
        self.checked += 1
        check = self._check if self._answers is None else self._answers.verify
        if not check(key, data, signature):
            return False
        if len(self._good) >= VERIFIED_MAX:
            self._good.clear()
        self._good[fact] = None
        return True

    def _check(self, key: bytes, data: bytes, signature: bytes) -> bool:
        verify_key = self._verify_key(key)
        if verify_key is None:
            return False
        try:
            verify_key.verify(data, signature)
        except (BadSignatureError, ValueError):
            return False
        return True

    def _verify_key(self, key: bytes) -> VerifyKey | None:
        if key not in self._keys:
            try:
                self._keys[key] = VerifyKey(key)
            except ValueError:
                self._keys[key] = None
        return self._keys[key]


def _nobody(_member: NodeId) -> bytes | None:
    return None


class Ed25519Crypto:
    """Signs as one node, verifies any member: those of the genesis, and those certified since (:meth:`follow`)."""

    def __init__(self, directory: Directory, sign: Callable[[bytes], bytes], verifier: Verifier | None = None) -> None:
        self._directory = directory
        self._sign = sign
        self._verifier = verifier or Verifier()
        self._certified: Callable[[NodeId], bytes | None] = _nobody

    def follow(self, certified: Callable[[NodeId], bytes | None]) -> None:
        """``certified`` gives the key of a member that the genesis does not name, as far as its holder's chain goes."""
        self._certified = certified

    def sign(self, data: bytes) -> bytes:
        return self._sign(data)

    def verify(self, member: NodeId, data: bytes, signature: bytes) -> bool:
        key = self._directory.member_key(member) or self._certified(member)
        return key is not None and self._verifier.verify(key, data, signature)
