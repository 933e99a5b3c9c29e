"""Triangles 流量三角形 from what a run left, or from a table: origin period by development period, in whole fen.

What moved is read from the business state: when a loss occurred, when it became known, how much of it. So a triangle is
the same whichever protocol ordered the blocks.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from node.contracts.claims import Claim
from node.contracts.reserving import CededLoss, Cells, cumulative
from scenarios.results.run_folder import RunFolder

DAY_MS = 86_400_000
PERIODS_MAX = 200

COLUMNS = ("occurred", "known", "fen")
"""Of a table of movements: two days (2023-04-01) and an amount."""

_decode = msgspec.json.Decoder(tuple[str, str, Any]).decode


class ActuaryError(Exception):
    """There is no triangle, or no estimate, to be had; the message says why, where, and what to do."""


class Movement(NamedTuple):
    """Something became known of a loss: both times in ms since 1970, the amount in fen."""

    occurred_ms: int
    known_ms: int
    fen: int


class Triangle(NamedTuple):
    """Cumulative fen: a row an origin period from ``start_ms`` on, a column a development period of as many ms."""

    start_ms: int
    period_ms: int
    rows: Cells

    @property
    def labels(self) -> tuple[str, ...]:
        """The day on which each origin period begins."""
        begins = (self.start_ms + place * self.period_ms for place in range(len(self.rows)))
        return tuple(dt.datetime.fromtimestamp(ms / 1000, dt.UTC).date().isoformat() for ms in begins)

    @property
    def known_fen(self) -> int:
        """What is known of all origin periods together."""
        return sum(row[-1] for row in self.rows if row)


def movements_of(path: Path) -> list[Movement]:
    """What moved: of a run's folder, or of a table in CSV with :data:`COLUMNS`. ActuaryError where there is nothing."""
    found = list(_of_table(path)) if path.is_file() else list(_of_run(path))
    if not found:
        raise ActuaryError(f"{path}: no losses; a triangle takes a run with claims or ceded losses, or a table of them")
    return found


def triangle_of(moved: Sequence[Movement], period_ms: int, start_ms: int, valuation_ms: int | None = None) -> Triangle:
    """The triangle of what was known before ``valuation_ms``; without one, all, to the end of the last period.

    ActuaryError: a movement before ``start_ms`` or known before it occurred, or more than :data:`PERIODS_MAX` periods.
    """
    last_ms = max(movement.known_ms for movement in moved)
    periods = -(-((valuation_ms if valuation_ms is not None else last_ms + 1) - start_ms) // period_ms)
    if not 0 < periods <= PERIODS_MAX:
        raise ActuaryError(f"{periods} periods; a triangle has 1 to {PERIODS_MAX}: choose another start or --period")
    rows = [[0] * (periods - origin) for origin in range(periods)]
    for movement in moved:
        if not start_ms <= movement.occurred_ms <= movement.known_ms:
            raise ActuaryError(f"{movement} became known before it occurred, or occurred before the first period")
        origin = (movement.occurred_ms - start_ms) // period_ms
        known = (movement.known_ms - start_ms) // period_ms
        if valuation_ms is None or movement.known_ms < valuation_ms:
            rows[origin][known - origin] += movement.fen
    return Triangle(start_ms, period_ms, cumulative(rows))


def first_day_ms(moved: Iterable[Movement]) -> int:
    """Midnight before the first loss."""
    return min(movement.occurred_ms for movement in moved) // DAY_MS * DAY_MS


def _of_run(folder: Path) -> Iterator[Movement]:
    """Ceded losses as they were reported, if there are any; else claims, from notice to payment."""
    file = RunFolder(folder).business
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise ActuaryError(
            f"{file}: {error.strerror}; give a run's folder, such as runs/reserved_late/latest"
        ) from None
    ceded, claims = [], []
    for number, line in enumerate(lines, start=1):
        try:
            namespace, _, value = _decode(line)
            if namespace == CededLoss.namespace:
                ceded.append(Movement(value["occurred_ms"], value["reported_ms"], value["incurred_fen"]))
            elif namespace == Claim.namespace and value["paid_fen"]:
                claims.append(Movement(value["reported_ms"], value["paid_ms"], value["paid_fen"]))
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            raise ActuaryError(f"{file}:{number}: not an entry of the business state ({error})") from None
    return iter(ceded or claims)


def _of_table(file: Path) -> Iterator[Movement]:
    with file.open(encoding="utf-8", newline="") as opened:
        reader = csv.DictReader(opened)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ActuaryError(f"{file}:1: the columns are {reader.fieldnames}; they must be {', '.join(COLUMNS)}")
        for number, row in enumerate(reader, start=2):
            try:
                days = [dt.date.fromisoformat(row[name]) for name in COLUMNS[:2]]
                occurred_ms, known_ms = ((day - dt.date(1970, 1, 1)).days * DAY_MS for day in days)
                yield Movement(occurred_ms, known_ms, int(row["fen"]))
            except (ValueError, TypeError) as error:
                raise ActuaryError(f"{file}:{number}: {error}; a row is like 2023-04-01,2023-06-15,310000") from None
