"""``extends``: a scenario that adds to another file, so that like scenarios tell once what they have in common.

Mappings are merged key by key, lists are continued, and of anything else the scenario's own value stands. What a run
keeps of its scenario is the whole, and a mistake is shown in the file that it is in.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid
from scenarios.language.reading import Document, read_file

KEY = "extends"
FILES_MAX = 4
"""Of one scenario: a file that extends itself ends here."""


def extended(document: Document, files: int = 1) -> Document:
    """``document`` with what it extends, or itself. ScenarioInvalid where the other file cannot be read."""
    if not isinstance(document.root, dict) or KEY not in document.root:
        return document
    own = dict(document.root)
    name = own.pop(KEY)
    if not isinstance(name, str):
        raise _invalid(document, "names the file of another scenario")
    if files >= FILES_MAX:
        raise _invalid(document, f"goes on through more than {FILES_MAX} files")
    try:
        base = extended(read_file(FilePath(document.label).parent / name), files + 1)
    except ScenarioInvalid as unread:
        if any(problem.mark.line >= 0 for problem in unread.problems):
            raise
        raise _invalid(document, unread.problems[0].message) from None
    if not isinstance(base.root, dict):
        raise _invalid(document, f"`{name}` is no mapping")
    continued: dict[Path, int] = {}
    root = _merged(base.root, own, (), continued)
    return Document(
        label=document.label,
        text=document.text,
        root=root,
        keys={**base.keys, **_moved(document.keys, continued)},
        values={**base.values, **_moved(document.values, continued)},
    )


def _merged(base: Any, own: Any, path: Path, continued: dict[Path, int]) -> Any:
    """``own`` over ``base``; notes how long the lists were that it continues."""
    if isinstance(base, dict) and isinstance(own, dict):
        merged = dict(base)
        for key, value in own.items():
            merged[key] = _merged(base[key], value, (*path, key), continued) if key in base else value
        return merged
    if isinstance(base, tuple) and isinstance(own, tuple):
        continued[path] = len(base)
        return base + own
    return own


def _moved(marks: dict[Path, Mark], continued: dict[Path, int]) -> dict[Path, Mark]:
    """``marks`` by where their values stand in the whole."""
    return {_place(path, continued): mark for path, mark in marks.items()}


def _place(path: Path, continued: dict[Path, int]) -> Path:
    for length in range(len(path)):
        count = continued.get(path[:length])
        index = path[length]
        if count is not None and isinstance(index, int):
            return (*path[:length], index + count, *path[length + 1 :])
    return path


def _invalid(document: Document, message: str) -> ScenarioInvalid:
    return ScenarioInvalid([Problem(document.mark((KEY,)), (KEY,), f"`{KEY}` {message}")])
