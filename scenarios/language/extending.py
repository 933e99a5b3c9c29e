"""``extends`` and ``include``: what a scenario takes from other files, so that like scenarios tell it once.

``extends`` stands at the top and names another scenario; ``include`` stands in any mapping and names one file or
several whose keys belong there. Either way mappings are merged key by key, lists are continued, and of anything else
the scenario's own value stands; of several files, a later one's. What a run keeps of its scenario is the whole, and a
mistake is shown in the file that it is in.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from scenarios.language.composing import KEYS_MAX
from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid
from scenarios.language.reading import Document, read_file, unfit

KEY = "extends"
INCLUDE = "include"
FILES_MAX = 4
"""How far files may name each other: one that names itself ends here."""


def extended(document: Document) -> Document:
    """``document`` with all that it takes from other files, or itself. ScenarioInvalid where one cannot be read."""
    return _whole(document, 1, [KEYS_MAX])


def _whole(document: Document, files: int, left: list[int]) -> Document:
    """``left`` is how many keys and items further files may bring, all together."""
    for path in _including(document.root, ()):
        document = _taken(document, path, files, left)
    return document


def _including(root: Any, path: Path) -> list[Path]:
    """Where files are named, the innermost first, so that what stands around them is merged with the whole of it."""
    if isinstance(root, tuple):
        return [found for index, item in enumerate(root) for found in _including(item, (*path, index))]
    if not isinstance(root, dict):
        return []
    found = [place for key, item in root.items() for place in _including(item, (*path, key))]
    found += [(*path, INCLUDE)] if INCLUDE in root else []
    return found + ([(KEY,)] if not path and KEY in root else [])


def _taken(document: Document, path: Path, files: int, left: list[int]) -> Document:
    """``document`` without the key at ``path``, and with what it names under it."""
    *place, key = path
    own, names = _without(document.root, tuple(place), str(key))
    several = names if isinstance(names, tuple) and key == INCLUDE else (names,)
    if not several or not all(isinstance(name, str) for name in several):
        raise _invalid(
            document, path, "names the file of another scenario" if key == KEY else "names a file, or several"
        )
    if files >= FILES_MAX:
        raise _invalid(document, path, f"goes on through more than {FILES_MAX} files")
    folder = FilePath(document.mark(path).label).parent
    base: Document | None = None
    for name in several:
        part = _read(document, path, folder / name, files, left)
        base = part if base is None else _joined(base, part, (), part.root)
    assert base is not None, "one name at least"  # noqa: S101
    return _joined(base, document, tuple(place), own)


def _read(document: Document, path: Path, file: FilePath, files: int, left: list[int]) -> Document:
    if (message := unfit(file)) is not None:
        raise _invalid(document, path, message)
    try:
        part = _whole(read_file(file, keep=True), files + 1, left)
    except ScenarioInvalid as unread:
        if any(problem.mark.line >= 0 for problem in unread.problems):
            raise
        raise _invalid(document, path, unread.problems[0].message) from None
    if not isinstance(part.root, dict):
        raise _invalid(document, path, f"`{file.name}` is no mapping")
    left[0] -= len(part.values)
    if left[0] < 0:
        raise _invalid(document, path, f"brings more than {KEYS_MAX} keys and items in all")
    return part


def _joined(base: Document, own: Document, place: Path, root: Any) -> Document:
    """``own``, whose values are those of ``root``, with ``base`` under its mapping at ``place``."""
    continued: dict[Path, int] = {}
    inner = _at(root, place)
    merged = _merged(base.root, inner, place, continued)
    return Document(
        label=own.label,
        text=own.text,
        root=_put(root, place, merged),
        keys={**_under(base.keys, place), **_moved(own.keys, continued)},
        values={**_under(base.values, place), **_moved(own.values, continued)},
        problems=[*_problems_under(base.problems, place), *own.problems],
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


def _at(root: Any, place: Path) -> Any:
    for part in place:
        root = root[part]
    return root


def _put(root: Any, place: Path, value: Any) -> Any:
    """``root`` with ``value`` at ``place``."""
    if not place:
        return value
    head, *rest = place
    if isinstance(root, tuple):
        assert isinstance(head, int), "a place in a list"  # noqa: S101
        return (*root[:head], _put(root[head], tuple(rest), value), *root[head + 1 :])
    return {**root, head: _put(root[head], tuple(rest), value)}


def _without(root: Any, place: Path, key: str) -> tuple[Any, Any]:
    """``root`` without ``key`` in its mapping at ``place``, and what stood there."""
    mapping = dict(_at(root, place))
    value = mapping.pop(key)
    return _put(root, place, mapping), value


def _under(marks: dict[Path, Mark], place: Path) -> dict[Path, Mark]:
    """``marks`` of a file that is included at ``place``; those of its whole are left to where it is named."""
    return {(*place, *path): mark for path, mark in marks.items() if path or not place}


def _problems_under(problems: list[Problem], place: Path) -> list[Problem]:
    return [problem._replace(path=(*place, *problem.path)) for problem in problems]


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


def _invalid(document: Document, path: Path, message: str) -> ScenarioInvalid:
    return ScenarioInvalid([Problem(document.mark(path), path, f"`{path[-1]}` {message}")])
