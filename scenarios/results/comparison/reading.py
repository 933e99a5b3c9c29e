"""What lies at a path that is to be compared: one run, a folder of runs, or a sweep.

Measures go by cell (what a sweep's matrix sets; empty for runs) and seed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from scenarios.failures import FailureError
from scenarios.language.problems import ScenarioInvalid, path_text
from scenarios.language.reading import read_file
from scenarios.results.flat import flat_measures, flat_units
from scenarios.results.manifest import Manifest, ManifestError, read_manifest
from scenarios.results.metrics import Summary
from scenarios.results.numbers import int64
from scenarios.results.run_folder import RunFolder

TABLE, SUMMARY = "runs.csv", "summary.csv"
_BYTES_MAX = 256 << 20
_FACTS_END = "event_sha256"
"""The last column of a sweep's table before its measures."""
_JUDGED = ("pass", "fail")
_UNSETTLED = ("run.seed", "description")
"""Settings in which runs that are put together may differ."""

Cell = tuple[tuple[str, str], ...]
"""Path and value of each setting."""


class Side(msgspec.Struct, kw_only=True):
    """One of the two. ``facts`` and ``settings`` are empty where the files do not tell them, or runs differ in them."""

    label: str
    facts: dict[str, str] = {}  # of the manifest
    settings: dict[str, str] = {}  # of the scenario, by path
    cells: dict[Cell, dict[int, dict[str, int]]] = {}  # then seed, then "measure.statistic"
    units: dict[str, str] = {}  # by measure


def read_side(path: Path) -> Side:
    """What lies at ``path``; FailureError where that is nothing that can be compared."""
    try:
        if path.is_file():
            return _sweep(path, path)
        if (path / TABLE).is_file():
            return _sweep(path, path / TABLE)
        if (path / "manifest.json").is_file():
            return _runs(path, [path])
        found = sorted(one.parent for one in path.glob("*/manifest.json") if not one.parent.is_symlink())
    except OSError as error:
        raise FailureError(f"{path}: cannot be read: {error.strerror}") from None
    if not found:
        raise FailureError(f"{path}: is neither a run's folder, nor one of runs, nor a sweep's (with {TABLE})")
    return _runs(path, found)


def _runs(path: Path, folders: Iterable[Path]) -> Side:
    """Runs of one scenario by seed; of two with one seed, which are the same run, the later."""
    side = Side(label=str(path), cells={(): {}})
    facts, settings = [], []
    for folder in folders:
        manifest = _manifest(folder)
        summaries = _summaries(RunFolder(folder).metrics_summary)
        facts.append(_facts(manifest))
        settings.append(_settings(RunFolder(folder).scenario))
        _require_alike(settings[0], settings[-1], folder)
        side.cells[()][manifest.seed] = flat_measures(summaries, manifest.run_ns or manifest.virtual_ns)
        side.units |= flat_units(summaries)
    side.facts, side.settings = _common(facts), _common(settings)
    return side


def _require_alike(first: Mapping[str, str], found: Mapping[str, str], folder: Path) -> None:
    """FailureError where a mean over both would be of different scenarios."""
    for name in dict.fromkeys((*first, *found)):
        if first.get(name) != found.get(name) and name not in _UNSETTLED:
            raise FailureError(
                f"{folder}: its scenario has another `{name}` than the other runs beside it: no mean is over both; "
                "compare the runs one by one, or keep those of one scenario in a folder of their own"
            )


def _manifest(folder: Path) -> Manifest:
    try:
        return read_manifest(RunFolder(folder).manifest)
    except ManifestError as error:
        raise FailureError(str(error)) from None


def _summaries(path: Path) -> dict[str, Summary]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Summary])
    except FileNotFoundError:
        raise FailureError(f"{path}: there is no such file; did the run end?") from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise FailureError(f"{path}: holds no measures: {error}") from None


def _facts(manifest: Manifest) -> dict[str, str]:
    plain = msgspec.to_builtins(manifest)
    versions, height = plain.pop("versions"), plain.pop("height")
    for name in ("format", "argv", "started", "finished", "expectations", "head", "state_root"):
        del plain[name]
    if manifest.run_ns is not None:
        del plain["virtual_ns"]  # the same once more
    plain["height"] = max(height.values(), default=0)
    plain |= {f"version of {name}": version for name, version in versions.items()}
    expected = {f"expected {one.name}": one.verdict for one in manifest.expectations}
    return {name: str(value) for name, value in {**plain, **expected}.items() if value is not None}


def _settings(path: Path) -> dict[str, str]:
    """Every plain value of the scenario by its path; nothing where it cannot be read."""
    try:
        root = read_file(path).root
    except ScenarioInvalid:
        return {}
    return {path_text(place): str(value) for place, value in _leaves(root, ())}


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterable[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, tuple) and value:
        for place, item in enumerate(value):
            yield from _leaves(item, (*path, place))
    else:
        yield path, value


def _common(found: list[dict[str, str]]) -> dict[str, str]:
    """What all have, and alike."""
    first, *others = found
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _sweep(path: Path, table: Path) -> Side:
    """A sweep's table; its units stand in the summary beside it."""
    side = Side(label=str(path), units=_units(table.with_name(SUMMARY)))
    outcomes: dict[str, int] = {}
    seen: set[tuple[Cell, int]] = set()
    for number, record in _records(table):
        try:
            labels, seed, measures = _parted(record)
        except ValueError as error:
            raise FailureError(f"{table}:{number}: {error}") from None
        outcomes[record["outcome"]] = outcomes.get(record["outcome"], 0) + 1
        if (labels, seed) in seen:
            raise FailureError(f"{table}:{number}: seed {seed} stands in this cell twice; which run is meant?")
        seen.add((labels, seed))
        if record["outcome"] in _JUDGED:
            side.cells.setdefault(labels, {})[seed] = measures
    side.facts = {f"outcome {name}": str(count) for name, count in sorted(outcomes.items())}
    return side


def _records(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    """Each line by column, with its number."""
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise FailureError(f"{path}: is larger than {_BYTES_MAX >> 20} MiB")
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True, restkey="")
            header = reader.fieldnames or ()
            columns = set(header)
            if len(columns) < len(header):
                raise FailureError(f"{path}: has two columns of one name")
            if not {"seed", "outcome", _FACTS_END} <= columns:
                raise FailureError(f"{path}: is no table of a sweep: it has no columns seed, outcome and {_FACTS_END}")
            for record in reader:
                if "" in record or None in record.values():
                    raise FailureError(f"{path}:{reader.line_num}: has another number of cells than the header")
                yield reader.line_num, record
    except (UnicodeDecodeError, csv.Error) as error:
        raise FailureError(f"{path}: is no table of comma-separated values: {error}") from None


def _parted(record: Mapping[str, str]) -> tuple[Cell, int, dict[str, int]]:
    """What was set, the seed, and the measures there are. ValueError where a number is none."""
    columns = list(record)
    labels = tuple((name, record[name]) for name in columns[: columns.index("seed")])
    measures = columns[columns.index(_FACTS_END) + 1 :]
    return labels, int64(record["seed"]), {name: int64(record[name]) for name in measures if record[name]}


def _units(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {
                record["measure"].rpartition(".")[0]: record["unit"]
                for record in csv.DictReader(file)
                if record.get("measure") and record.get("unit") not in {None, "", "events", "uHz"}
            }
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
