"""Commitments 承诺: every field of a sealed payload is bound by a salted hash of its own.

The chain holds (path, digest) pairs; the value and its salt travel sealed. A party can later open one field to a
contract or an arbiter without showing its neighbours, and nobody can guess a value from its digest, since the salt
is 32 secret bytes. ``path`` names a field and its part: "visit/diagnosis", "itemised_list/03/charge".
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated

import msgspec

PATH_CHARACTERS_MAX = 96
FIELDS_MAX = 128

_encode = msgspec.msgpack.Encoder().encode

Scalar = Annotated[int, msgspec.Meta(gt=-(2**53), lt=2**53)] | Annotated[str, msgspec.Meta(max_length=2048)] | None
Value = Scalar | Annotated[tuple[Scalar, ...], msgspec.Meta(max_length=64)]
"""What a field may hold: whole numbers, text, nothing, or a short list of these."""

Path = Annotated[str, msgspec.Meta(min_length=1, max_length=PATH_CHARACTERS_MAX, pattern=r"^[a-z0-9][a-z0-9._/-]*\Z")]
Hex32 = Annotated[str, msgspec.Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]+\Z")]

Commitments = tuple[tuple[str, str], ...]
"""(path, digest in hex), ascending by path: what the chain knows of a sealed payload."""


class Opening(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A field shown: its path, value and salt (32 bytes in hex)."""

    path: Path
    value: Value
    salt: Hex32

    @property
    def digest(self) -> str:
        return commitment(self.path, self.value, self.salt)


def commitment(path: str, value: Value, salt: str) -> str:
    """SHA-256 of msgpack ``["consortium/commitment", path, value, salt]``, in hex."""
    return sha256(_encode(("consortium/commitment", path, value, salt))).hexdigest()


def openings_of(fields: Mapping[str, Value], salts: Mapping[str, str]) -> tuple[Opening, ...]:
    """The openings of ``fields``, ascending by path, each with the salt of its path."""
    return tuple(Opening(path=path, value=fields[path], salt=salts[path]) for path in sorted(fields))


def commitments_of(openings: tuple[Opening, ...]) -> Commitments:
    """The (path, digest) pairs of openings, in their order."""
    return tuple((opening.path, opening.digest) for opening in openings)


def is_committed(commitments: Commitments, opening: Opening) -> bool:
    """Is this the very value that was committed to under its path?"""
    return (opening.path, opening.digest) in commitments


def field_names(commitments: Commitments) -> tuple[str, ...]:
    """The fields themselves, without their parts, ascending and each once."""
    return tuple(sorted({path.partition("/")[0] for path, _ in commitments}))
