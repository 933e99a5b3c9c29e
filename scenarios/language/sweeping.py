"""``sweep`` held against the scenario: every path must lead somewhere, and every value be one that may stand there.

Each setting is tried by itself, on the scenario as it is; whether a whole cell makes sense shows when it is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from scenarios.language.assumptions import substitute
from scenarios.language.models.sweep import Sweep
from scenarios.language.overrides import parts_of, placed, where
from scenarios.language.problems import Path, Problem, Severity, path_text
from scenarios.language.reading import Document
from scenarios.language.repeating import repeated
from scenarios.language.schema import Scenario
from scenarios.language.verdicts import problems_of

_NOT_SWEPT = {
    "run.seed": "seeds are counted by `repeat`, from `run.seed` on",
    "run.mode": "a sweep is played in virtual time",
    "name": "every run of a sweep has the scenario's name",
    "version": "there is one version of the language",
    "sweep": "a sweep does not change itself",
    "extends": "`extends` stands in the file, and cannot be set",
}

Judge = Callable[[Scenario, Document], list[Problem]]


def judge_sweep(sweep: Sweep, document: Document, judge: Judge) -> list[Problem]:
    """Everything wrong with the settings of ``sweep``; ``judge`` finds what a scenario gets wrong beyond its form."""
    base = {key: value for key, value in document.root.items() if key != "sweep"}
    problems = []
    for setting, path, value in _settings(sweep):
        place = setting
        message = _NOT_SWEPT.get(path) or _NOT_SWEPT.get(path.partition(".")[0])
        found = message or _wrong(base, document, path, value, judge)
        if found and (message or _is_of_the_path(found)) and place[1] == "matrix":
            place = place[:-1]  # whatever the value: told once, at the path
        if found:
            problems.append(Problem(document.mark(place, key=isinstance(place[-1], str)), place, found))
    return list(dict.fromkeys(problems))


def _settings(sweep: Sweep) -> Iterator[tuple[Path, str, Any]]:
    """(place, path, value) of each setting; those excluded are settings of the matrix."""
    for path, values in sweep.matrix.items():
        for index, value in enumerate(values):
            yield ("sweep", "matrix", path, index), path, value
    for arm, settings in (sweep.pair or {}).items():
        for path, value in settings.items():
            yield ("sweep", "pair", arm, path), path, value


def _is_of_the_path(message: str) -> bool:
    return message.startswith("unknown key") or "is no place in a list" in message


def _wrong(base: dict[str, Any], document: Document, path: str, value: Any, judge: Judge) -> str | None:
    """What is wrong with ``value`` at ``path``, or None."""
    try:
        root = placed(base, parts_of(path), value)
    except LookupError as error:
        return str(error.args[0])
    parts = where(root, parts_of(path))
    whole, _ = repeated(Document(label=document.label, text="", root=root, keys={}, values={}))
    resolved, _ = substitute(whole.root)
    tried = Document(label=document.label, text="", root=resolved, keys={}, values={})
    try:
        scenario = Scenario.model_validate(resolved)
    except ValidationError as error:
        found = problems_of(error, tried, ())
    else:
        found = [problem for problem in judge(scenario, tried) if problem.severity is Severity.ERROR]
    for problem in found:
        if _concerns(problem.path, parts):
            at = f"{path_text(problem.path)}: " if problem.path != parts else ""
            return at + problem.message
    return None


def _concerns(path: Path, parts: Path) -> bool:
    """Is the one within the other? What a setting makes wrong elsewhere, another may make right again."""
    return path[: len(parts)] == parts or (bool(path) and parts[: len(path)] == path)
