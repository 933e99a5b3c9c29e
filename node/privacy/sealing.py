"""Sealing: ciphertext on the chain that only its parties can read.

The content is encrypted once (XChaCha20-Poly1305) with a key of its own; that key is sealed to each party's X25519
key in libsodium's sealed-box format. Nothing is random: keys and nonces are BLAKE2b, keyed by the sender's secret,
of (purpose, record, version, recipient), so a run can be repeated bit for bit while no key serves two contents.
The record's name, version, commitments and recipients are authenticated with the content, so an envelope cannot be
moved to another record. The content is the openings of the commitments that stand beside it in the open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec
from nacl.bindings import crypto_box
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import Aead

from node.privacy.commitments import Commitments, Opening, Value, commitments_of, openings_of
from node.privacy.envelope import CONTENT_BYTES_MAX, Sealed, SealedKey

_NONCE_BYTES = 24
_KEY_BYTES = 32
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Opening, ...]).decode


def derive(secret: bytes, purpose: str, record: str, version: int = 0, recipient: str = "") -> bytes:
    """32 bytes that only the holder of ``secret`` can make, different for any other arguments."""
    return blake2b(_encode((purpose, record, version, recipient)), key=secret, digest_size=_KEY_BYTES).digest()


def seal(
    secret: bytes, record: str, fields: Mapping[str, Value], recipients: Iterable[tuple[str, bytes]], version: int = 0
) -> Sealed:
    """Commit to ``fields`` and encrypt them to ``recipients``, pairs of (name, X25519 public key).

    ``secret`` is the sender's, 32 bytes. One (record, version) must be sealed once only. ValueError: too large.
    """
    return seal_openings(secret, record, commit(secret, record, fields, version), recipients, version)


def commit(secret: bytes, record: str, fields: Mapping[str, Value], version: int = 0) -> tuple[Opening, ...]:
    """``fields`` with salts that only the holder of ``secret`` can make."""
    salts = {path: derive(secret, "salt", record, version, path).hex() for path in fields}
    return openings_of(fields, salts)


def seal_openings(
    secret: bytes, record: str, openings: tuple[Opening, ...], recipients: Iterable[tuple[str, bytes]], version: int = 0
) -> Sealed:
    """Like :func:`seal`, of what was committed to before: the same values for other parties, as the next version."""
    content = _encode(openings)
    if len(content) > CONTENT_BYTES_MAX:
        raise ValueError(f"{len(content)} bytes; an envelope holds at most {CONTENT_BYTES_MAX}")
    ordered = sorted(recipients)
    commitments = commitments_of(openings)
    content_key = derive(secret, "content-key", record, version)
    nonce = derive(secret, "content-nonce", record, version)[:_NONCE_BYTES]
    bound = _bound(record, version, commitments, tuple(name for name, _ in ordered))
    keys: list[SealedKey] = []
    for name, public in ordered:
        ephemeral = PrivateKey(derive(secret, "ephemeral-key", record, version, name))
        keys.append(SealedKey(recipient=name, sealed=_seal_key(content_key, public, ephemeral)))
    ciphertext = bytes(Aead(content_key).encrypt(content, bound, nonce))
    return Sealed(record=record, version=version, commitments=commitments, ciphertext=ciphertext, keys=tuple(keys))


def unseal(envelope: Sealed, name: str, seal_secret: bytes) -> tuple[Opening, ...] | None:
    """The openings for ``name``, who holds the X25519 ``seal_secret``.

    None where the envelope is not for them, is damaged, or says something else than its commitments.
    """
    sealed = next((key.sealed for key in envelope.keys if key.recipient == name), None)
    if sealed is None:
        return None
    bound = _bound(envelope.record, envelope.version, envelope.commitments, envelope.recipients)
    try:
        content_key = SealedBox(PrivateKey(seal_secret)).decrypt(sealed)
        openings = _decode(Aead(content_key).decrypt(envelope.ciphertext, bound))
    except (CryptoError, ValueError, TypeError, msgspec.DecodeError):
        return None
    return openings if commitments_of(openings) == envelope.commitments else None


def _bound(record: str, version: int, commitments: Commitments, recipients: tuple[str, ...]) -> bytes:
    return _encode(("consortium/envelope", record, version, commitments, recipients))


def _seal_key(content_key: bytes, public: bytes, ephemeral: PrivateKey) -> bytes:
    ephemeral_public = bytes(ephemeral.public_key)
    nonce = blake2b(ephemeral_public + public, digest_size=_NONCE_BYTES).digest()
    return ephemeral_public + crypto_box(content_key, nonce, public, bytes(ephemeral))
