"""From a text to YAML 1.2 nodes: syntax and limits.

A syntax error ends the reading, as nothing after it can be trusted; so does a text with more nodes or levels than
a scenario may have, before anything is built of it.
"""

from __future__ import annotations

import re
import warnings
from functools import partial
from io import StringIO
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import Node

from scenarios.language.problems import Mark, Problem, ScenarioInvalid, did_you_mean

KEYS_MAX = 10_000
"""Of mapping keys and sequence items together, every alias counted as often as it is used."""
DEPTH_MAX = 32
TAG_CHARACTERS_MAX = 256
"""The time that a longer one takes to read grows with the square of its length."""

_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_TAG = re.compile(rf"(?<!\S)![^\s]{{{TAG_CHARACTERS_MAX}}}")
_PLAINER = {
    "mapping values are not allowed here": "a second `: ` in one line or a wrong indentation; quote text",
    "found character '\\t' that cannot start any token": "a tab where YAML wants spaces",
    "could not find expected ':'": "a key without `:`",
}


class SourceText:
    """A text that can point at its places."""

    def __init__(self, label: str, text: str) -> None:
        self.label = label
        self.text = text
        self.lines = [line.rstrip("\r") for line in text.split("\n")]

    def at(self, line: int, column: int, length: int = 1) -> Mark:
        """The mark of a zero-based place."""
        text = self.lines[line] if line < len(self.lines) else ""
        return Mark(self.label, line, column, text, max(length, 1))

    def whole(self) -> Mark:
        """The mark of the text as a whole."""
        return Mark(self.label, -1, 0)

    def mark(self, node: Node) -> Mark:
        """Where ``node`` begins, with its length when it is one line's plain value."""
        start, end = node.start_mark, node.end_mark
        scalar = isinstance(node.value, str) and end.line == start.line
        return self.at(start.line, start.column, end.column - start.column if scalar else 1)


def compose(source: SourceText) -> Node | None:
    """The root node, or None for an empty text; ScenarioInvalid where the text is no acceptable YAML."""
    _require_characters(source)
    _require_version(source)
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = 4 * DEPTH_MAX
    yaml.Composer = partial(_Composer, source=source)  # type: ignore[assignment] # whatever makes one
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ReusedAnchorWarning)
            node: Node | None = yaml.compose(StringIO(source.text))
    except ReusedAnchorWarning as error:
        raise ScenarioInvalid([_duplicate_anchor(source, str(error))]) from None
    except (YAMLError, RecursionError) as error:
        raise ScenarioInvalid([_syntax(source, error)]) from None
    return node


class _Composer(Composer):
    """Counts as it goes, so that a hostile text costs no more than its first few thousand nodes."""

    def __init__(self, loader: Any = None, *, source: SourceText) -> None:
        super().__init__(loader)
        self._source = source
        self._nodes = 0

    def compose_scalar_node(self, anchor: Any) -> Any:
        self._count()
        return super().compose_scalar_node(anchor)

    def return_alias(self, a: Any) -> Any:
        self._count()
        return super().return_alias(a)

    def compose_mapping_node(self, anchor: Any) -> Any:
        self._require_shallow()
        return super().compose_mapping_node(anchor)

    def compose_sequence_node(self, anchor: Any) -> Any:
        self._require_shallow()
        return super().compose_sequence_node(anchor)

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > 2 * KEYS_MAX:
            self._refuse(f"more than {KEYS_MAX} keys and items")

    def _require_shallow(self) -> None:
        if self.depth > DEPTH_MAX:
            self._refuse(f"more than {DEPTH_MAX} levels")

    def _refuse(self, message: str) -> NoReturn:
        mark = self.parser.peek_event().start_mark
        raise ScenarioInvalid([Problem(self._source.at(mark.line, mark.column), (), message)])


def _require_characters(source: SourceText) -> None:
    for number, line in enumerate(source.lines):
        found = _CONTROL.search(line)
        if found:
            message = f"the character U+{ord(found.group()):04X} is not allowed"
            raise ScenarioInvalid([Problem(source.at(number, found.start()), (), message)])
        found = _LONG_TAG.search(line)
        if found:
            message = f"a tag of more than {TAG_CHARACTERS_MAX} characters begins here; scenarios hold data only"
            raise ScenarioInvalid([Problem(source.at(number, found.start()), (), message)])


def _require_version(source: SourceText) -> None:
    """Directives stand before everything else."""
    for number, line in enumerate(source.lines):
        if line.startswith("%YAML") and line.split("#")[0].split()[1:] != ["1.2"]:
            raise ScenarioInvalid(
                [Problem(source.at(number, 0), (), "scenarios are YAML 1.2; leave out the %YAML line")]
            )
        if line.strip() and line[0] not in "#%":
            return


def _syntax(source: SourceText, error: Exception) -> Problem:
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem: str = getattr(error, "problem", None) or ""
    context: str = getattr(error, "context", None) or ""
    if mark is None:
        return Problem(source.whole(), (), "is nested too deeply or is no YAML")
    if problem in _PLAINER:
        said = _PLAINER[problem]
    elif "found undefined alias" in problem:
        name = problem.split("'")[1]
        anchors = re.findall(r"&([^\s,\[\]{}]+)", source.text)
        said = f"`*{name}` refers to an anchor that is not defined above{did_you_mean(name, anchors)}"
    elif "end of stream" in problem or "<stream end>" in problem:
        mark, said = getattr(error, "context_mark", None) or mark, "what begins here is never closed"
    elif "but found another document" in problem:
        said = "a second document begins here; a scenario is one"
    else:
        said = " ".join(f"{context} {problem}".split())
    start = getattr(error, "context_mark", None)
    opened = f" (it begins in line {start.line + 1})" if start is not None and start.line != mark.line else ""
    return Problem(source.at(mark.line, mark.column), (), said + opened)


def _duplicate_anchor(source: SourceText, said: str) -> Problem:
    name = said.split("duplicate anchor ", 1)[-1].split("\n", 1)[0].strip("'")
    places = [
        (number, found.start())
        for number, line in enumerate(source.lines)
        for found in re.finditer(rf"&{re.escape(name)}(?![^\s,\[\]{{}}])", line)
    ]
    line, column = places[1] if len(places) > 1 else (0, 0)
    return Problem(source.at(line, column, len(name) + 1), (), f"the anchor `&{name}` is defined twice")
