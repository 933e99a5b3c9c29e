"""``repeat``: one step of a story written for many.

```yaml
- repeat: {n: 1..200, insurer: [insurer-1, insurer-2]}
  id: bind-{n}
  who: "{insurer}"
```

The longest list says how many steps there are; a shorter one begins anew. ``{n}`` stands for the value in any text of
the step, ``{n+1}`` and ``{n-1}`` for its neighbours where it is a number. Where a text is nothing but ``{n}``, and the
value is no number, it becomes the value itself, be it a list. What a run keeps of its scenario is the short form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenarios.language.problems import Mark, Path, Problem, did_you_mean
from scenarios.language.reading import Document

KEY = "repeat"
STEPS_MAX = 5_000
"""Steps that all repetitions of a story make together."""

_RANGE = re.compile(r"^([0-9]{1,6})\.\.([0-9]{1,6})$")
_PLACE = re.compile(r"\{([a-z][a-z0-9_-]*?)(?:([+-])([0-9]{1,4}))?\}")


class _CannotError(ValueError):
    """``path`` is the place within the step."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


def repeated(document: Document) -> tuple[Document, list[Problem]]:
    """``document`` with every repeated step told as often as it happens, and what is wrong with any.

    Each step made keeps the place of the one that was written.
    """
    story = document.root.get("story")
    if not isinstance(story, tuple) or not any(isinstance(step, dict) and KEY in step for step in story):
        return document, []
    told: list[Any] = []
    came_from: list[int] = []
    problems: list[Problem] = []
    for index, step in enumerate(story):
        try:
            steps = _told(step, STEPS_MAX - len(told))
        except _CannotError as error:
            path: Path = ("story", index, *error.path)
            problems.append(Problem(document.mark(path), path, str(error)))
            steps = []
        told += steps
        came_from += [index] * len(steps)
    whole = Document(
        label=document.label,
        text=document.text,
        root={**document.root, "story": tuple(told)},
        keys=_moved(document.keys, came_from),
        values=_moved(document.values, came_from),
        problems=document.problems,
    )
    return whole, problems


def _told(step: Any, left: int) -> list[Any]:
    if not isinstance(step, dict) or KEY not in step:
        return [step]
    given = step[KEY]
    if not isinstance(given, dict) or not given:
        raise _CannotError((KEY,), "names what changes and its values, like `{n: 1..200}` or `{who: [a, b]}`")
    lists = {str(name): _values(str(name), values) for name, values in given.items()}
    times = max(len(values) for values in lists.values())
    if times > left:
        raise _CannotError((KEY,), f"a story's repetitions make at most {STEPS_MAX} steps together")
    rest = {key: value for key, value in step.items() if key != KEY}
    return [
        _filled(rest, {name: values[number % len(values)] for name, values in lists.items()}, ())
        for number in range(times)
    ]


def _values(name: str, given: Any) -> tuple[Any, ...]:
    if isinstance(given, tuple) and given:
        return given
    found = _RANGE.match(given) if isinstance(given, str) else None
    if found is None:
        raise _CannotError((KEY, name), "must be a range like `1..200` or a list of values")
    first, last = int(found[1]), int(found[2])
    if not first <= last < first + STEPS_MAX:
        raise _CannotError((KEY, name), f"a range goes upwards, over at most {STEPS_MAX} numbers")
    return tuple(range(first, last + 1))


def _filled(value: Any, now: Mapping[str, Any], path: Path) -> Any:
    """``value`` with what stands for the names of ``now``."""
    if isinstance(value, dict):
        return {key: _filled(item, now, (*path, key)) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_filled(item, now, (*path, index)) for index, item in enumerate(value))
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    if whole is not None:
        found = _value(whole, now, path)
        return str(found) if type(found) is int else found
    return _PLACE.sub(lambda found: str(_value(found, now, path)), value)


def _value(found: re.Match[str], now: Mapping[str, Any], path: Path) -> Any:
    name, sign, by = found.groups()
    if name not in now:
        near = did_you_mean(name, now) or f"; there are: {', '.join(now)}"
        raise _CannotError(path, f"`{{{name}}}` is no name under `repeat`{near}")
    value = now[name]
    if sign is None:
        return value
    if not isinstance(value, int):
        raise _CannotError(path, f"`{found.group()}`: `{name}` is no number")
    return value + int(by) if sign == "+" else value - int(by)


def _moved(marks: Mapping[Path, Mark], came_from: list[int]) -> dict[Path, Mark]:
    """``marks`` by where the steps stand now."""
    inside: dict[int, list[tuple[Path, Mark]]] = {}
    moved: dict[Path, Mark] = {}
    for path, mark in marks.items():
        if path[:1] == ("story",) and len(path) > 1 and isinstance(path[1], int):
            inside.setdefault(path[1], []).append((path[2:], mark))
        else:
            moved[path] = mark
    for index, origin in enumerate(came_from):
        moved.update({("story", index, *rest): mark for rest, mark in inside.get(origin, ())})
    return moved
