"""Surplus 溢额再保险: the share ceded follows from the size of the risk.

The cedent keeps up to its retention ("one line" 一线), the treaty takes what exceeds it up to a number of lines of
the same size, and facultative 临时分保 takes the next. The shares are fixed per risk when it is ceded; every premium
and every loss of that risk, partial ones too, is then split in those shares.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from node.contracts.fields import Fen
from node.contracts.money import allocate


class Surplus(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """``retention`` in fen; the treaty takes up to ``lines`` times it, facultative up to ``facultative`` fen."""

    retention: Fen
    lines: Annotated[int, Meta(ge=0, le=1_000)]
    facultative: Fen = 0

    def shares(self, sum_insured: int) -> Shares:
        """Who carries how much of a risk of ``sum_insured`` (fen, positive)."""
        if sum_insured <= 0:
            raise ValueError(f"a sum insured of {sum_insured} has no shares")
        retained = min(sum_insured, self.retention)
        treaty = min(sum_insured - retained, self.lines * self.retention)
        facultative = min(sum_insured - retained - treaty, self.facultative)
        beyond = sum_insured - retained - treaty - facultative
        return Shares(retained=retained, treaty=treaty, facultative=facultative, beyond=beyond)


class Shares(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A risk's sum insured by carrier, in fen. ``beyond`` is what falls back on the cedent: no cover was left."""

    retained: int
    treaty: int
    facultative: int
    beyond: int

    def split(self, amount: int) -> Shares:
        """A premium or loss of this risk (fen) by carrier, to the fen, by largest remainder."""
        return Shares(*allocate(amount, msgspec.structs.astuple(self)))
