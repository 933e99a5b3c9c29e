"""What a node's processor needs for its work: the world keeps a node busy for so long, and its inputs wait in line.

A model, not a meter: every message that comes in is verified and every one that goes out is signed, as frames are;
every transaction of a decided block is executed. Which other signatures a node checks, of votes, of transactions, is
its own affair: it knows what it has verified before, and does not ask again. So those are counted where it checks
them (:data:`Checked`), and no message is searched for them. ``consortium calibrate`` measures the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.chain import Block, Natural
from consensus.vocabulary import Broadcast, Commit, Effects, NodeId, Reply, Send

_encode = msgspec.msgpack.Encoder().encode

Checked = Callable[[NodeId], int]
"""How many signatures the machine of a node has checked in its present incarnation, from its building on."""


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
        """To take in ``message``, with its frame's signature."""
        return self.input_ns + self.verify_ns + self._bytes_ns(message)

    def effects_ns(self, effects: Effects, checks: int) -> int:
        """To do what an input led to, with so many ``checks`` of signatures on the way."""
        total = self.verify_ns * checks
        for effect in effects:
            if isinstance(effect, Send | Broadcast | Reply):
                total += self.sign_ns + self._bytes_ns(effect.message)
            elif isinstance(effect, Commit) and isinstance(effect.block, Block):
                total += self.transaction_ns * len(effect.block.transactions)
        return total

    def _bytes_ns(self, message: Any) -> int:
        return len(_encode(message)) * self.byte_ps // 1000
