"""``consortium scenarios``: what is shipped, theme by theme, as wide as the terminal."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from scenarios.language.problems import ScenarioInvalid
from scenarios.language.reading import read_file
from scenarios.shipped import Theme, themes

WIDTH_MAX = 120
"""Lines longer than this are hard to read, however wide the terminal is."""
_INDENT = 2
_TEXT_MIN = 24
"""Where less than this is left beside the names, descriptions go below them."""


def listing(width: int | None = None) -> str:
    """Every theme with its scenarios and the first sentence of each, in lines of ``width`` columns at most."""
    columns = min(width or shutil.get_terminal_size((100, 24)).columns, WIDTH_MAX)
    found = themes()
    names = max((len(name) for theme in found for name in theme.scenarios), default=0)
    return "\n\n".join(_theme(theme, names, columns) for theme in found)


def _theme(theme: Theme, names: int, columns: int) -> str:
    lines = textwrap.wrap(f"{theme.name}: {theme.description}", columns)
    for name, path in theme.scenarios.items():
        lines += _scenario(name, _first_sentence(path), names, columns)
    return "\n".join(lines)


def _scenario(name: str, text: str, names: int, columns: int) -> list[str]:
    hang = _INDENT + names + _INDENT
    if columns - hang < _TEXT_MIN:
        wide = " " * (2 * _INDENT)
        below = textwrap.wrap(text, max(columns, _TEXT_MIN), initial_indent=wide, subsequent_indent=wide)
        return [" " * _INDENT + name, *below]
    head = f"{' ' * _INDENT}{name:<{names}}{' ' * _INDENT}"
    return textwrap.wrap(text, columns, initial_indent=head, subsequent_indent=" " * hang) or [head.rstrip()]


def _first_sentence(path: Path) -> str:
    """Of the description; the file is read and not judged, so that one bad file hides no other."""
    try:
        root = read_file(path).root
    except ScenarioInvalid:
        return "(cannot be read)"
    text = " ".join(str(root.get("description", "")).split()) if isinstance(root, dict) else ""
    head, stop, _ = text.partition(". ")
    return head + stop.strip()
