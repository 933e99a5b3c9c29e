"""Pages that stand alone: templates that escape everything, with styles and scripts of ours in the page itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


def environment(folder: Path, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """For the templates of ``folder``: whatever is filled in is escaped, a name that is missing is an error.

    ``finalize`` shows a value where it is filled in.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )


def ours(path: Path) -> Markup:
    """A style or script that ships with the program, to stand in a page as it is."""
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704 - ours


def digest(text: str) -> str:
    """What a content security policy knows a style or script by: SHA-256 in base64."""
    return b64encode(sha256(text.encode()).digest()).decode()
