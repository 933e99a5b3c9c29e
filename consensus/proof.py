"""What a run of blocks with certificates proves to somebody who holds the chain up to the block before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from consensus.chain import Block, Certificate

Run = Sequence[tuple[Block, Certificate | None]]
"""Blocks in ascending order of height, with the certificates of those that have one of their own."""


def proven_length(run: Run, height: int, head: bytes, certifies: Callable[[Block, Certificate], bool]) -> int:
    """How many blocks of ``run``, which starts at ``height + 1``, link to ``head`` and are proven decided.

    A certificate proves its block and, by the hash links, every one before it. The first block that does not link, and
    the first certificate that is not good, end what is believed.
    """
    proven = 0
    for place, (block, certificate) in enumerate(run, start=1):
        if block.height != height + place or block.parent != head:
            break
        if certificate is not None:
            if not certifies(block, certificate):
                break
            proven = place
        head = block.hash
    return proven
