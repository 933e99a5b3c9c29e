"""What all parts of a scenario share: strict, frozen, no unknown keys; and the types of values with units.

A model holds what the unit means (an integer of nanoseconds, fen, parts per million), never the text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from scenarios.language import units

_DAY_MS = 86_400_000


class Part(BaseModel):
    """A mapping of the language. Sequences are tuples; numbers and words are not turned into one another."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


def _read(parse: Callable[[str], Any]) -> BeforeValidator:
    """Read a text by ``parse``; a value that is no text is told what to write instead."""

    def read(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str):
            text = {True: "true", False: "false", None: "nothing"}.get(value) if _plain(value) else None
            try:
                return parse(text or str(value))
            except ValueError as error:
                said = str(error).replace("`nothing`", "nothing") if value is None else str(error)
                raise PydanticCustomError("unit", "{said}", {"said": said}) from None
        try:
            return parse(value)
        except ValueError as error:
            raise PydanticCustomError("unit", "{said}", {"said": str(error)}) from None

    return BeforeValidator(read)


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _schema(description: str, *examples: str, pattern: str | None = None) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": "string", "description": description, "examples": list(examples)}
    if pattern:
        schema["pattern"] = pattern
    return WithJsonSchema(schema)


def _date_ms(text: str) -> int:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        raise units.UnitError(f"`{text[:40]}` is no date; write it like `2023-04-01`") from None
    days = (date - dt.date(1970, 1, 1)).days
    if days < 0:
        raise units.UnitError("business time begins at 1970-01-01")
    return days * _DAY_MS


def _share(text: str) -> int:
    ppm = units.parse_share(text)
    if ppm > _WHOLE:
        raise units.UnitError(f"`{text[:40]}` is more than the whole")
    return ppm


_WHOLE = 1_000_000
_NUMBER = r"[0-9][0-9_]*(\.[0-9]+)?"

Nanoseconds = Annotated[
    int,
    _read(units.parse_duration),
    Field(ge=0),
    _schema("A duration with its unit.", "150 ms", "5s", "3 days", pattern=rf"^{_NUMBER} ?[a-zµ]+$"),
]
Bytes = Annotated[
    int,
    _read(units.parse_size),
    Field(ge=0),
    _schema("A size with its unit.", "64 KiB", "2 MB", pattern=rf"^{_NUMBER} ?([kMG]|[KMG]i)?B$"),
]
Fen = Annotated[
    int,
    _read(units.parse_money),
    _schema("An amount of money.", "100 CNY", "3112.90 CNY", pattern=rf"^-?{_NUMBER} ?(CNY|fen|元)$"),
]
Ppm = Annotated[
    int,
    _read(_share),
    Field(ge=0, le=_WHOLE),
    _schema("A share of a whole.", "0.1%", "40 %", pattern=rf"^{_NUMBER} ?(%|‰|ppm)$"),
]
RatePer = Annotated[units.Rate, _read(units.parse_rate), _schema("Events per time.", "8/s", "600/min")]
TimeSpan = Annotated[units.Span, _read(units.parse_span), _schema("From a time to a time.", "5s..50s")]
Scale = Annotated[
    units.ClockScale, _read(units.parse_clock_scale), _schema("Business time per run time.", "1 day = 1 s")
]
BusinessDay = Annotated[int, _read(_date_ms), _schema("A date of business time.", "2023-04-01")]
"""Midnight UTC of that day, in milliseconds since 1970."""

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
"""A name of a node, a client, an assumption, a product: lower case."""

Count = Annotated[int, Field(ge=0, le=10_000_000)]
