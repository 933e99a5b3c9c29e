"""What a report tells, read from a run's folder and from nowhere else.

Nothing is made up for a file that is not there: its part of the facts is None, and the report says so.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from scenarios.language.problems import ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.results.arms import Arms
from scenarios.results.course import Entry, Fault, Standing
from scenarios.results.detection import Score
from scenarios.results.exchanges import Exchange, chosen
from scenarios.results.exports.source import ExtractError
from scenarios.results.figures import Sheet
from scenarios.results.funnel import Stage
from scenarios.results.incidents.gathering import Incident, incidents_of
from scenarios.results.leakage import Leakage
from scenarios.results.manifest import Manifest, read_manifest
from scenarios.results.metrics import Summary
from scenarios.results.numbers import Natural, int64
from scenarios.results.report.accounts import Booked, Bookkeeper
from scenarios.results.report.money import Flows, flows_of
from scenarios.results.run_folder import RunFolder

_Read = TypeVar("_Read")


class ReportError(Exception):
    """A report cannot be drawn; the message names the file, the place and what is wrong."""


class Asked(msgspec.Struct, frozen=True, rename={"return_": "return"}):
    """One operation of a client, as ``history.jsonl`` has it; the other fields of its line play no part here."""

    op: str
    call: Natural
    return_: Natural | None
    status: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A run. What is None has no file in its folder. Times are nanoseconds of run time."""

    manifest: Manifest
    description: str
    assumptions: tuple[Mapping[str, Any], ...]
    history: tuple[Asked, ...]
    metrics: Mapping[str, Summary]
    faults: tuple[Fault, ...]
    standings: tuple[Standing, ...]
    course: bool
    """Is there a file of the run's course?"""
    exchanges: tuple[Exchange, ...] | None
    funnel: tuple[Stage, ...] | None
    arms: Arms | None
    figures: tuple[Sheet, ...]
    flows: Flows | None
    booked: Booked | None
    incidents: tuple[Incident, ...]
    scores: tuple[Score, ...] | None
    leakage: Leakage | None
    end_ns: int


def read_facts(folder: RunFolder) -> Facts:
    """The facts of the run in ``folder``. ManifestError or ReportError where a file is malformed or not there."""
    manifest = read_manifest(folder.manifest)
    history = tuple(_lines(folder.history, msgspec.json.Decoder(Asked).decode))
    course = _if_there(folder.course, lambda path: tuple(_lines(path, msgspec.json.Decoder(Entry).decode)))
    faults = tuple(entry for entry in course or () if isinstance(entry, Fault))
    standings = tuple(entry for entry in course or () if isinstance(entry, Standing))
    description, assumptions = _scenario(folder.scenario)
    flows, booked = _if_there(folder.business, lambda path: _money(path, manifest)) or (None, None)
    ends = [manifest.run_ns or manifest.virtual_ns or 0, *_last_second(folder.metrics_table)]
    ends += [fault.at_ns for fault in faults]
    ends += [s.at_ns for s in standings] + [asked.return_ or asked.call for asked in history]
    return Facts(
        manifest=manifest,
        description=description,
        assumptions=assumptions,
        history=history,
        metrics=_whole(folder.metrics_summary, dict[str, Summary]),
        faults=faults,
        standings=standings,
        course=course is not None,
        exchanges=_if_there(folder.exchanges, lambda path: chosen(_lines(path, msgspec.json.Decoder(Exchange).decode))),
        figures=_if_there(folder.figures, lambda path: _whole(path, tuple[Sheet, ...])) or (),
        arms=_if_there(folder.arms, lambda path: _whole(path, Arms)),
        funnel=_if_there(folder.funnel, lambda path: _whole(path, tuple[Stage, ...])),
        incidents=_incidents(folder),
        flows=flows,
        booked=booked,
        scores=_if_there(folder.detection, lambda path: _whole(path, tuple[Score, ...])),
        leakage=_if_there(folder.leakage, lambda path: _whole(path, Leakage)),
        end_ns=max(ends),
    )


_entry = msgspec.json.Decoder(tuple[str, str, Any]).decode


def _money(path: Path, manifest: Manifest) -> tuple[Flows, Booked]:
    """Who paid whom, and the ledger of accounts, in one pass."""
    books = Bookkeeper(manifest.height)
    try:
        flows = flows_of(books.watching(_lines(path, _entry)), manifest.height)
    except ValueError as error:
        raise ReportError(f"{path}: {error}") from None
    return flows, books.booked


def _incidents(folder: RunFolder) -> tuple[Incident, ...]:
    try:
        return incidents_of(folder.path)
    except ExtractError as error:
        raise ReportError(str(error)) from None


def _if_there(path: Path, read: Callable[[Path], _Read]) -> _Read | None:
    return read(path) if path.exists() else None


def _lines(path: Path, decode: Callable[[bytes], _Read]) -> Iterator[_Read]:
    """Each line of ``path``, decoded."""
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):  # noqa: B007 - what is wrong is told with its line
                yield decode(line)
    except FileNotFoundError:
        raise ReportError(f"{path}: is not there, though the run's manifest is") from None
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ReportError(f"{path}:{number}: {error}") from None


def _whole(path: Path, type_: type[_Read]) -> _Read:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except FileNotFoundError:
        raise ReportError(f"{path}: is not there, though the run's manifest is") from None
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"{path}: {error}") from None


def _last_second(path: Path) -> list[int]:
    """The last times of the table of metrics: where its last second begins."""
    times = [0]
    if path.exists():
        try:
            with path.open(newline="", encoding="utf-8") as file:
                times += [int64(row["time_ns"] or "") for row in csv.DictReader(file)]
        except (OSError, ValueError, KeyError, csv.Error) as error:
            raise ReportError(f"{path}: {error}") from None
    return times[-1:]


def _scenario(path: Path) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """What the scenario says of itself, and what it assumes."""
    try:
        root = read_file(path).root
    except ScenarioInvalid as invalid:
        raise ReportError(str(invalid)) from None
    if not isinstance(root, Mapping):
        raise ReportError(f"{path}: is no scenario")
    listed = root.get("assumptions")
    entries = listed if isinstance(listed, tuple) else ()
    return str(root.get("description") or ""), tuple(entry for entry in entries if isinstance(entry, Mapping))
