"""Types of the fields that arguments and records are made of: integers, text, hashes in hex. All are bounded.

Amounts are integer fen 分 (1 CNY = 100 fen), shares are integer parts per million, times are milliseconds of
business time since 1970-01-01T00:00Z.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, inspect

from node.ledger.records import Readers, Record
from node.ledger.transaction import Name

AMOUNT_END = 2**53
MILLION = 1_000_000

UNIT = "unit"
"""What an integer or a text of arguments counts or names, in its type's ``Meta.extra``: whoever writes it for people
knows by this how."""

Fen = Annotated[int, Meta(ge=0, lt=AMOUNT_END, extra={UNIT: "fen"})]
"""An amount that is not negative, in fen."""

PositiveFen = Annotated[int, Meta(ge=1, lt=AMOUNT_END, extra={UNIT: "fen"})]
"""An amount above nothing, in fen."""

SignedFen = Annotated[int, Meta(gt=-AMOUNT_END, lt=AMOUNT_END, extra={UNIT: "fen"})]
"""An amount of either sign, in fen."""

Ppm = Annotated[int, Meta(ge=0, le=MILLION, extra={UNIT: "ppm"})]
"""A share between nothing and all, in parts per million."""

PositivePpm = Annotated[int, Meta(ge=1, le=MILLION, extra={UNIT: "ppm"})]
"""A share above nothing and of the whole at most, in parts per million."""

Millis = Annotated[int, Meta(ge=0, lt=2**53, extra={UNIT: "ms"})]
"""A business time, or a length of it, in milliseconds."""

Count = Annotated[int, Meta(ge=0, lt=2**31)]
"""A small natural number."""

Digest = Annotated[str, Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]+\Z", extra={UNIT: "digest"})]
"""32 bytes as lower-case hex: a hash, a commitment, a keyed token, a pseudonym."""

ObjectId = Annotated[
    str,
    Meta(min_length=3, max_length=96, pattern=r"^[a-z0-9][a-z0-9._-]*/[0-9]{1,19}\Z", extra={UNIT: "object"}),
]
"""``client/number``: the object that this client's transaction of that number made."""

Label = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*\Z")]
"""A short machine-readable name: a product, a purpose, a field."""

Text = Annotated[str, Meta(max_length=256)]
"""A short text for people."""

LABELS_MAX = 32
Labels = Annotated[tuple[Label, ...], Meta(max_length=LABELS_MAX)]

__all__ = [
    "AMOUNT_END",
    "MILLION",
    "UNIT",
    "Arguments",
    "Count",
    "Digest",
    "Fen",
    "Label",
    "Labels",
    "Millis",
    "Name",
    "ObjectId",
    "Ppm",
    "Readers",
    "Record",
    "SignedFen",
    "Text",
    "require_bounded",
    "require_plain",
]


class Arguments(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of every action's arguments: typed, bounded, encoded as an array."""


def require_plain(kind: type[msgspec.Struct]) -> None:
    """Check, once per record type, that only plain values can lie in it. TypeError names the field."""
    _walk(inspect.type_info(kind), kind.__name__, bounded=False)


def require_bounded(kind: type[msgspec.Struct]) -> None:
    """Check, once per arguments type, that every text, number and list has a limit. TypeError names the field."""
    _walk(inspect.type_info(kind), kind.__name__, bounded=True)


def _walk(info: Any, where: str, *, bounded: bool) -> None:  # noqa: C901, PLR0912 - one branch a kind of type
    match info:
        case inspect.Metadata():
            _walk(info.type, where, bounded=bounded)
        case inspect.StructType():
            for field in info.fields:
                _walk(field.type, f"{where}.{field.name}", bounded=bounded)
        case inspect.UnionType():
            for member in info.types:
                _walk(member, where, bounded=bounded)
        case inspect.TupleType():
            for member in info.item_types:
                _walk(member, where, bounded=bounded)
        case inspect.VarTupleType():
            if bounded and info.max_length is None:
                raise TypeError(f"{where}: a list without a limit")
            _walk(info.item_type, where, bounded=bounded)
        case inspect.StrType():
            if bounded and info.max_length is None and info.pattern is None:
                raise TypeError(f"{where}: text without a limit")
        case inspect.IntType():
            if bounded and ((info.ge is None and info.gt is None) or (info.le is None and info.lt is None)):
                raise TypeError(f"{where}: a number without limits")
        case inspect.BytesType():
            if not bounded or info.max_length is None:
                raise TypeError(f"{where}: bytes belong in arguments alone, with a limit")
        case inspect.BoolType() | inspect.NoneType() | inspect.LiteralType():
            pass
        case _:
            raise TypeError(f"{where}: {type(info).__name__} is not plain")
