"""The group of the private queries: the points of edwards25519 of prime order, by libsodium, and people as points."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

import msgspec
from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_from_uniform,
    crypto_core_ed25519_scalar_invert,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_noclamp,
)

POINT_BYTES = 32

Point = Annotated[bytes, msgspec.Meta(min_length=POINT_BYTES, max_length=POINT_BYTES)]

_encode = msgspec.msgpack.Encoder().encode


class IntersectionError(ValueError):
    """The other party's message is not one of the protocol; the message says why. Nothing was computed from it."""


def person_point(session: str, person: str) -> bytes:
    """The point that a person is in a session, of unknown logarithm: the sum of two Elligator 2 maps, as in RFC 9380.

    The maps' inputs are the halves of BLAKE2b-512 over msgpack ``["consortium/psi", session, person]``; libsodium
    clears the cofactor. (RFC 9380 reduces longer hashes modulo the field's prime; that bias of 2^-250 is not worth its
    own field arithmetic.)
    """
    return point_of(blake2b(_encode(("consortium/psi", session, person))).digest())


def point_of(uniform: bytes) -> bytes:
    """The point of 64 uniform bytes."""
    halves = (crypto_core_ed25519_from_uniform(half) for half in (uniform[:POINT_BYTES], uniform[POINT_BYTES:]))
    return crypto_core_ed25519_add(*halves)


def scalar_of(uniform: bytes) -> bytes:
    """The scalar of 64 uniform bytes."""
    return crypto_core_ed25519_scalar_reduce(uniform)


def inverse(scalar: bytes) -> bytes:
    """What undoes :func:`times`."""
    return crypto_core_ed25519_scalar_invert(scalar)


def wide(secret: bytes, purpose: str, session: str, place: int = 0) -> bytes:
    """64 bytes that only the holder of ``secret`` can make, others for any other arguments."""
    return blake2b(_encode(("consortium/psi", purpose, session, place)), key=secret).digest()


def times(scalar: bytes, point: bytes) -> bytes:
    """``scalar`` times a point of the prime-order subgroup in canonical form; IntersectionError for any other bytes.

    Libsodium multiplies no others. Points of small order would betray the scalar modulo that order, and other spellings
    of a point would be compared as if they were other people.
    """
    if len(point) != POINT_BYTES:
        raise IntersectionError(f"{len(point)} bytes are no point of the group")
    try:
        return crypto_scalarmult_ed25519_noclamp(scalar, point)
    except RuntimeError:
        raise IntersectionError(f"{point.hex()} is no point of the group") from None
