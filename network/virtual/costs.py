"""What a node's processor needs for its work: the world keeps a node busy for so long, and its inputs wait in line.

A model, not a meter: every signature in a message that comes in is verified, every message that goes out is signed,
every transaction of a decided block is executed. ``consortium calibrate`` measures the figures.
"""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.chain import Block, Natural
from consensus.vocabulary import Broadcast, Commit, Effects, Reply, Send

SIGNATURE_BYTES = 64
_encode = msgspec.msgpack.Encoder().encode


class Costs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Durations of single pieces of work, on one core."""

    input_ns: Natural
    """Any input: scheduling, decoding, looking up."""
    byte_ps: Natural
    """Picoseconds a byte that comes in or goes out: decoding, encoding, hashing."""
    sign_ns: Natural
    """One signature made."""
    verify_ns: Natural
    """One signature checked."""
    transaction_ns: Natural
    """One transaction executed."""

    def receive_ns(self, message: Any) -> int:
        """To take in ``message``: the frame's signature, and those inside."""
        return self.input_ns + self.verify_ns * (1 + signatures_in(message)) + self._bytes_ns(message)

    def effects_ns(self, effects: Effects) -> int:
        """To do what an input led to."""
        total = 0
        for effect in effects:
            if isinstance(effect, Send | Broadcast | Reply):
                total += self.sign_ns + self._bytes_ns(effect.message)
            elif isinstance(effect, Commit) and isinstance(effect.block, Block):
                total += self.transaction_ns * len(effect.block.transactions)
        return total

    def _bytes_ns(self, message: Any) -> int:
        return len(_encode(message)) * self.byte_ps // 1000


def signatures_in(value: Any) -> int:
    """How many signatures there are in a message, at any depth."""
    if isinstance(value, bytes):
        return len(value) == SIGNATURE_BYTES
    if isinstance(value, msgspec.Struct):
        return sum(signatures_in(getattr(value, field)) for field in value.__struct_fields__)
    if isinstance(value, tuple | list):
        return sum(map(signatures_in, value))
    return 0
