"""UN/EDIFACT's syntax (ISO 9735, level A's separators): messages as segments, and back.

A segment is a tag and its elements, an element its components. ``+``, ``:`` and ``'`` separate them, ``?`` takes a
separator its meaning. Nothing is cut short: what these characters would break is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scenarios.edges.reinsurance.messages import MessageError

_COMPONENT, _ELEMENT, _END, _RELEASE = ":", "+", "'", "?"
CHARACTERS_MAX = 1 << 20


class Segment(NamedTuple):
    """A tag, and its elements with their components."""

    tag: str
    elements: tuple[tuple[str, ...], ...]

    def at(self, element: int, component: int = 0) -> str:
        """A component, counted from 0; "" where it is left out."""
        components = self.elements[element] if element < len(self.elements) else ()
        return components[component] if component < len(components) else ""


def segment(tag: str, *elements: str | Sequence[str]) -> Segment:
    """A segment; an element is its one component, or several."""
    return Segment(tag, tuple((item,) if isinstance(item, str) else tuple(item) for item in elements))


def write_message(name: str, number: int, body: Sequence[Segment]) -> str:
    """The message ``name`` of D.13B between its header and its trailer, a segment a line."""
    reference = f"{number:06}"
    head = segment("UNH", reference, (name, "D", "13B", "UN"))
    tail = segment("UNT", str(len(body) + 2), reference)
    return "".join(f"{_written(item)}\n" for item in (head, *body, tail))


def read_message(text: str) -> tuple[str, list[Segment]]:
    """(name, the segments between header and trailer). MessageError where header, trailer or count are wrong."""
    segments = list(_segments(text))
    if len(segments) < 2 or segments[0].tag != "UNH" or segments[-1].tag != "UNT":
        raise MessageError("", "a message stands between UNH and UNT")
    head, *body, tail = segments
    if tail.at(0) != str(len(segments)) or tail.at(1) != head.at(0):
        raise MessageError("UNT", f"says {tail.at(0)} segments of message {tail.at(1)}; there are {len(segments)}")
    return head.at(1), body


def _written(item: Segment) -> str:
    elements = (_COMPONENT.join(_escaped(part) for part in components) for components in item.elements)
    return _ELEMENT.join((item.tag, *elements)) + _END


def _escaped(text: str) -> str:
    return "".join(f"{_RELEASE}{letter}" if letter in "?:+'" else letter for letter in text)


def _segments(text: str) -> Iterator[Segment]:
    """The segments of ``text``; ends of lines between them count for nothing."""
    if len(text) > CHARACTERS_MAX:
        raise MessageError("", f"more than {CHARACTERS_MAX:,} characters")
    elements: list[list[str]] = [[""]]
    letters = iter(text)
    empty = True
    for letter in letters:
        if empty and letter in "\r\n":
            continue
        empty = False
        if letter == _RELEASE:
            released = next(letters, None)
            if released is None:
                raise MessageError("", "ends after a release character `?`")
            elements[-1][-1] += released
        elif letter == _COMPONENT:
            elements[-1].append("")
        elif letter == _ELEMENT:
            elements.append([""])
        elif letter == _END:
            yield Segment(elements[0][0], tuple(tuple(parts) for parts in elements[1:]))
            elements, empty = [[""]], True
        else:
            elements[-1][-1] += letter
    if not empty:
        raise MessageError("", "its last segment does not end with `'`: is it UN/EDIFACT?")
