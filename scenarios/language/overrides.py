"""``--set network.default.loss=5%``: one value of a scenario replaced from the command line."""

from __future__ import annotations

from typing import Any

from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid, did_you_mean
from scenarios.language.reading import Document, read_text

LABEL = "--set"


def apply_overrides(document: Document, overrides: tuple[str, ...]) -> Document:
    """``document`` with each "a.b=value" applied in order; in a list, an item's place from 0, or its `id`.

    The value is read as YAML, an empty one as null. Places that do not exist yet are made, so that the schema can
    judge their names.
    """
    problems: list[Problem] = []
    for text in overrides:
        key, equals, written = text.partition("=")
        mark = Mark(LABEL, 0, 0, text, max(1, len(key)))
        parts = parts_of(key)
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
        parts = where(document.root, parts)
        for old in [place for place in document.values if place[: len(parts)] == parts]:
            del document.values[old]
        document.values[parts] = Mark(LABEL, 0, len(key) + 1, text, max(1, len(written)))
        document.keys[parts] = mark
    if problems:
        raise ScenarioInvalid(problems)
    return document


def _place(items: tuple[Any, ...], head: str | int) -> int:
    """Where an item lies in its list; LookupError where none does."""
    if isinstance(head, int) and head < len(items):
        return head
    ids = [str(item["id"]) if isinstance(item, dict) and "id" in item else "" for item in items]
    if isinstance(head, str) and head in ids:
        return ids.index(head)
    near = did_you_mean(str(head), filter(None, ids))
    raise LookupError(f"`{head}` is no place in a list of {len(items)} (they count from 0){near}")


def _put(document: Document, parts: Path, value: Any) -> str | None:
    """Put ``value`` at ``parts``; why it cannot be, or None."""
    try:
        document.root = placed(document.root, parts, value)
    except LookupError as error:
        return str(error.args[0])
    return None


def parts_of(key: str) -> Path:
    """("a.0.b") -> ("a", 0, "b")."""
    return tuple(int(part) if part.isdigit() else part for part in key.strip().split("."))


def where(root: Any, parts: Path) -> Path:
    """``parts`` with the places of list items that are named by their `id`, as far as ``root`` has them."""
    found: list[str | int] = []
    for part in parts:
        place: str | int = part
        if isinstance(root, tuple):
            try:
                place = _place(root, part)
            except LookupError:
                root = None
        found.append(place)
        try:
            root = root[place]
        except (LookupError, TypeError):
            root = None
    return tuple(found)


def placed(node: Any, parts: Path, value: Any) -> Any:
    """``node`` with ``value`` at ``parts``; LookupError where that is no place."""
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(node, tuple):
        place = _place(node, head)
        return (*node[:place], placed(node[place], rest, value), *node[place + 1 :])
    if node is None or isinstance(node, dict):
        inner = (node or {}).get(str(head))
        return {**(node or {}), str(head): placed(inner, rest, value)}
    raise LookupError(f"`{head}` lies inside a plain value")
