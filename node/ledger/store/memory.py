"""The store in memory, for tests and for nodes that need not survive."""

from __future__ import annotations

from collections.abc import Sequence

from consensus.vocabulary import Image, Record
from node.ledger.store.interface import StoreError, apply_record, in_order


class MemoryStore:
    """Keeps values by reference for as long as the process lives."""

    def __init__(self) -> None:
        self._image: Image | None = {}

    def append(self, records: Sequence[Record]) -> None:
        image = self._open()
        for record in records:
            apply_record(image, record)

    def load(self) -> Image:
        return in_order(self._open())

    def close(self) -> None:
        self._image = None

    def _open(self) -> Image:
        if self._image is None:
            raise StoreError("the store in memory is closed")
        return self._image
