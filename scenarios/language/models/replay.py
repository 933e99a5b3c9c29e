"""Recorded arrivals: a file of them as a scenario names it, and its rows as a run keeps them.

A CSV file begins with its columns' names; a JSONL file has one object a line with the same names. Times count from the
flow's beginning: ``at`` carries its unit, ``at_s`` and ``at_ms`` are plain numbers. ``amount`` (with its unit) or
``amount_cny`` may be given for every row; others are drawn. What a run keeps is one text, a row a line:
``1.5s 1200.50 CNY``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from scenarios.language import units
from scenarios.language.models.base import Part

ROWS_MAX = 20_000
TIMES = {"at": "", "at_s": "s", "at_ms": "ms"}
AMOUNTS = {"amount": "", "amount_cny": " CNY"}
COLUMNS = (*TIMES, *AMOUNTS)


class Arrival(NamedTuple):
    """One row: the time from the flow's beginning, and the amount in fen where the file gives one."""

    at_ns: int
    amount_fen: int | None


def rows_of_csv(text: str) -> str:
    """The rows of a CSV file as a run keeps them; ValueError names the line that is wrong."""
    reader = csv.DictReader(StringIO(text), strict=True)
    unknown = [name for name in reader.fieldnames or ("",) if name not in COLUMNS]
    if unknown:
        raise ValueError(f"line 1: there is no column `{unknown[0][:40]}`; columns are {', '.join(COLUMNS)}")
    return _kept((reader.line_num, row) for row in _read(reader))


def rows_of_jsonl(text: str) -> str:
    """The rows of a JSONL file as a run keeps them; ValueError names the line that is wrong."""
    return _kept(_objects(text))


def _read(reader: csv.DictReader[str]) -> Iterator[Mapping[str, Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None


def _objects(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            raise ValueError(f"line {number}: is no JSON") from None
        if not isinstance(row, dict):
            raise ValueError(f"line {number}: is no object")  # noqa: TRY004 - told as a problem
        unknown = [name for name in row if name not in COLUMNS]
        if unknown:
            raise ValueError(f"line {number}: there is no key `{unknown[0][:40]}`; keys are {', '.join(COLUMNS)}")
        yield number, row


def _kept(rows: Iterator[tuple[int, Mapping[str, Any]]]) -> str:
    lines: list[str] = []
    for number, row in rows:
        if None in row:
            raise ValueError(f"line {number}: more cells than columns")
        given = {name: str(value).strip() for name, value in row.items() if value is not None and value != ""}
        times = [given[name] + unit for name, unit in TIMES.items() if name in given]
        amounts = [given[name] + unit for name, unit in AMOUNTS.items() if name in given]
        if len(times) != 1 or len(amounts) > 1 or len(lines) == ROWS_MAX:
            reason = (
                f"more than {ROWS_MAX:,} rows" if len(lines) == ROWS_MAX else "give one time, and one amount or none"
            )
            raise ValueError(f"line {number}: {reason}")
        line = " ".join([times[0].replace(" ", ""), *amounts])
        try:
            _row(line)
        except units.UnitError as error:
            raise ValueError(f"line {number}: {error}") from None
        lines.append(line)
    if not lines:
        raise ValueError("it holds no arrival")
    return "\n".join(lines)


def _row(line: str) -> Arrival:
    time, _, amount = line.partition(" ")
    at_ns = units.parse_duration(time)
    if at_ns < 0:
        raise units.UnitError(f"`{time}`: nothing arrives before the beginning")
    fen = units.parse_money(amount) if amount else None
    if fen is not None and fen <= 0:
        raise units.UnitError(f"`{amount}`: an amount is more than nothing")
    return Arrival(at_ns, fen)


def _rows(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        rows = [_row(line.strip()) for line in value.splitlines() if line.strip()]
    except units.UnitError as error:
        raise PydanticCustomError("unit", "{said}", {"said": str(error)}) from None
    return tuple(sorted(rows, key=lambda row: row.at_ns))


Rows = Annotated[
    tuple[Arrival, ...],
    BeforeValidator(_rows, json_schema_input_type=str),
    Field(min_length=1, max_length=ROWS_MAX),
]


class Replay(Part):
    """What was recorded, in order of time."""

    rows: Rows
    """One arrival a line: its time from the flow's beginning and, where it is known, its amount: `1.5s 1200 CNY`."""


def _unread(value: Any) -> Any:
    """Names of files are gone by now: whoever reads a scenario puts their contents in their place."""
    if isinstance(value, str):
        raise ValueError("a name stands for a file; give its `rows`")  # noqa: TRY004 (told as a problem)
    return value


ReplayOrFile = Annotated[Replay, BeforeValidator(_unread, json_schema_input_type=Replay | str)]
