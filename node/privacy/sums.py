"""Commitments that add up: whoever sees two of them makes the one of their sum, and reads none of the three.

Pedersen's commitment (1991) in the group of :mod:`node.privacy.points`: an amount ``v``, blinded by a scalar ``r``, is
committed to as ``v * B + r * H``. ``B`` is the group's base point; nobody knows how ``H`` is made of it, since it is a
hash's point. So ``r`` hides the amount completely, nobody can open a commitment to another amount, and the sum of
commitments is one to the sum of amounts, blinded by the sum of the blinds. Nothing is said of an amount's sign or size:
who lets a sum stand must be shown its opening, or sign each summand.

Commitments and blinds are 32 bytes, told in hex.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Annotated

import msgspec
from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_is_valid_point,
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_negate,
    crypto_core_ed25519_scalar_reduce,
    crypto_core_ed25519_sub,
    crypto_scalarmult_ed25519_base_noclamp,
)

from node.privacy.points import IntersectionError, point_of, scalar_of, times

POINT_HEX = 64
AMOUNT_END = 2**53

Hidden = Annotated[str, msgspec.Meta(min_length=POINT_HEX, max_length=POINT_HEX, pattern=r"^[0-9a-f]+\Z")]
"""A commitment, or a blind."""

NOTHING = (b"\x01" + bytes(31)).hex()
"""The sum of no commitments: the group's neutral element. No other amount of nothing looks like it."""

_BLINDING = point_of(blake2b(b"consortium/sums").digest())


def hide(amount: int, blind: str) -> str:
    """The commitment to ``amount``, of either sign. ValueError for one beyond 2^53, or a blind that is no scalar."""
    if not -AMOUNT_END < amount < AMOUNT_END:
        raise ValueError(f"{amount} cannot be committed to")
    scalar = _bytes(blind)
    try:
        point = times(scalar, _BLINDING)
    except IntersectionError:
        raise ValueError(f"{blind} is no blind") from None
    if amount:
        size = abs(amount).to_bytes(32, "little")
        of_amount = crypto_scalarmult_ed25519_base_noclamp(
            size if amount > 0 else crypto_core_ed25519_scalar_negate(size)
        )
        point = crypto_core_ed25519_add(point, of_amount)
    return point.hex()


def opens(hidden: str, amount: int, blind: str) -> bool:
    """Is ``hidden`` the commitment to ``amount`` under ``blind``?"""
    try:
        return hide(amount, blind) == hidden
    except ValueError:
        return False


def is_hidden(text: str) -> bool:
    """Is it a commitment at all: a point of prime order, in its only spelling?"""
    try:
        return crypto_core_ed25519_is_valid_point(_bytes(text))
    except ValueError:
        return False


def plus(one: str, other: str) -> str:
    """The commitment to the sum."""
    return crypto_core_ed25519_add(_bytes(one), _bytes(other)).hex()


def minus(one: str, other: str) -> str:
    """The commitment to the difference."""
    return crypto_core_ed25519_sub(_bytes(one), _bytes(other)).hex()


def blind_from(secret: str) -> str:
    """A blind from 32 secret bytes in hex."""
    return scalar_of(blake2b(_bytes(secret), person=b"consortium/sums").digest()).hex()


def sum_of_blinds(blinds: Iterable[str]) -> str:
    """What the sum of commitments is blinded by."""
    total = bytes(32)
    for blind in blinds:
        total = crypto_core_ed25519_scalar_add(total, _bytes(blind))
    return crypto_core_ed25519_scalar_reduce(total + bytes(32)).hex()


def minus_blind(blind: str) -> str:
    """The blind of the same commitment subtracted."""
    return crypto_core_ed25519_scalar_negate(_bytes(blind)).hex()


def _bytes(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != POINT_HEX // 2:
        raise ValueError(f"{len(raw)} bytes are neither a commitment nor a blind")
    return raw
