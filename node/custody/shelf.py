"""The shelf: what stands here of each payload, by "record/version", and until which height it may stand.

    DEPOSITED -> HELD -> ERASED          our wallet brought it, a block committed to it, its time was over
    AWAITED   -> HELD                    a block committed to it first, then it came
    AWAITED   -> WAIVED                  it was to go before it ever came
    DEPOSITED -> LAPSED                  no block ever committed to it

What lapsed is as if it had never been brought: it may be brought again, and a late block may commit to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec
from msgspec.structs import replace

from node.privacy import Commitments, Opening

CUSTODY = "custody"
"""Durable space: payloads of collections by "record/version"."""

DEPOSITS_MAX = 4096
"""Payloads from our wallet whose transaction has not come yet."""

DEPOSIT_BLOCKS = 16_384
"""For so many blocks a payload waits for its transaction; then it is erased, and its wallet may bring it again."""


class Stage(StrEnum):
    """Where a payload is in its life here."""

    DEPOSITED = "deposited"  # by our wallet; no block commits to it yet
    AWAITED = "awaited"  # a block commits to it, and says that we may hold it
    HELD = "held"
    ERASED = "erased"  # for good
    WAIVED = "waived"  # it was to be erased before it ever came
    LAPSED = "lapsed"  # erased, since its transaction was refused or did not come


GONE = (Stage.ERASED, Stage.WAIVED)
"""For good, since the chain says so."""


class Safekept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One payload. ``openings`` are empty while it is awaited and once it is erased; ``until``: a height, 0 for ever.

    ``members`` are empty before a block names them. ``height``: of the block that brought it to its stage; of a
    deposit, how high the chain was.
    """

    record: str
    version: int
    stage: Stage
    commitments: Commitments
    members: tuple[str, ...] = ()
    until: int = 0
    height: int = 0
    openings: tuple[Opening, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.record}/{self.version}"

    @property
    def end(self) -> int:
        """The height at which its time is over, as far as it is not purged before; 0: never, or it is over."""
        match self.stage:
            case Stage.DEPOSITED:
                return self.height + DEPOSIT_BLOCKS
            case Stage.HELD | Stage.AWAITED:
                return self.until
            case _:
                return 0

    def erased(self, height: int) -> Safekept:
        """The note that stays of it."""
        match self.stage:
            case Stage.DEPOSITED:
                stage = Stage.LAPSED
            case Stage.HELD:
                stage = Stage.ERASED
            case Stage.AWAITED:
                stage = Stage.WAIVED
            case _:
                return self
        return replace(self, stage=stage, openings=(), height=height)


class Shelf:
    """Every payload of one node. Built from what its store held in :data:`CUSTODY`."""

    def __init__(self, kept: Mapping[Any, Safekept]) -> None:
        self._kept: dict[str, Safekept] = {}
        self._of_record: dict[str, tuple[str, ...]] = {}  # its versions' keys
        self._ends: list[tuple[int, str]] = []  # a heap; of what ended otherwise, entries stay until they come up
        self._deposited = 0
        for each in kept.values():
            self.put(each)
        heapify(self._ends)

    def __iter__(self) -> Iterator[Safekept]:
        return iter(tuple(self._kept.values()))

    @property
    def deposited(self) -> int:
        """How many no block commits to yet."""
        return self._deposited

    def get(self, key: str) -> Safekept | None:
        """What stands here of the payload "record/version"; None where nothing ever did."""
        return self._kept.get(key)

    def of_record(self, record: str) -> tuple[Safekept, ...]:
        """Every version of a record."""
        return tuple(self._kept[key] for key in self._of_record.get(record, ()))

    def put(self, kept: Safekept) -> None:
        """From now on this is what stands here of a payload."""
        key = kept.key
        before = self._kept.get(key)
        if before is None:
            self._of_record[kept.record] = (*self._of_record.get(kept.record, ()), key)
        self._deposited += (kept.stage is Stage.DEPOSITED) - (before is not None and before.stage is Stage.DEPOSITED)
        self._kept[key] = kept
        if kept.end:
            heappush(self._ends, (kept.end, key))

    def due(self, height: int) -> list[Safekept]:
        """Those whose time is over at ``height``. They are named once: whoever asks sees to them."""
        due: dict[str, Safekept] = {}
        while self._ends and self._ends[0][0] <= height:
            end, key = heappop(self._ends)
            if self._kept[key].end == end:
                due[key] = self._kept[key]
        return list(due.values())
