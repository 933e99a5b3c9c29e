"""Values with their units, read exactly: "150 ms", "2 MiB", "100_000 CNY", "0.1%", "8/s", "5s..50s".

Everything becomes an integer: nanoseconds, bytes, fen 分, parts per million; a rate is an exact ratio of integers.
A magnitude may have decimals ("1.5 s") as long as the result is whole; nothing is ever rounded, and no float is
involved. A bare number is refused where a unit is due, because no reader should have to guess it.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
    "day": 86_400_000_000_000,
    "week": 604_800_000_000_000,
}
BYTES = {
    "B": 1,
    "kB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
FEN = {"CNY": 100, "fen": 1}
PPM = {"%": 10_000, "‰": 1_000, "ppm": 1}

_SPELLINGS = {
    "μs": "µs",  # Greek mu beside the micro sign
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "minute": "min",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
    "d": "day",
    "days": "day",
    "weeks": "week",
    "元": "CNY",
}
_HINTS = {
    "m": "`min` for minutes, `ms` for milliseconds",
    "M": "`MB` or `MiB` for sizes",
    "K": "`kB` or `KiB`",
    "KB": "`kB` (1000 bytes) or `KiB` (1024)",
    "mb": "`MB` or `MiB`",
    "RMB": "`CNY`",
    "cny": "`CNY`",
    "yuan": "`CNY`",
    "year": "`365 days`",
    "years": "`365 days` each",
    "month": "a number of days",
    "months": "a number of days",
}
_QUANTITY = re.compile(r"^([+-]?\d[\d_]*(?:\.\d+)?)[ \u00a0]*([^\d\s.+-][^\s]*)?$")
_MAGNITUDE_MAX = 2**62


class UnitError(ValueError):
    """A text is no quantity of the wanted kind; the message says why and what would be."""


class Rate(NamedTuple):
    """``events`` every ``per_ns`` nanoseconds, in lowest terms."""

    events: int
    per_ns: int


class Span(NamedTuple):
    """From ``start_ns`` (included) to ``end_ns`` (excluded)."""

    start_ns: int
    end_ns: int


class ClockScale(NamedTuple):
    """``business_ns`` of business time pass while ``run_ns`` of run time do, in lowest terms."""

    business_ns: int
    run_ns: int


def parse_duration(text: str) -> int:
    """Nanoseconds in "150 ms", "5s", "3 days"."""
    return _parse(text, NANOSECONDS, "a duration", "150 ms")


def parse_size(text: str) -> int:
    """Bytes in "64 KiB", "2 MB"."""
    return _parse(text, BYTES, "a size", "2 MiB")


def parse_money(text: str) -> int:
    """Fen in "100 CNY", "3112.90 CNY", "100_000 CNY"."""
    return _parse(text, FEN, "an amount of money", "100 CNY")


def parse_share(text: str) -> int:
    """Parts per million in "0.1%", "40 %", "5 ‰", "20 ppm"."""
    return _parse(text, PPM, "a share", "0.1%")


def parse_rate(text: str) -> Rate:
    """The rate in "8/s", "600/min", "2.5/s", "3 / 2 days"."""
    head, slash, tail = text.partition("/")
    if not slash:
        raise UnitError(f"{_quoted(text)} is no rate; write it like `8/s`")
    count = _magnitude(head.strip(), "a rate", "8/s")
    period = tail.strip()
    per = parse_duration(period if period[:1].isdigit() else f"1 {period}")
    if per <= 0 or count < 0:
        raise UnitError(f"{_quoted(text)}: a rate is not negative, its period more than nothing")
    ratio = count / per
    return Rate(ratio.numerator, ratio.denominator)


def parse_span(text: str) -> Span:
    """The span in "5s..50s"; it must not be empty."""
    head, dots, tail = text.partition("..")
    if not dots:
        raise UnitError(f"{_quoted(text)} is no range; write it like `5s..50s`")
    span = Span(parse_duration(head.strip()), parse_duration(tail.strip()))
    if span.start_ns < 0 or span.end_ns <= span.start_ns:
        raise UnitError(f"{_quoted(text)}: a range starts at 0s or later and ends after its start")
    return span


def parse_clock_scale(text: str) -> ClockScale:
    """The scale in "1 day = 1 s": how business time maps to run time."""
    head, equals, tail = text.partition("=")
    if not equals:
        raise UnitError(f"{_quoted(text)} is no clock scale; write it like `1 day = 1 s`")
    business, run = parse_duration(head.strip()), parse_duration(tail.strip())
    if business <= 0 or run <= 0:
        raise UnitError(f"{_quoted(text)}: both sides must be more than nothing")
    ratio = Fraction(business, run)
    return ClockScale(ratio.numerator, ratio.denominator)


def format_duration(nanoseconds: int) -> str:
    """The shortest exact spelling: 1_500_000_000 -> "1.5s", 150_000_000 -> "150ms"."""
    if nanoseconds == 0:
        return "0s"
    if nanoseconds % NANOSECONDS["day"] == 0:
        days = nanoseconds // NANOSECONDS["day"]
        return f"{days} day{'s' if abs(days) != 1 else ''}"
    for unit in ("h", "min", "s", "ms", "us", "ns"):
        size = NANOSECONDS[unit]
        if abs(nanoseconds) >= size and (unit in {"s", "ms", "us", "ns"} or nanoseconds % size == 0):
            return f"{_decimal(nanoseconds, size)}{unit}"
    raise AssertionError("a whole number of nanoseconds is at least one of them")


def format_money(fen: int) -> str:
    """1_245_16 -> "1,245.16 CNY"."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d} CNY"


def format_share(ppm: int) -> str:
    """1_000 -> "0.1%"."""
    return f"{_decimal(ppm, PPM['%'])}%"


def format_rate(rate: Rate) -> str:
    """Per second where that is a finite decimal, else the exact ratio."""
    per_second = Fraction(rate.events * NANOSECONDS["s"], rate.per_ns)
    if per_second.denominator == 1:
        return f"{per_second.numerator}/s"
    return f"{rate.events}/{format_duration(rate.per_ns)}"


def _parse(text: str, units: dict[str, int], kind: str, example: str) -> int:
    match = _QUANTITY.match(text.strip())
    if match is None:
        raise UnitError(f"{_quoted(text)} is not {kind}; write it like `{example}`")
    number, written = match.groups()
    if written is None:
        raise UnitError(f"{_quoted(text)} has no unit; write {kind} like `{example}`")
    unit = _SPELLINGS.get(written, written)
    if unit not in units:
        hint = _HINTS.get(written)
        known = ", ".join(units)
        raise UnitError(
            f"{_quoted(text)}: `{written}` is no unit of {kind.split(' ', 1)[1]}; "
            + (f"write {hint}" if hint and _fits(hint, units) else f"units are {known}")
        )
    value = _magnitude(number, kind, example) * units[unit]
    if value.denominator != 1:
        smallest = min(units, key=lambda name: units[name])
        raise UnitError(f"{_quoted(text)} is not a whole number of {smallest}")
    if abs(value.numerator) > _MAGNITUDE_MAX:
        raise UnitError(f"{_quoted(text)} is too large")
    return value.numerator


def _fits(hint: str, units: dict[str, int]) -> bool:
    """Whether a hint speaks of one of these units (``M`` means nothing where money is due)."""
    return any(f"`{unit}`" in hint or f" {unit}" in hint for unit in units)


def _magnitude(number: str, kind: str, example: str) -> Fraction:
    if not re.fullmatch(r"[+-]?\d[\d_]{0,40}(?:\.\d{1,40})?", number):
        raise UnitError(f"{_quoted(number)} is not {kind}; write it like `{example}`")
    return Fraction(number.replace("_", ""))


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(abs(value), unit)
    digits = ""
    if rest:
        width = len(str(unit)) - 1
        digits = "." + str(rest * 10**width // unit).zfill(width).rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{digits}"


def _quoted(text: str) -> str:
    shown = text if len(text) <= 40 else text[:37] + "..."
    return f"`{shown}`"
