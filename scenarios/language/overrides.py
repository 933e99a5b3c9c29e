"""``--set network.default.loss=5%``: one value of a scenario replaced from the command line."""

from __future__ import annotations

from typing import Any

from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid
from scenarios.language.reading import Document, read_text

LABEL = "--set"


def apply_overrides(document: Document, overrides: tuple[str, ...]) -> Document:
    """``document`` with each "a.b=value" applied in order; a number in the path is a place in a list.

    The value is read as YAML, an empty one as null. Places that do not exist yet are made, so that the schema can
    judge their names.
    """
    problems: list[Problem] = []
    for text in overrides:
        key, equals, written = text.partition("=")
        mark = Mark(LABEL, 0, 0, text, max(1, len(key)))
        parts: Path = tuple(int(part) if part.isdigit() else part for part in key.strip().split("."))
        if not equals or not all(str(part) for part in parts):
            problems.append(Problem(mark, (), "write it like `network.default.loss=5%`"))
            continue
        try:
            value = read_text(written, LABEL).root if written.strip() else None
        except ScenarioInvalid as refused:
            problems.append(Problem(mark, parts, f"the value is no YAML: {refused.problems[0].message}"))
            continue
        message = _put(document, parts, value)
        if message:
            problems.append(Problem(mark, parts, message))
            continue
        for old in [place for place in document.values if place[: len(parts)] == parts]:
            del document.values[old]
        document.values[parts] = Mark(LABEL, 0, len(key) + 1, text, max(1, len(written)))
        document.keys[parts] = mark
    if problems:
        raise ScenarioInvalid(problems)
    return document


def _put(document: Document, parts: Path, value: Any) -> str | None:
    """Put ``value`` at ``parts``; why it cannot be, or None."""
    try:
        document.root = _placed(document.root, parts, value)
    except LookupError as error:
        return str(error.args[0])
    return None


def _placed(node: Any, parts: Path, value: Any) -> Any:
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(node, tuple):
        if not isinstance(head, int) or head >= len(node):
            raise LookupError(f"`{head}` is no place in a list of {len(node)} (they count from 0)")
        return (*node[:head], _placed(node[head], rest, value), *node[head + 1 :])
    if node is None or isinstance(node, dict):
        inner = (node or {}).get(str(head))
        return {**(node or {}), str(head): _placed(inner, rest, value)}
    raise LookupError(f"`{head}` lies inside a plain value")
