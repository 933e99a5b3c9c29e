"""What has been written on top of a state tree and is not yet part of it, and how the two are read as one.

A transaction's writes lie over its block's, the block's over the tree. Walking a namespace costs what is walked: the
keys of an overlay are sorted once for each namespace that anybody walks, and kept sorted from then on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from typing import Any

from node.contracts.fields import Record
from node.ledger.state_tree import StateTree

Place = tuple[str, str]
"""Namespace and key."""


class Overlay(dict[Place, Record | None]):
    """Writes by place; None removes an entry."""

    def __init__(self) -> None:
        super().__init__()
        self._sorted: dict[str, list[str]] = {}

    def __setitem__(self, place: Place, record: Record | None) -> None:
        keys = self._sorted.get(place[0])
        if keys is not None and place not in self:
            insort(keys, place[1])
        super().__setitem__(place, record)

    def update(self, other: Mapping[Place, Record | None]) -> None:  # type: ignore[override] # of dict's many forms, one
        """Write all of ``other``."""
        for place, record in other.items():
            self[place] = record

    def following(self, namespace: str, prefix: str, last: str | None) -> str | None:
        """The first key with ``prefix`` after ``last`` (None: at all) that is written to, or None."""
        keys = self._sorted.get(namespace)
        if keys is None:
            keys = self._sorted[namespace] = sorted(key for space, key in self if space == namespace)
        index = bisect_left(keys, prefix) if last is None else bisect_right(keys, last)
        return keys[index] if index < len(keys) and keys[index].startswith(prefix) else None


def walk(tree: StateTree, overlays: tuple[Overlay, ...], namespace: str, prefix: str) -> Iterator[tuple[str, Any]]:
    """(key, record) of what stands there once ``overlays`` (the uppermost first) are taken into account, ascending.

    Writes during the walk count where it has not been yet.
    """
    base = tree.items(namespace, prefix)
    beneath = next(base, None)
    last: str | None = None
    while True:
        found = [key for overlay in overlays if (key := overlay.following(namespace, prefix, last)) is not None]
        if beneath is not None:
            found.append(beneath[0])
        if not found:
            return
        last = min(found)
        place = (namespace, last)
        record = next((overlay[place] for overlay in overlays if place in overlay), None)
        if beneath is not None and beneath[0] == last:
            if not any(place in overlay for overlay in overlays):
                record = beneath[1]
            beneath = next(base, None)
        if record is not None:
            yield last, record
