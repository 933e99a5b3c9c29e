"""Quantities of profiles: those of expectations, and sizes; read from texts, compared, and written again."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from scenarios.language import units
from scenarios.language.quantities import parse_quantity

_NS = 10**9
_SCALE = {"rate": 10**6, "duration": _NS, "share": 10**6, "money": 100, "count": 1, "size": 1}
"""How many of a quantity's integer units make one of what people read: a second, one a second, a yuan, a byte."""
_PREFIXES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


class Amount(NamedTuple):
    """An exact ``value`` in seconds, per second, bytes or plain numbers, as ``kind`` says."""

    value: Fraction
    kind: str

    def error(self, published: Amount) -> Fraction:
        """By which share this is more (or less) than ``published``. ValueError where they cannot be compared."""
        if self.kind != published.kind or not published.value:
            raise ValueError(f"{self} cannot be compared with {published}")
        return (self.value - published.value) / published.value

    def __str__(self) -> str:
        number = float(self.value)
        match self.kind:
            case "rate":
                return f"{_digits(number)}/s"
            case "duration":
                return f"{_digits(number)} s" if number >= 1 else f"{_digits(number * 1000)} ms"
            case "size":
                unit, name = next(((unit, name) for unit, name in _PREFIXES if number >= unit), (1, "B"))
                return f"{_digits(number / unit)} {name}"
        return _digits(number)


def read_amount(value: str | int) -> Amount:
    """The amount in "300/s", "0.33 s", "2.88 GB", "1 TB" or 1600; UnitError where it is none."""
    text = str(value)
    if text.rstrip().endswith("TB"):
        return Amount(read_amount(text.replace("TB", "GB")).value * 1000, "size")
    try:
        quantity = parse_quantity(value)
    except units.UnitError:
        return Amount(Fraction(units.parse_size(text)), "size")
    return amount(quantity.value, quantity.kind)


def amount(value: int, kind: str) -> Amount:
    """An amount of a quantity's integer ``value``."""
    return Amount(Fraction(value, _SCALE[kind]), kind)


def _digits(number: float) -> str:
    """Three digits that matter, and thousands apart."""
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3g}"
