"""Keys at rest: a file that holds one party's secrets, sealed under a passphrase.

The passphrase is stretched by argon2id (RFC 9106) into the key of an XSalsa20-Poly1305 box (libsodium's secretbox).
What is public of a key, and whose it is, stands beside the box in the open and once more inside, so that nobody can
put another name on it. A checksum over the box tells a damaged file from a wrong passphrase.

Without a passphrase (``--insecure-no-passphrase``) the secrets stand in the file as they are, for trying things out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random as random_bytes

from node.ledger.transaction import Name
from node.membership import Keys

PASSPHRASE_LENGTH_MIN = 8
FILE_BYTES_MAX = 64 * 1024
_MIB = 1024 * 1024
_CHECK_BYTES = 16

Passphrase = Callable[[Path], bytes]
"""Gives the passphrase of a key file, or raises; it is called for sealed files only."""


class KeyFileError(Exception):
    """The key file cannot be used; the message names it, what is wrong and what helps."""


class KdfCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one guess at a passphrase costs; the default is the second choice of RFC 9106, section 4: 0.1 to 0.2 s.

    The upper bounds keep a file that somebody has tampered with from taking the machine's memory or an hour.
    """

    operations: Annotated[int, msgspec.Meta(ge=pwhash.argon2id.OPSLIMIT_MIN, le=64)] = 3
    memory_bytes: Annotated[int, msgspec.Meta(ge=pwhash.argon2id.MEMLIMIT_MIN, le=1024 * _MIB)] = 64 * _MIB


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What a party keeps to itself: 32-byte seeds, and the password of its TLS key. None: it has no such key."""

    sign_seed: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)] | None = None
    seal_secret: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)] | None = None
    tls_password: Annotated[str, msgspec.Meta(max_length=128)] | None = None

    def keys(self) -> Keys:
        """Its pair of key pairs; ValueError where it has not both."""
        if self.sign_seed is None or self.seal_secret is None:
            raise ValueError("there are no keys for signing and sealing here")
        return Keys(self.sign_seed, self.seal_secret)


class _Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sealed part; ``check`` is BLAKE2b of the rest."""

    kdf: Literal["argon2id"]
    cost: KdfCost
    salt: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    box: bytes
    check: bytes

    def checksum(self) -> bytes:
        data = _pack((self.cost, self.salt, self.box))
        return blake2b(data, digest_size=_CHECK_BYTES, person=b"consortium/keys").digest()


class _Public(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose keys these are. Keys are hexadecimal, as people compare them; empty where there are none."""

    owner: Name
    verify_key: str = ""
    seal_key: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format: Literal["consortium/keys/1"]
    public: _Public
    sealed: _Box | None = None
    unsealed: Secrets | None = None


_pack = msgspec.msgpack.Encoder().encode


def write_keys(path: Path, owner: str, secrets: Secrets, passphrase: bytes | None, cost: KdfCost | None = None) -> None:
    """Write a new key file, mode 0600. FileExistsError where there is one: keys are never overwritten.

    ``passphrase`` None leaves the secrets in the open.
    """
    public = _public(owner, secrets)
    if passphrase is None:
        file = _File("consortium/keys/1", public, unsealed=secrets)
    else:
        file = _File("consortium/keys/1", public, sealed=_seal(public, secrets, passphrase, cost or KdfCost()))
    write_private(path, msgspec.json.format(msgspec.json.encode(file)) + b"\n")


def read_keys(path: Path, passphrase: Passphrase) -> tuple[str, Secrets]:
    """(owner, secrets) of a key file; KeyFileError says what is wrong with it."""
    file = _read(path)
    if file.unsealed is not None:
        secrets = file.unsealed
    elif file.sealed is not None:
        public, secrets = _open(path, file.sealed, passphrase(path))
        if public != file.public:
            raise _damaged(path, "its open part does not belong to its sealed part")
    else:
        raise _damaged(path, "it holds no keys")
    if _public(file.public.owner, secrets) != file.public:
        raise _damaged(path, "its public keys are not those of its secrets")
    return file.public.owner, secrets


def reseal(path: Path, old: Passphrase, new: Callable[[], bytes], cost: KdfCost | None = None) -> str:
    """Seal a key file under another passphrase, in one step: the file is the old one or the new one. Whose it is.

    Copies made before still open with the old passphrase.
    """
    owner, secrets = read_keys(path, old)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    write_keys(beside, owner, secrets, new(), cost)
    beside.replace(path)
    return owner


def is_sealed(path: Path) -> bool:
    """Does it take a passphrase to open this file?"""
    return _read(path).sealed is not None


def write_private(path: Path, data: bytes) -> None:
    """A new file that only its owner reads (0600 from its first moment); FileExistsError where there is one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _public(owner: str, secrets: Secrets) -> _Public:
    if secrets.sign_seed is None or secrets.seal_secret is None:
        return _Public(owner)
    keys = secrets.keys()
    return _Public(owner, keys.verify_key.hex(), keys.seal_key.hex())


def _seal(public: _Public, secrets: Secrets, passphrase: bytes, cost: KdfCost) -> _Box:
    salt = random_bytes(pwhash.argon2id.SALTBYTES)
    box = bytes(SecretBox(_stretch(passphrase, salt, cost)).encrypt(_pack((public, secrets))))
    sealed = _Box("argon2id", cost, salt, box, b"")
    return msgspec.structs.replace(sealed, check=sealed.checksum())


def _open(path: Path, sealed: _Box, passphrase: bytes) -> tuple[_Public, Secrets]:
    if sealed.check != sealed.checksum():
        raise _damaged(path, "its checksum is wrong")
    try:
        plain = SecretBox(_stretch(passphrase, sealed.salt, sealed.cost)).decrypt(sealed.box)
        return msgspec.msgpack.decode(plain, type=tuple[_Public, Secrets])
    except CryptoError:
        raise KeyFileError(
            f"{path}: this is not its passphrase; try again. A passphrase that is lost cannot be found out: have the "
            "consortium issue a new key"
        ) from None
    except (ValueError, RecursionError):
        raise _damaged(path, "what was sealed are no keys") from None


def _stretch(passphrase: bytes, salt: bytes, cost: KdfCost) -> bytes:
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE, passphrase, salt, opslimit=cost.operations, memlimit=cost.memory_bytes
    )


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > FILE_BYTES_MAX:
        raise _damaged(path, f"it is larger than {FILE_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(raw, type=_File)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, what: str) -> KeyFileError:
    return KeyFileError(
        f"{path}: is no sound key file: {what}. Restore it from a copy, or have the consortium issue a new key"
    )
