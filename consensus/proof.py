"""What a run of blocks with certificates proves to somebody who holds the chain up to the block before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from consensus.chain import Block, Certificate
from consensus.vocabulary import Commit, Effects, Persist, Record

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


def kept_with_proof(effects: Effects) -> Effects:
    """The same effects, but decisions that a later one's certificate vouches for are made durable together with it.

    Every ``Commit`` stands right behind its ``Persist``. From the first without a certificate to the next that has one,
    all records go into one ``Persist``: a crash leaves all of them or none, never a decision whose proof is lost. Under
    PBFT such a replica would vote for that block no more, nor could it hand it to those who need its vote.
    """
    out: Effects = []
    since: int | None = None  # where the first decision without a certificate is made durable, in ``out``
    for effect in effects:
        out.append(effect)
        if type(effect) is not Commit:
            continue
        if effect.certificate is None:
            since = len(out) - 2 if since is None else since
        elif since is not None:
            records: list[Record] = [record for one in out[since:] if type(one) is Persist for record in one.records]
            out[since:] = [Persist(tuple(records)), *(one for one in out[since:] if type(one) is not Persist)]
            since = None
    return out
