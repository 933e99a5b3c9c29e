"""Numbers with their units, for people; and the round numbers that an axis shows."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

_STEPS = (1, 2, 5)
_DURATIONS = ((3600 * 10**9, "h"), (60 * 10**9, "min"), (10**9, "s"), (10**6, "ms"), (10**3, "µs"), (1, "ns"))
_AXIS_NS: tuple[int, ...] = (
    *(step * 10**power for power in range(3, 10) for step in _STEPS),
    *(seconds * 10**9 for seconds in (10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)),
)


def count(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}"


def money(fen: int) -> str:
    """An amount 金额."""
    return f"{fen / 100:,.2f} CNY"


def duration(ns: int) -> str:
    """A time in the unit that suits it, three figures."""
    for unit_ns, unit in _DURATIONS[2:]:
        if abs(ns) >= unit_ns:
            value = ns / unit_ns
            if unit == "s" and value >= 120:
                break
            return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"
    if abs(ns) < 1:
        return "0 s"
    seconds = round(ns / 10**9)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"


def moment(ns: int) -> str:
    """A run time to the tenth of a millisecond."""
    return f"{ns / 10**9:,.4f} s"


def value(number: int | None, unit: str) -> str:
    """A measure's value; nothing where it has none."""
    if number is None:
        return "–"
    match unit:
        case "ns":
            return duration(number)
        case "fen":
            return money(number)
        case _:
            return count(number)


def share(part: int, whole: int) -> str:
    """A part of a whole in per cent."""
    return "–" if not whole else f"{100 * part / whole:.1f} %"


def ticks(most: float, about: int = 4) -> list[float]:
    """Round numbers from 0 up to ``most`` or just below it, about so many steps."""
    if most <= 0:
        return [0.0]
    power = 10.0 ** (floor(log10(most)) - 1)
    size = next(step * scale for scale in (power, 10 * power) for step in _STEPS if most / (step * scale) <= about)
    return [round(place * size, 10) for place in range(int(most / size) + 1)]


def time_ticks(end_ns: int, about: int) -> list[int]:
    """Round times from 0 to ``end_ns``, ``about`` so many steps at most."""
    return list(range(0, end_ns + 1, bin_ns(end_ns, about)))


def bin_ns(end_ns: int, bins: int) -> int:
    """The shortest round time that covers ``end_ns`` with ``bins`` of it; whole days where nothing shorter does."""
    day = _AXIS_NS[-1]
    return next((size for size in _AXIS_NS if end_ns <= size * bins), -(-end_ns // (day * bins)) * day)


def decades(least: int, most: int) -> Sequence[int]:
    """1, 2 and 5 of each power of ten from at most ``least`` to at least ``most``."""
    found = [step * 10**power for power in range(19) for step in _STEPS]
    low = max((number for number in found if number <= least), default=1)
    high = min((number for number in found if number >= most), default=found[-1])
    return [number for number in found if low <= number <= high]


def axis_time(ns: int, end_ns: int) -> str:
    """A tick's label, in one unit for the whole axis."""
    for unit_ns, unit in _DURATIONS:
        if end_ns >= 3 * unit_ns:
            return f"{ns / unit_ns:g} {unit}"
    return f"{ns} ns"


def natural(name: str) -> tuple[str, int, str]:
    """Names in the order in which people count: insurer-2 before insurer-10."""
    stem, _, number = name.rpartition("-")
    return (stem, int(number), name) if stem and number.isascii() and number.isdecimal() else (name, 0, name)
