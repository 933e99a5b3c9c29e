"""From a file's bytes to plain values and the place of each: YAML 1.2, safely and exactly.

Nodes are converted here rather than by a YAML library's constructor, for four reasons: every value keeps its
place; a number with decimals stays exact (``Decimal``); aliases are counted as often as they are expanded, so
that a bomb of them is refused; and no tag can ask for an object. YAML 1.1's traps are gone with YAML 1.1: ``NO``
is a word, ``12:30`` is not 750; ``010``, which was eight and is ten, is refused. Keys that begin with ``x-`` are
dropped: a home for anchors.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from stat import S_ISDIR, S_ISREG
from typing import Any

import msgspec
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scenarios.language.composing import DEPTH_MAX, KEYS_MAX, SourceText, compose
from scenarios.language.problems import Mark, Path, Problem, ScenarioInvalid, did_you_mean

BYTES_MAX = 1 << 20
NO_NAME = "is no file's name"

_TAG = "tag:yaml.org,2002:"
_OCTAL_ONCE = re.compile(r"^[+-]?0[0-9_]+$")
"""What YAML 1.1 read as an octal number, and 1.2 as a decimal one."""
_TEXTS = {"str", "value", "timestamp", "merge"}  # a date stays as written; the key that wants one reads it


class Document(msgspec.Struct, kw_only=True):
    """A text as values and places. ``keys`` holds where each key was written, ``values`` each value.

    ``root`` is made of dict, tuple, str, int, Decimal, bool and None. ``problems`` are what was wrong with single keys
    and values, which are left out or None: of a reader who wants to go on, and find what else is wrong.
    """

    label: str
    text: str
    root: Any
    keys: dict[Path, Mark]
    values: dict[Path, Mark]
    problems: list[Problem] = []

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """The place of ``path``, or of the nearest thing above it that has one.

        That is where the value begins; its key's place if ``key`` is set or the value begins in a later line.
        """
        while path and path not in self.values:
            path = path[:-1]
        value = self.values.get(path) or Mark(self.label, -1, 0)
        name = self.keys.get(path)
        return name if name is not None and (key or name.line < value.line) else value


def read_file(path: FilePath, *, keep: bool = False) -> Document:
    """The document in the file at ``path``; ScenarioInvalid where there is none that may be read.

    ``keep``: what is wrong with single values is kept with the document.
    """
    label = str(path)
    try:
        if path.is_dir():
            raise _whole(label, "is a folder; name a scenario file (*.yaml)")
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        near = did_you_mean(path.name, _neighbours(path))
        raise _whole(label, f"there is no such file{near}") from None
    except OSError as error:
        raise _whole(label, f"cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise _whole(label, NO_NAME) from None
    return read_bytes(raw, label, keep=keep)


def unfit(path: FilePath) -> str | None:
    """Why no scenario may name the file at ``path``; None where it may, or none is there.

    Reading a pipe or a device might never end.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ValueError:
        return NO_NAME
    return None if S_ISREG(mode) or S_ISDIR(mode) else "is no plain file"


def read_bytes(raw: bytes, label: str, *, keep: bool = False) -> Document:
    """The document in ``raw``."""
    if len(raw) > BYTES_MAX:
        raise _whole(label, f"is larger than {BYTES_MAX >> 10} KiB, the most a scenario may have")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _whole(label, f"is no text in UTF-8 (byte {error.start})") from None
    return read_text(text, label, keep=keep)


def read_text(text: str, label: str, *, keep: bool = False) -> Document:
    """The document in ``text``; all duplicate keys and refused values are reported together, or kept."""
    source = SourceText(label, text)
    node = compose(source)
    reader = _Reader(source)
    root = reader.read(node) if node is not None else {}
    if reader.problems and (reader.stopped or not keep):
        raise ScenarioInvalid(reader.problems)
    return Document(label=label, text=text, root=root, keys=reader.keys, values=reader.values, problems=reader.problems)


class _TooMuchError(Exception):
    """The document expands to more than it may; nothing further is read."""


class _Reader:
    """Turns nodes into values. ``count`` is how many keys and items were taken, aliases expanded."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.keys: dict[Path, Mark] = {}
        self.values: dict[Path, Mark] = {}
        self.problems: list[Problem] = []
        self.count = 0
        self.stopped = False
        self.open: list[Node] = []

    def read(self, node: Node) -> Any:
        try:
            return self._value(node, ())
        except _TooMuchError:
            self.stopped = True
            return {}

    def _value(self, node: Node, path: Path) -> Any:
        self.values.setdefault(path, self.source.mark(node))
        if any(node is above for above in self.open):
            return self._refuse(node, path, "contains itself; an anchor may not hold its own alias")
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        if node.tag not in {f"{_TAG}map", f"{_TAG}seq"}:
            return self._refuse_tag(node, path)
        self.open.append(node)
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, path)
            assert isinstance(node, SequenceNode)  # noqa: S101 -- its tag says so
            return self._sequence(node, path)
        finally:
            self.open.pop()

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        merges = 0
        for key_node, value_node in node.value:
            self._take(key_node, path)
            if key_node.tag == f"{_TAG}merge":
                merges += 1
                if merges > 1:
                    self._refuse(key_node, path, "duplicate key `<<`; merge several by one list, `<<: [*one, *other]`")
                self._merge(value_node, path, merged)
                continue
            key = self._key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in own:
                self._refuse(key_node, here, f"duplicate key; it stands in line {self.keys[here].line + 1} already")
                continue
            self.keys[here] = self.source.mark(key_node)
            if key.startswith("x-"):
                own[key] = self._value(value_node, here)  # read for its mistakes and size, then forgotten
                continue
            self.values.pop(here, None)
            own[key] = self._value(value_node, here)
        kept = {key: value for key, value in own.items() if not key.startswith("x-")}
        return {**{key: value for key, value in merged.items() if key not in own}, **kept}

    def _merge(self, node: Node, path: Path, into: dict[str, Any]) -> None:
        """``<<: *anchor``: a mapping's own keys win over merged ones, earlier merges over later ones."""
        for source in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(source, MappingNode):
                self._refuse(source, path, "`<<` merges mappings only")
                continue
            for key, item in (self._value(source, path) or {}).items():
                into.setdefault(key, item)

    def _sequence(self, node: SequenceNode, path: Path) -> tuple[Any, ...]:
        items = []
        for index, item in enumerate(node.value):
            self._take(item, path)
            items.append(self._value(item, (*path, index)))
        return tuple(items)

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        text: str = node.value
        kind = str(node.tag).removeprefix(_TAG)
        if kind in _TEXTS:
            return text
        if kind in {"null", "bool"}:
            return text.lower() == "true" if kind == "bool" else None
        if kind not in {"int", "float"}:
            return self._refuse_tag(node, path)
        if kind == "int" and _OCTAL_ONCE.match(text):
            return self._refuse(node, path, _octal_once(text))
        try:
            return _integer(text) if kind == "int" else _exact(text)
        except (ValueError, InvalidOperation):
            return self._refuse(node, path, f"`{text[:40]}` is no number that a scenario may hold")

    def _key(self, node: Node, path: Path) -> str | None:
        if not isinstance(node, ScalarNode) or not str(node.tag).startswith(_TAG):
            self._refuse(node, path, "a key must be plain text")
            return None
        return str(node.value)

    def _take(self, node: Node, path: Path) -> None:
        self.count += 1
        message = ""
        if self.count > KEYS_MAX:
            message = f"more than {KEYS_MAX} keys and items, aliases counted as often as they are used"
        elif len(path) >= DEPTH_MAX:
            message = f"more than {DEPTH_MAX} levels"
        if message:
            self.problems.append(Problem(self.source.mark(node), (), message))
            raise _TooMuchError

    def _refuse_tag(self, node: Node, path: Path) -> None:
        self._refuse(
            node, path, f"the tag `{str(node.tag).removeprefix(_TAG)}` is not allowed; scenarios hold data only"
        )

    def _refuse(self, node: Node, path: Path, message: str) -> None:
        self.problems.append(Problem(self.source.mark(node), path, message))


def _octal_once(text: str) -> str:
    digits = text.replace("_", "").lstrip("+-0") or "0"
    octal = str(int(digits, 8)) if not set("89") & set(digits) else digits
    once = f" and was {octal[:40]} in YAML 1.1" if octal != digits else ""
    return f"`{text[:40]}` is {digits[:40]} in YAML 1.2{once}; leave out the leading zeros"


def _integer(text: str) -> int:
    if len(text) > 40:
        raise ValueError("too long")
    digits = text.replace("_", "").lower()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    base = {"0x": 16, "0o": 8}.get(digits[:2], 10)
    return sign * int(digits if base == 10 else digits[2:], base)


def _exact(text: str) -> int | Decimal:
    """A decimal number as written; a whole one ("1e3") as the integer it is. No infinities."""
    number = Decimal(text.replace("_", ""))
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError("not finite")
    return int(number) if number == number.to_integral_value() else number


def _whole(label: str, message: str) -> ScenarioInvalid:
    return ScenarioInvalid([Problem(Mark(label, -1, 0), (), message)])


def _neighbours(path: FilePath) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()][:1000]
    except OSError:
        return []
