"""Files that a scenario names, read into it: ``latency: {file: ...}``, ``replay:``, ``costs:``, ``profile:``, products.

What a run keeps of its scenario is then whole: it can be played again anywhere, and its hash covers the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any

from scenarios.language.models.network import SAMPLES_MAX
from scenarios.language.models.replay import rows_of_csv, rows_of_jsonl
from scenarios.language.problems import Path, Problem, ScenarioInvalid
from scenarios.language.products import inline_products
from scenarios.language.reading import BYTES_MAX, Document, read_file, unfit
from scenarios.language.units import UnitError, parse_duration


def inline_files(document: Document) -> list[Problem]:
    """Put the contents of files in the place of their names, in ``document.root``; what is wrong with any.

    A file's name counts from the folder of the scenario; a name alone, as ``server-core``, may be a shipped file's.
    """
    folder = FilePath(document.label).parent
    problems = []
    for path, latency in _latencies(document.root):
        try:
            samples = _samples(folder / str(latency["file"]))
        except ValueError as error:
            problems.append(Problem(document.mark((*path, "file")), (*path, "file"), str(error)))
            samples = ("1 ms",)  # so that the rest of it can be judged
        del latency["file"]
        latency.setdefault("dist", "empirical")
        latency["samples"] = samples
    problems += _inline_replays(document, folder)
    problems += inline_products(document, folder)
    network = document.root.get("network")
    for kind, path, mapping in (("costs", ("costs",), document.root), ("links", ("network", "profile"), network)):
        key = path[-1]
        if isinstance(mapping, dict) and isinstance(mapping.get(key), str):
            file = _named(folder, kind, mapping[key])
            try:
                message = unfit(file)
                if message is None:
                    mapping[key] = read_file(file).root
            except ScenarioInvalid as unread:
                message = unread.problems[0].message
            if message is not None:
                problems.append(Problem(document.mark(path), path, f"no {key}: {message}"))
    return problems


def _inline_replays(document: Document, folder: FilePath) -> list[Problem]:
    """Recorded arrivals, by their files' names."""
    problems = []
    workload = document.root.get("workload")
    for index, flow in enumerate(workload if isinstance(workload, tuple) else ()):
        arrivals = flow.get("arrivals") if isinstance(flow, dict) else None
        if not (isinstance(arrivals, dict) and isinstance(arrivals.get("replay"), str)):
            continue
        path = folder / arrivals["replay"]
        try:
            read = {".csv": rows_of_csv, ".jsonl": rows_of_jsonl}[path.suffix]
            arrivals["replay"] = {"rows": _read_rows(path, read)}
        except (KeyError, ValueError) as error:
            place: Path = ("workload", index, "arrivals", "replay")
            said = f"`{path}` is neither *.csv nor *.jsonl" if isinstance(error, KeyError) else str(error)
            problems.append(Problem(document.mark(place), place, said))
    return problems


def _read_rows(path: FilePath, read: Callable[[str], str]) -> str:
    try:
        return read(_text(path))
    except ValueError as error:
        said = str(error)
        raise ValueError(said if said.startswith("`") else f"`{path}`, {said}") from None


def _named(folder: FilePath, kind: str, name: str) -> FilePath:
    """The file of that name in the scenario's folder or, where there is none, the shipped one of configs/``kind``."""
    shipped = FilePath(str(files("configs"))) / kind / f"{name}.yaml"
    own = folder / name
    return shipped if not _is_file(own) and name == FilePath(name).name and _is_file(shipped) else own


def _is_file(path: FilePath) -> bool:
    return unfit(path) is None and path.is_file()


def _latencies(root: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every latency that names a file; those of one anchor are one mapping, and come once."""
    network = root.get("network")
    if not isinstance(network, dict):
        return
    links = network.get("links")
    places: list[tuple[Path, Any]] = [(("network", "default"), network.get("default"))]
    places += [(("network", "links", i), link) for i, link in enumerate(links if isinstance(links, tuple) else ())]
    for path, link in places:
        latency = link.get("latency") if isinstance(link, dict) else None
        if isinstance(latency, dict) and "file" in latency:
            yield (*path, "latency"), latency


def _samples(path: FilePath) -> tuple[str, ...]:
    """The durations in the file at ``path``, one a line; empty lines and what stands behind a ``#`` do not count."""
    samples = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        sample = line.partition("#")[0].strip()
        if not sample:
            continue
        try:
            parse_duration(sample)
        except UnitError as error:
            raise ValueError(f"`{path}`, line {number}: {error}") from None
        samples.append(sample)
    if not 0 < len(samples) <= SAMPLES_MAX:
        raise ValueError(f"`{path}` holds {len(samples)} durations; one to {SAMPLES_MAX} are good, evenly thinned out")
    return tuple(samples)


def _text(path: FilePath) -> str:
    """What is in the file at ``path``; ValueError where it cannot be read."""
    if (message := unfit(path)) is not None:
        raise ValueError(f"`{path}` {message}")
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text in UTF-8"
        raise ValueError(f"`{path}` cannot be read: {reason}") from None
    if len(text) > BYTES_MAX:
        raise ValueError(f"`{path}` is larger than {BYTES_MAX >> 10} KiB")
    return text
