"""Is your value mine? One party learns yes or no, the other learns nothing, and neither shows its value (row 57).

An oblivious pseudorandom function on a single value, in the group of :mod:`node.privacy.points`, verifiable as in RFC
9497: ``h`` is the owner's scalar of the session, ``r`` the asker's of the question, ``P`` hashes a value to a point.

    once       the owner publishes      key = h * B,  tag = h * P(value)
    question   the asker sends          r * P(guess)
    answer     the owner returns        h * r * P(guess), with a proof that it is the h of the key
    then       the asker takes r away:  h * P(guess)           is it the tag?

The tag is a commitment salted by ``h``, which nobody but the owner can recompute: unlike a salted hash whose salt is
handed over, it cannot be tried out against a list of possible values, since every guess takes an answer. The proof
(Chaum and Pedersen, 1992, made non-interactive) keeps the owner from saying "no" by answering with another scalar.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_sub,
    crypto_scalarmult_ed25519_base_noclamp,
)

from node.privacy.points import IntersectionError, inverse, person_point, scalar_of, times, wide

_encode = msgspec.msgpack.Encoder().encode


class Tag(msgspec.Struct, frozen=True):
    """What the owner publishes: 32 bytes each."""

    key: bytes
    tag: bytes


class Answer(msgspec.Struct, frozen=True):
    """The owner's answer, and the proof's challenge and response: 32 bytes each."""

    point: bytes
    challenge: bytes
    response: bytes


class Owner:
    """Has the value. ``secret``: 32 bytes that only this party knows."""

    def __init__(self, secret: bytes, session: str) -> None:
        self._secret = secret
        self._session = session
        self._scalar = scalar_of(wide(secret, "owner", session))

    def publish(self, value: str) -> Tag:
        """The tag of ``value``, and the key under which it was made."""
        key = crypto_scalarmult_ed25519_base_noclamp(self._scalar)
        return Tag(key=key, tag=times(self._scalar, person_point(self._session, value)))

    def answer(self, question: bytes) -> Answer:
        """IntersectionError where ``question`` is no point."""
        point = times(self._scalar, question)
        nonce = scalar_of(wide(self._secret, "proof", f"{self._session}/{question.hex()}"))
        key = crypto_scalarmult_ed25519_base_noclamp(self._scalar)
        heard = (crypto_scalarmult_ed25519_base_noclamp(nonce), times(nonce, question))
        challenge = _challenge(key, question, point, *heard)
        response = crypto_core_ed25519_scalar_sub(nonce, crypto_core_ed25519_scalar_mul(challenge, self._scalar))
        return Answer(point=point, challenge=challenge, response=response)


class Guesser:
    """Has a value of its own. ``secret`` as for the owner; ``question`` names the question, no two alike."""

    def __init__(self, secret: bytes, session: str, question: str) -> None:
        self._scalar = scalar_of(wide(secret, "guess", f"{session}/{question}"))
        self._session = session

    def ask(self, value: str) -> bytes:
        """The question: as good as random to everybody else."""
        return times(self._scalar, person_point(self._session, value))

    def is_equal(self, answer: bytes, tag: bytes) -> bool:
        """What the answer's point says. IntersectionError where it is none."""
        return times(inverse(self._scalar), answer) == tag


def is_proven(key: bytes, question: bytes, answer: Answer) -> bool:
    """Was ``answer`` made with the scalar of ``key``? IntersectionError where it holds what is no point or scalar."""
    heard = (
        crypto_core_ed25519_add(_base(answer.response), times(answer.challenge, key)),
        crypto_core_ed25519_add(times(answer.response, question), times(answer.challenge, answer.point)),
    )
    return _challenge(key, question, answer.point, *heard) == answer.challenge


def _base(scalar: bytes) -> bytes:
    """``scalar`` times the base point; IntersectionError for a scalar that is zero."""
    try:
        return crypto_scalarmult_ed25519_base_noclamp(scalar)
    except RuntimeError:
        raise IntersectionError("zero is no scalar here") from None


def _challenge(*points: bytes) -> bytes:
    return scalar_of(blake2b(_encode(("consortium/equality", *points))).digest())
