"""Whole numbers as a run's files hold them: what has no 64 bits was not written by this program, and is refused."""

from __future__ import annotations

from typing import Annotated

import msgspec

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

Int64 = Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)]
"""A count, or a time in nanoseconds since the run began."""


def int64(text: str) -> int:
    """The number that ``text`` writes in ASCII digits; ValueError where it is none, or has more than 64 bits."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) <= len(str(INT64_MAX)):
        number = int(text)
        if INT64_MIN <= number <= INT64_MAX:
            return number
    raise ValueError(f"{text[:40]!r} is no whole number of 64 bits")
