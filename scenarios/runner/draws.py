"""Draws of stage times: triangular, from integers alone, so that every machine draws the same.

A draw is keyed by seed and names, not by how many were drawn before it: leaving one out changes no other.
"""

from __future__ import annotations

from hashlib import blake2b
from math import isqrt

import msgspec

from scenarios.language.models.world import Stage

_RANGE = 1 << 48
_encode = msgspec.msgpack.Encoder().encode


def keyed_draw(seed: int, *names: str) -> int:
    """A number in [0, 2**48) that depends on ``seed`` and ``names`` alone."""
    digest = blake2b(_encode((seed, names)), digest_size=6).digest()
    return int.from_bytes(digest, "big")


def stage_ns(stage: Stage, draw: int) -> int:
    """The time of ``stage`` for ``draw`` in [0, 2**48): the inverse of the triangular distribution, rounded down.

    With F(likely) = (likely - low) / (high - low): below it low + sqrt(u (high - low) (likely - low)), above it
    high - sqrt((1 - u) (high - low) (high - likely)).
    """
    width = stage.high - stage.low
    if width == 0:
        return stage.low
    if draw * width < (stage.likely - stage.low) * _RANGE:
        return stage.low + isqrt(draw * width * (stage.likely - stage.low) // _RANGE)
    return stage.high - isqrt((_RANGE - draw) * width * (stage.high - stage.likely) // _RANGE)
