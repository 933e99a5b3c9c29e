"""``detection.json``: what people lied about in a run, and what of it was caught 侦测.

The truth (who lied where) and the alarms are put beside each other here and nowhere before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from scenarios.results.numbers import Int64, Natural

MILLION = 1_000_000

Fate = Literal["prevented", "detected", "missed"]
FATES: tuple[Fate, ...] = ("prevented", "detected", "missed")
"""What may become of a lie: refused by a contract, found afterwards, or neither."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One lie and what became of it. Times are business time in ms; ``caught_ms`` None where it was missed."""

    by: str
    step: str
    subject: str
    fate: Fate
    told_ms: Int64
    caught_ms: Int64 | None
    why: str


class FalseAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An honest act that was taken for a lie."""

    subject: str
    at_ms: Int64
    why: str


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector comes to at another threshold: of ``lies`` and ``honest`` acts, how many it names."""

    threshold: Int64
    caught: Natural
    lies: Natural
    false_alarms: Natural
    honest: Natural


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of misbehaviour. ``rates``: of detectors that go by a threshold and meet many, from low to high."""

    kind: str
    lies: tuple[Told, ...]
    false_alarms: tuple[FalseAlarm, ...]
    threshold: Int64 | None = None
    rates: tuple[Rate, ...] = ()

    def count(self, fate: Fate) -> int:
        """How many lies came to that."""
        return sum(lie.fate == fate for lie in self.lies)

    @property
    def caught(self) -> int:
        return len(self.lies) - self.count("missed")

    @property
    def recall_ppm(self) -> int | None:
        """Of the lies, how many were caught, rounded down; None where nobody lied."""
        return self.caught * MILLION // len(self.lies) if self.lies else None

    @property
    def precision_ppm(self) -> int | None:
        """Of what was caught, how many were lies, rounded down; None where nothing was."""
        named = self.caught + len(self.false_alarms)
        return self.caught * MILLION // named if named else None

    @property
    def delays_ms(self) -> tuple[int, ...]:
        """From each lie that was caught to its alarm, in business time, in ascending order."""
        return tuple(sorted(lie.caught_ms - lie.told_ms for lie in self.lies if lie.caught_ms is not None))


def auc_ppm(rates: Sequence[Rate]) -> int | None:
    """The area under the curve of ``rates`` by the trapezium rule, in ppm; None without lies or honest acts.

    The corners (nothing named, everything named) belong to every curve.
    """
    if not rates or not rates[0].lies or not rates[0].honest:
        return None
    lies, honest = rates[0].lies, rates[0].honest
    points = sorted({(0, 0), (honest, lies), *((rate.false_alarms, rate.caught) for rate in rates)})
    twice = sum((x - x0) * (y + y0) for (x0, y0), (x, y) in pairwise(points))
    return twice * MILLION // (2 * lies * honest)


def detection_json(scores: Sequence[Score]) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(scores), indent=1) + b"\n"
