"""The bare chain's state: what was decided at each height, in chunks that a snapshot can carry.

A height's :class:`Deed` is its header and the requests in its block. The state after height h is the list of deeds
up to h, cut into chunks of :data:`DEEDS_PER_CHUNK`; so a manifest shares all but its last digest with the next one's,
and an installed state proves itself: its headers link from the genesis to the snapshot's own.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from consensus.chain import Block, Header, Natural
from network.virtual.bare.blocks import numbers

DEEDS_PER_CHUNK = 4
KEPT = 40
"""Snapshots of the last so many heights are at hand; older ones are no longer."""


class Deed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was decided at one height."""

    header: Header
    requests: tuple[Natural, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Deed, ...]).decode


class History:
    """Every deed from height 1 on. ``done`` tells where each request was first decided."""

    def __init__(self, genesis: Header) -> None:
        self.deeds: list[Deed] = [Deed(genesis, ())]
        self.done: dict[int, Header] = {}
        self._digests: list[bytes] = []  # of the chunks that are full: they never change again

    @property
    def height(self) -> int:
        return len(self.deeds) - 1

    @property
    def head(self) -> Header:
        return self.deeds[-1].header

    def append(self, block: Block) -> None:
        """Take up the next decided block."""
        self._add(Deed(block.header, numbers(block)))

    def _add(self, deed: Deed) -> None:
        assert deed.header.parent == self.head.hash, "deeds link"  # noqa: S101  an invariant, not input
        self.deeds.append(deed)
        for number in deed.requests:
            self.done.setdefault(number, deed.header)
        if self.height % DEEDS_PER_CHUNK == 0:
            self._digests.append(sha256(self._chunk(self.height, len(self._digests))).digest())

    def manifest(self, height: int) -> tuple[bytes, ...] | None:
        """The digests of the chunks of the state after ``height``, while that is at hand."""
        if not max(0, self.height - KEPT) <= height <= self.height:
            return None
        full = tuple(self._digests[: height // DEEDS_PER_CHUNK])
        if height % DEEDS_PER_CHUNK == 0:
            return full
        return (*full, sha256(self._chunk(height, len(full))).digest())

    def chunk(self, height: int, place: int) -> bytes | None:
        """One chunk of it."""
        if self.manifest(height) is None or not 0 <= place * DEEDS_PER_CHUNK < height:
            return None
        return self._chunk(height, place)

    def _chunk(self, height: int, place: int) -> bytes:
        start = 1 + place * DEEDS_PER_CHUNK
        return _encode(tuple(self.deeds[start : min(start + DEEDS_PER_CHUNK, height + 1)]))

    @classmethod
    def installed(cls, genesis: Header, header: Header, chunks: tuple[bytes, ...]) -> History:
        """The state that ``chunks`` hold; AssertionError where it does not lead from the genesis to ``header``."""
        history = cls(genesis)
        for deed in (deed for chunk in chunks for deed in _decode(chunk)):
            history._add(deed)
        assert history.head == header, "a snapshot's state ends at its header"  # noqa: S101  the core has checked it
        return history
