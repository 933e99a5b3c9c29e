"""What is wrong with a scenario, said so that its author can mend it at once.

Every problem names a place, ``file:line:col: path: what is wrong; did you mean ...``, and quotes the line with a
caret under the spot. All problems of a file are reported together.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

PROBLEMS_SHOWN_MAX = 50
_LINE_SHOWN_MAX = 160
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

Path = tuple[str | int, ...]
"""Where a value lies: keys and positions from the top, as in ("faults", 0, "at")."""


class Severity(StrEnum):
    """Errors refuse the scenario; warnings only speak."""

    ERROR = "error"
    WARNING = "warning"


class Mark(NamedTuple):
    """A spot in a text: its label (a file's name, or the option it came from), zero-based line and column.

    A negative line means the text as a whole.
    """

    label: str
    line: int
    column: int
    text: str = ""  # the whole line
    length: int = 1  # how many characters the caret underlines


class Problem(NamedTuple):
    """One thing wrong at one place. ``path`` is empty where the text as a whole is meant."""

    mark: Mark
    path: Path
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = self.mark.label
        if self.mark.line >= 0:
            where += f":{self.mark.line + 1}:{self.mark.column + 1}"
        kind = "warning: " if self.severity is Severity.WARNING else ""
        path = f"{path_text(self.path)}: " if self.path else ""
        head = f"{where}: {kind}{path}{self.message}"
        quote = _quote(self.mark)
        return visible(f"{head}\n{quote}" if quote else head)


class ScenarioInvalid(Exception):  # noqa: N818 -- reads as what it says in `raises` and `except`
    """A scenario was refused; ``problems`` says why, in order of place, errors and warnings."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_order))
        super().__init__(render(self.problems))


def render(problems: Iterable[Problem]) -> str:
    """All problems as one text, the first :data:`PROBLEMS_SHOWN_MAX` of them in full."""
    listed = list(problems)
    shown = [str(problem) for problem in listed[:PROBLEMS_SHOWN_MAX]]
    if len(listed) > PROBLEMS_SHOWN_MAX:
        shown.append(f"... and {len(listed) - PROBLEMS_SHOWN_MAX} more problems")
    return "\n".join(shown)


def path_text(path: Path) -> str:
    """("faults", 0, "at") -> "faults[0].at"."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def visible(text: str) -> str:
    """``text`` with control characters but the line's end made visible, so that none reaches a terminal."""
    return _CONTROL.sub("·", text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The suggestion to append to a message: "; did you mean `x`?", or nothing when no name is near."""
    names = list(known)
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    return f"; did you mean `{lowered[near[0]]}`?" if near else ""


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    mark = problem.mark
    return mark.label, mark.line, mark.column, path_text(problem.path), problem.message


def _quote(mark: Mark) -> str:
    """The line and a caret under the spot; tabs and double-width characters keep the caret where it belongs."""
    if not mark.text.strip() or mark.column > _LINE_SHOWN_MAX:
        return ""
    text = mark.text[:_LINE_SHOWN_MAX].replace("\t", " ")
    gutter = f"{mark.line + 1:>5} | "
    before = " " * _width(text[: mark.column])
    under = "^" * max(1, _width(text[mark.column : mark.column + mark.length]))
    return f"{gutter}{text}\n{'      | '}{before}{under}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
