"""A contract's arguments from what a person writes: units, steps' and people's names, mappings for structs.

The types say how: an amount of fen is written ``3 CNY``, a share ``40%``, a time ``20 min`` or ``2023-04-18 10:00``, an
object by the step that made it, a pseudonym by the person's name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from consensus.vocabulary import MILLISECOND
from node.contracts.fields import UNIT, Arguments
from node.privacy import Envelope, Opening
from scenarios.language import units
from scenarios.language.problems import did_you_mean

ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}([ T].*)?$")
_DIGITS = re.compile(r"^-?[0-9]{1,19}$")
_HEX32 = re.compile(r"^[0-9a-f]{64}$")
_OBJECT = re.compile(r"^[a-z0-9][a-z0-9._-]*/[0-9]{1,19}$")
_OPENED = frozenset(("open", "field"))
_PLACE = re.compile(r" - at `\$\[(\d+)\](.*)`$")

_encode = msgspec.msgpack.Encoder().encode


class ArgumentError(ValueError):
    """An argument that cannot be read; ``key`` is which."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class References:
    """What names stand for: none of them stands for anything here. A story knows more."""

    def object(self, key: str, step: str) -> str:
        """The object that the step made."""
        raise ArgumentError(key, f"`{step}`: no step stands before this")

    def received(self, key: str, step: str, name: str) -> Any:
        """What the receipt of the step says under ``name``."""
        raise ArgumentError(key, f"`{step}`: no step stands before this, to take `{name}` from")

    def pseudonym(self, key: str, person: str) -> str:
        """By what the chain knows the person."""
        raise ArgumentError(key, f"`{person}`: nobody's pseudonym is known here")

    def token(self, key: str, text: str) -> str:
        """A token of ``text`` that only the act's own party can make, 32 bytes in hex."""
        raise ArgumentError(key, f"`{text}`: nobody makes tokens here")

    def enclose(self, key: str, given: Mapping[str, Any]) -> Envelope:  # noqa: ARG002 - what others enclose
        """``given``'s fields in an envelope for its parties."""
        raise ArgumentError(key, "nothing can be enclosed here")

    def opening(self, key: str, step: str, field: str) -> Opening:
        """``field`` of what an earlier step enclosed, with its salt, as the act's own party can read it."""
        raise ArgumentError(key, f"`{step}`: no step stands before this, to open `{field}` of")


def arguments_of(kind: type[ArgumentsT], given: Mapping[str, Any], references: References) -> ArgumentsT:
    """Arguments of ``kind`` from what was written. ArgumentError names the key that is to blame."""
    values = _struct(inspect.type_info(kind), given, "", references)
    arguments = kind(**values)
    try:
        decoded: ArgumentsT = msgspec.msgpack.decode(_encode(arguments), type=kind)
    except msgspec.ValidationError as error:
        raise _told(kind, str(error)) from None
    return decoded


def words_of(kind: type[Arguments]) -> str:
    """Its fields, for people."""
    return ", ".join(kind.__struct_fields__) or "nothing"


def _told(kind: type[Arguments], message: str) -> ArgumentError:
    place = _PLACE.search(message)
    if place is None:
        return ArgumentError("", message)
    field = kind.__struct_fields__[int(place[1])]
    within = f" at {place[2]}" if place[2] else ""
    return ArgumentError(field, f"{message[: place.start()].lower()}{within}")


def _struct(info: Any, given: Any, key: str, references: References) -> dict[str, Any]:
    names = [field.name for field in info.fields]
    if isinstance(given, tuple):  # as the array that it is
        if len(given) > len(names):
            raise ArgumentError(key, f"holds {', '.join(names)}, and no more")
        given = dict(zip(names, given, strict=False))
    if not isinstance(given, Mapping):
        raise ArgumentError(key, f"must be a mapping of {', '.join(names)}")
    for name in given:
        if name not in names:
            near = did_you_mean(name, names) or f"; there are: {', '.join(names)}"
            raise ArgumentError(_under(key, name), f"`{name}` is no argument{near}")
    values = {}
    for field in info.fields:
        if field.name in given:
            values[field.name] = _value(field.type, given[field.name], _under(key, field.name), references)
        elif field.required:
            raise ArgumentError(key, f"`{field.name}` is missing")
    return values


def _under(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _value(info: Any, given: Any, key: str, references: References, unit: str = "") -> Any:  # noqa: PLR0911 - kinds
    if isinstance(given, Mapping) and set(given) == {"from", "take"}:
        return references.received(key, str(given["from"]), str(given["take"]))
    match info:
        case inspect.Metadata():
            return _value(info.type, given, key, references, (info.extra or {}).get(UNIT, ""))
        case inspect.UnionType():
            return _one_of(info, given, key, references)
        case inspect.StructType() if info.cls is Opening and isinstance(given, Mapping) and set(given) == _OPENED:
            return references.opening(key, str(given["open"]), str(given["field"]))
        case inspect.StructType():
            return info.cls(**_struct(info, given, key, references))
        case inspect.VarTupleType() | inspect.TupleType():
            return _items(info, given, key, references)
        case inspect.IntType():
            return _number(given, key, unit)
        case inspect.StrType():
            return _text(given, key, unit, references)
        case inspect.BytesType():
            return str(given).encode()
    return given  # a flag, nothing, one of a few words: judged with the whole


def _items(info: Any, given: Any, key: str, references: References) -> tuple[Any, ...]:
    items = _list(given, key)
    kinds = info.item_types if isinstance(info, inspect.TupleType) else (info.item_type,) * len(items)
    if len(items) != len(kinds):
        raise ArgumentError(key, f"must be a list of {len(kinds)}")
    return tuple(
        _value(kind, item, f"{key}.{index}", references)
        for index, (kind, item) in enumerate(zip(kinds, items, strict=True))
    )


def _one_of(info: Any, given: Any, key: str, references: References) -> Any:
    if given is None:
        return None
    kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
    if all(isinstance(kind, inspect.StructType) for kind in kinds):
        if not isinstance(given, Mapping):
            raise ArgumentError(key, "must be a mapping")
        if "fields" in given:
            return references.enclose(key, given)
        tagged = {kind.tag: kind for kind in kinds}
        kind = tagged.get(given.get("is"), kinds[0] if len(kinds) == 1 else None)
        if kind is None:
            raise ArgumentError(key, f"says by `is` which it is: {', '.join(map(str, tagged))}")
        return kind.cls(**_struct(kind, {n: v for n, v in given.items() if n != "is"}, key, references))
    return _value(kinds[0], given, key, references)


def _list(given: Any, key: str) -> tuple[Any, ...]:
    if not isinstance(given, tuple):
        raise ArgumentError(key, f"must be a list, not {given!r}")
    return given


def _number(given: Any, key: str, unit: str) -> int:
    read = _UNITS.get(unit)
    if isinstance(given, Decimal) and read is not None:
        given = str(given)
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise ArgumentError(key, f"must be a whole number, not `{given}`")
    if read is None or (isinstance(given, int) and given == 0):
        if isinstance(given, int):
            return given
        if _DIGITS.match(given):
            return int(given)
        raise ArgumentError(key, f"must be a whole number, not `{given}`")
    try:
        return read(str(given))
    except units.UnitError as error:
        raise ArgumentError(key, str(error)) from None


def _text(given: Any, key: str, unit: str, references: References) -> str:
    if unit == "digest":
        return _digest(given, key, references)
    if not isinstance(given, str):
        raise ArgumentError(key, f"must be a text, not {given!r}; a number as text stands in quotes")
    if unit == "object" and not _OBJECT.match(given):
        return references.object(key, given)
    return given


def _digest(given: Any, key: str, references: References) -> str:
    if isinstance(given, str):
        return given if _HEX32.match(given) else references.pseudonym(key, given)
    ways: dict[str, Callable[[str], str]] = {
        "person": lambda text: references.pseudonym(key, text),
        "token": lambda text: references.token(key, text),
        "hash": lambda text: sha256(text.encode()).hexdigest(),
    }
    if isinstance(given, Mapping) and len(given) == 1:
        ((way, text),) = given.items()
        if way in ways and isinstance(text, str):
            return ways[way](text)
    raise ArgumentError(
        key, "is a person's name, 64 hex digits, `{token: TEXT}` (keyed by its party) or `{hash: TEXT}`"
    )


def _time_ms(text: str) -> int:
    if _MOMENT.match(text):
        try:
            return (dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(milliseconds=1)
        except ValueError:
            raise units.UnitError(f"`{text}` is no moment; write it like `2023-04-18 14:05`") from None
    return units.parse_duration(text) // MILLISECOND


_UNITS: Mapping[str, Callable[[str], int]] = {
    "fen": units.parse_money,
    "ppm": units.parse_share,
    "ms": _time_ms,
}
