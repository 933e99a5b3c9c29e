"""JSON whose numbers stay what was written: decimals are exact, floats never occur.

A text from outside may be hostile: its size, depth and the length of its numbers are bounded, a key may stand once, and
what JSON does not know (NaN, Infinity) is refused.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec

from scenarios.edges.fhir.errors import FhirError

BYTES_MAX = 32 << 20
DEPTH_MAX = 48
DIGITS_MAX = 40
EXPONENT_MAX = 30


def read_json(raw: bytes) -> Any:
    """The value in ``raw``: dict, list, str, int, Decimal, bool, None. FhirError says what is wrong with it."""
    if len(raw) > BYTES_MAX:
        raise FhirError("", f"is larger than {BYTES_MAX >> 20} MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FhirError("", f"is no text in UTF-8 (byte {error.start})") from None
    try:
        found = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as error:
        raise FhirError("", f"is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise FhirError("", f"is nested more than {DEPTH_MAX} deep") from None
    _require_shallow(found)
    return found


def write_json(value: Any) -> bytes:
    """``value`` as JSON, decimals digit by digit as they are."""
    return msgspec.json.format(msgspec.json.Encoder(decimal_format="number").encode(value), indent=2) + b"\n"


def _decimal(text: str) -> Decimal:
    if len(text) > DIGITS_MAX:
        raise FhirError("", f"a number of {len(text)} characters; at most {DIGITS_MAX}")
    number = Decimal(text)
    if abs(number.adjusted()) > EXPONENT_MAX:
        raise FhirError("", f"`{text}` is no number that a bill may hold")
    return number


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise FhirError("", f"a number of {len(text)} characters; at most {DIGITS_MAX}")
    return int(text)


def _no_constant(text: str) -> Any:
    raise FhirError("", f"`{text}` is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FhirError("", f"the key `{twice[:40]}` stands twice in one object")
    return found


def _require_shallow(value: Any) -> None:
    """Level by level, so that depth costs no stack."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise FhirError("", f"is nested more than {DEPTH_MAX} deep")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level = [item for item in inner if isinstance(item, dict | list)]
