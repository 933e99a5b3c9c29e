"""From a scenario's file to a :class:`~scenarios.language.schema.Scenario`, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from io import StringIO
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from scenarios.language.assumptions import substitute
from scenarios.language.extending import KEY, extended
from scenarios.language.inlining import inline_files
from scenarios.language.overrides import apply_overrides
from scenarios.language.problems import Problem, ScenarioInvalid, Severity
from scenarios.language.reading import Document, read_file, read_text
from scenarios.language.repeating import repeated
from scenarios.language.schema import Origin, Scenario
from scenarios.language.semantics import judge
from scenarios.language.sweeping import judge_sweep
from scenarios.language.verdicts import problems_of


def load_scenario(path: FilePath | str, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario in the file at ``path`` with ``overrides`` ("run.seed=7") applied in order.

    Raises ScenarioInvalid with every problem found, each at its place. Warnings are in ``origin.warnings``.
    """
    return _scenario(_overridden(read_file(FilePath(path), keep=True), overrides))


def parse_scenario(text: str, label: str = "<scenario>", overrides: Sequence[str] = ()) -> Scenario:
    """Like :func:`load_scenario`, from a text."""
    return _scenario(_overridden(read_text(text, label, keep=True), overrides))


def _overridden(document: Document, overrides: Sequence[str]) -> Document:
    """The whole of ``document``, with overrides on top: a place in a list is one in the whole list."""
    whole = apply_overrides(extended(document), tuple(overrides))
    if isinstance(whole.root, dict) and KEY in whole.root:
        raise ScenarioInvalid([Problem(whole.mark((KEY,)), (KEY,), f"`{KEY}` stands in the file, and cannot be set")])
    return whole


def _scenario(document: Document) -> Scenario:
    if not isinstance(document.root, dict):
        raise ScenarioInvalid(
            [*document.problems, Problem(document.mark(()), (), "a scenario is a mapping that begins `version: 1`")]
        )
    problems = [*document.problems, *inline_files(document)]
    whole, wrong = repeated(document)
    if wrong:  # what else is wrong with a story that is not whole, nobody can tell
        raise ScenarioInvalid([*problems, *wrong])
    resolved, undeclared = substitute(whole.root)
    problems += [Problem(whole.mark(path), path, message) for path, message in undeclared]
    known = [problem.path for problem in problems if problem.path]
    try:
        scenario = Scenario.model_validate(resolved)
    except ValidationError as error:
        shown = Document(label=whole.label, text=whole.text, root=resolved, keys=whole.keys, values=whole.values)
        raise ScenarioInvalid(problems + problems_of(error, shown, known)) from None
    problems += judge(scenario, whole)
    if scenario.sweep is not None:
        problems += judge_sweep(scenario.sweep, document, judge)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ScenarioInvalid(problems)
    text = dump(document.root)
    origin = Origin(
        label=document.label,
        resolved=text,
        sha256=sha256(text.encode()).hexdigest(),
        warnings=tuple(problems),
        marks={path: whole.mark(path) for path in whole.values},
    )
    scenario._origin = origin  # noqa: SLF001 -- frozen from here on
    return scenario


def dump(root: Any) -> str:
    """``root`` as YAML in the order it was written, without anchors."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # ruamel's hint says None
    yaml.width = 120
    yaml.representer.ignore_aliases = lambda _: True
    yaml.representer.add_representer(
        Decimal, lambda representer, value: representer.represent_scalar("tag:yaml.org,2002:float", str(value))
    )
    stream = StringIO()
    yaml.dump(_lists(root), stream)
    return stream.getvalue()


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_lists(item) for item in value]
    return value
