"""The interface of a store, and what its records mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from consensus.vocabulary import Cut, Drop, Image, Put, Record


class StoreError(Exception):
    """The store cannot do what it was asked; the message names its file.

    Nothing of the append that failed is kept and nothing acknowledged before is lost. With ``disk_full`` the
    same store may be used again once there is room.
    """

    def __init__(self, message: str, *, disk_full: bool = False) -> None:
        super().__init__(message)
        self.disk_full = disk_full


class Store(Protocol):
    """Keeps records. Calls must not overlap; they may come from different threads."""

    def append(self, records: Sequence[Record]) -> None:
        """Apply ``records`` in order, all or none; durable when this returns. StoreError otherwise."""
        ...

    def load(self) -> Image:
        """Everything that stands, keys ascending within a space (integers before strings)."""
        ...

    def close(self) -> None:
        """Give the store up. Closing twice is harmless; every other call after it raises StoreError."""
        ...


def apply_record(image: Image, record: Record) -> None:
    """What one record does to an image, in plain words: the model that every store is tested against."""
    match record:
        case Put(space, key, value):
            image.setdefault(space, {})[key] = value
        case Cut(space, start):
            _keep(image, space, lambda key: key < start)
        case Drop(space, end):
            _keep(image, space, lambda key: key >= end)


def _keep(image: Image, space: str, wanted: Any) -> None:
    entries = image.get(space, {})
    image[space] = {key: value for key, value in entries.items() if isinstance(key, str) or wanted(key)}


def in_order(image: Image) -> Image:
    """``image`` with spaces and keys ascending, integers before strings, and without empty spaces."""
    return {
        space: dict(sorted(entries.items(), key=lambda entry: (isinstance(entry[0], str), entry[0])))
        for space, entries in sorted(image.items())
        if entries
    }
