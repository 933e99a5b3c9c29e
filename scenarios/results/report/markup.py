"""Elements of HTML and SVG, escaped by construction: text is data, never markup.

Names and reasons in a report come from scenarios and from what nodes said, so nobody vouches for them. What could
steer a reader's screen, as control characters and marks that turn the direction of text, is shown as a replacement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
_NUMBERS = (int, float)
TEXT_MAX = 600
"""Characters of one text that a page shows; the run's files have the rest."""


def plain(value: object) -> str:
    """``value`` as text that steers nothing, cut where it is very long."""
    text = _harmless(value)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}… (cut here, {len(text):,} characters)"


def _harmless(value: object) -> str:
    text = _STEERING.sub("\ufffd", str(value))
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text


def shown(value: object) -> Markup:
    """``value`` for a page: markup as it is, anything else as escaped text."""
    return value if isinstance(value, Markup) else escape(plain(value))


def tag(name: str, *content: object, **attributes: object) -> Markup:
    """An element. ``class_`` is "class", other underscores are hyphens; what is None is left out."""
    given = "".join(
        f' {_attribute(key)}="{escape(value if type(value) in _NUMBERS else _harmless(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(shown, content))
    return Markup(f"<{name}{given}>{inner}</{name}>")  # noqa: S704 - all of it is ours, or escaped


def joined(parts: Iterable[Markup]) -> Markup:
    """One after the other."""
    return Markup("").join(parts)


def _attribute(key: str) -> str:
    return {"class_": "class", "viewBox": "viewBox"}.get(key, key.replace("_", "-"))


def text(x: float, y: float, content: object, **attributes: object) -> Markup:
    """SVG text at (x, y)."""
    return tag("text", content, x=_n(x), y=_n(y), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """An SVG line."""
    return tag("line", x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), class_=class_)


def box(x: float, y: float, width: float, height: float, class_: str, title: object = None) -> Markup:  # noqa: PLR0913, PLR0917 - a rectangle
    """An SVG rectangle; ``title`` is told where one points at it."""
    content = () if title is None else (tag("title", title),)
    return tag("rect", *content, x=_n(x), y=_n(y), width=_n(max(width, 0.5)), height=_n(height), class_=class_)


def path(points: Iterable[str], class_: str, title: object = None) -> Markup:
    """An SVG path of these commands."""
    content = () if title is None else (tag("title", title),)
    return tag("path", *content, d=" ".join(points), class_=class_)


def at(x: float, y: float) -> str:
    """A point in a path."""
    return f"{_n(x)},{_n(y)}"


def drawing(width: float, height: float, parts: Iterable[Markup], *, label: str, class_: str = "") -> Markup:
    """A whole SVG picture, told to screen readers as one image called ``label``."""
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {_n(width)} {_n(height)}",
        width=_n(width),
        height=_n(height),
        role="img",
        aria_label=label,
        class_=class_ or None,
    )


def _n(value: float) -> str:
    """A coordinate: a tenth of a pixel is enough, and the same on every machine."""
    return f"{round(float(value), 1):g}" if abs(value) < 1e5 else str(round(value))
