"""Quantities of any kind: what bounds of measures are given in, each with its unit."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from scenarios.language import units


class Quantity(NamedTuple):
    """``value`` in the smallest unit of its ``kind``: ns, events per 10**6 s, ppm, fen, or a plain count."""

    value: int
    kind: Literal["duration", "rate", "share", "money", "count"]


def parse_quantity(value: Any) -> Quantity:
    """The quantity in "2s", "10/s", "95%", "100 CNY" or 3; UnitError where it is none of these."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Quantity(value, "count")
    if not isinstance(value, str) or isinstance(value, Decimal):
        raise units.UnitError(f"`{value}` is no quantity; write it like `2s`, `10/s`, `95%`, `100 CNY` or `3`")
    if re.fullmatch(r"\d[\d_]*", value):
        return Quantity(int(value), "count")
    if "/" in value:
        rate = units.parse_rate(value)
        return Quantity(rate.events * 10**15 // rate.per_ns, "rate")
    if re.search(r"(%|‰|ppm)\s*$", value):
        return Quantity(units.parse_share(value), "share")
    if re.search(r"(CNY|fen|元)\s*$", value):
        return Quantity(units.parse_money(value), "money")
    return Quantity(units.parse_duration(value), "duration")
