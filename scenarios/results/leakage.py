"""The leakage matrix: which place ever held which field of what was shared, and in what form.

A place is a node, or the bus as whoever listens to all of it sees it. Beside the matrix stands what the metadata alone
reveals: who sent to whom how often, and how many bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from scenarios.results.numbers import Natural

BUS = "bus"
"""The place that is no node: what everybody's messages show to a listener."""


class Holding(StrEnum):
    """What a place holds, or held, of a field; from nothing to everything."""

    NOTHING = "nothing"
    HASH = "hash"  # its salted commitment
    CIPHERTEXT = "ciphertext"  # and somebody's key opens it
    PURGED = "purged"  # the value once, and nothing but its hash at the end
    PLAIN = "plain"  # the value


_LETTERS = {
    Holding.NOTHING: ".",
    Holding.HASH: "h",
    Holding.CIPHERTEXT: "c",
    Holding.PURGED: "x",
    Holding.PLAIN: "P",
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One field. ``record`` and ``step``: the payload's; ``mode``: how it was to be kept; ``cells``: by place."""

    record: str
    step: str
    data_class: str
    mode: str
    path: str
    cells: Mapping[str, Holding]


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender sent to one receiver ("all" for everyone); wallets are named ``wallet.<client>``."""

    sender: str
    receiver: str
    messages: Natural
    bytes: Natural


class Leakage(msgspec.Struct, frozen=True, kw_only=True):
    """Of one run. Rows in the order of the story, by path; talk by sender and receiver."""

    places: Sequence[str]
    rows: Sequence[Row]
    talk: Sequence[Talk] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.cells.keys() != {*self.places}:
                raise ValueError(f"the field {row.path} of {row.record} has not one cell for each place")

    def json(self) -> bytes:
        """As the run's folder keeps it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def table(self) -> list[str]:
        """For people: fields of a payload that are held alike share a line."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for row in self.rows:
            cells = "".join(_LETTERS[row.cells[place]] for place in self.places)
            groups.setdefault((row.step, row.data_class, row.mode, cells), []).append(row.path)
        legend = ", ".join(f"{letter} {holding}" for holding, letter in _LETTERS.items())
        head = [
            "places: " + ", ".join(f"{n} {place}" for n, place in enumerate(self.places, start=1)),
            f"held: {legend}",
        ]
        numbers = " ".join(f"{n:>2}" for n in range(1, len(self.places) + 1))
        head.append(f"{'step':24} {'class':18} {'mode':10} {numbers}  fields")
        for (step, data_class, mode, cells), paths in groups.items():
            marked = " ".join(f"{letter:>2}" for letter in cells)
            head.append(f"{step:24} {data_class:18} {mode:10} {marked}  {_listed(paths)}")
        return head


def _listed(paths: Sequence[str], most: int = 4) -> str:
    more = len(paths) - most
    return ", ".join(paths[:most]) + (f" and {more} more" if more > 0 else "")
