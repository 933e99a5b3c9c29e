"""Key pairs: Ed25519 for signing (RFC 8032), X25519 for sealing (RFC 7748), derived deterministically.

A key's seed is BLAKE2b keyed by the network's secret over (purpose, name): the same scenario and seed give the
same keys on every machine, which virtual mode needs, and a run's keys are worth nothing outside the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from hashlib import blake2b

from nacl.public import PrivateKey
from nacl.signing import SigningKey

GENERATIONS_MAX = 64
"""How often a name may lose its keys in one simulated network."""


class Keys:
    """One name's secrets."""

    def __init__(self, sign_seed: bytes, seal_seed: bytes) -> None:
        self._sign_seed = sign_seed
        self._seal_seed = seal_seed

    @cached_property
    def _signing_key(self) -> SigningKey:
        return SigningKey(self._sign_seed)

    @property
    def sign_seed(self) -> bytes:
        """The 32-byte Ed25519 seed: secret."""
        return self._sign_seed

    @property
    def seal_secret(self) -> bytes:
        """The 32-byte X25519 secret."""
        return self._seal_seed

    @cached_property
    def verify_key(self) -> bytes:
        return bytes(self._signing_key.verify_key)

    @cached_property
    def seal_key(self) -> bytes:
        return bytes(PrivateKey(self._seal_seed).public_key)

    def sign(self, data: bytes) -> bytes:
        """A 64-byte Ed25519 signature."""
        return self._signing_key.sign(data).signature


class KeyRing:
    """The secrets of everyone in one run; only the runner and the wallets hold more than their own."""

    def __init__(self, keys: dict[str, Keys], secret: bytes) -> None:
        self._keys = keys
        self._secret = secret

    @classmethod
    def derive(cls, seed: int, names: Iterable[str]) -> KeyRing:
        """Keys for ``names``, from the run's seed."""
        secret = blake2b(f"consortium/network/{seed}".encode(), digest_size=32).digest()
        return cls({name: cls._derive_one(secret, name) for name in names}, secret)

    @staticmethod
    def _derive_one(secret: bytes, name: str) -> Keys:
        def seed(purpose: str) -> bytes:
            return blake2b(f"{purpose}/{name}".encode(), key=secret, digest_size=32).digest()

        return Keys(seed("sign"), seed("seal"))

    def generation(self, name: str, number: int) -> Keys:
        """The keys that ``name`` has at first (1), or gets when it has lost ``number - 1`` before: for any name."""
        if number == 1:
            return self._keys.get(name) or self._derive_one(self._secret, name)
        return self._derive_one(self._secret, f"{name}/{number}")

    def generation_of(self, name: str, verify_key: bytes) -> int:
        """Which of the keys of ``name`` that is; ValueError where it is none of the first :data:`GENERATIONS_MAX`."""
        for number in range(1, GENERATIONS_MAX + 1):
            if self.generation(name, number).verify_key == verify_key:
                return number
        raise ValueError(f"{name} has no such key")

    def __getitem__(self, name: str) -> Keys:
        return self._keys[name]

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def names(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def sign(self, name: str) -> Callable[[bytes], bytes]:
        return self._keys[name].sign

    def verify_key(self, name: str) -> bytes:
        return self._keys[name].verify_key

    def seal_key(self, name: str) -> bytes:
        return self._keys[name].seal_key

    def seal_secret(self, name: str) -> bytes:
        return self._keys[name].seal_secret

    def secret(self, purpose: str) -> bytes:
        """32 bytes bound to ``purpose``, for tokens and salts that one party keeps to itself."""
        return blake2b(f"secret/{purpose}".encode(), key=self._secret, digest_size=32).digest()
