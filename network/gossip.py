"""Gossip between nodes: the messages that are no protocol's own.

* New transactions travel from the node that took them to every voter.
* Whoever leads sends each decided block with its certificate to the observers.
* Every node now and then tells a few others, drawn at random, how high it is (:class:`Position`), which is how a
  node that missed something learns that it did; :mod:`network.catchup` fetches what is missing.
* A node that took over a state without the blocks that led to it fetches those afterwards, from the top down
  (:class:`FetchBelow`).

What clients and nodes say to each other is in :mod:`network.requests`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from consensus.chain import Block, Certificate, Hash, Natural
from network.requests import Raws

BLOCKS_PER_REPLY = 64


class Transactions(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.transactions"):
    """Transactions that the sender has checked and pooled; receivers check them again."""

    transactions: Raws


class Decided(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.decided"):
    """Consecutive decided blocks; the last one's certificate vouches for those before it that have none."""

    blocks: Annotated[
        tuple[tuple[Block, Certificate | None], ...], msgspec.Meta(min_length=1, max_length=BLOCKS_PER_REPLY)
    ]


class Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.position"):
    """How high the sender's chain is."""

    height: Natural
    head: Hash


class Fetch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.fetch"):
    """Please send decided blocks from height ``start`` on (at most ``BLOCKS_PER_REPLY``)."""

    start: Natural


class FetchBelow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.fetch-below"):
    """Please send decided blocks up to height ``end``, as many below it as a message may hold."""

    end: Natural


class Below(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="gossip.below"):
    """Consecutive decided blocks, ascending, whose last one was asked for; hash links from above prove them."""

    blocks: Annotated[
        tuple[tuple[Block, Certificate | None], ...], msgspec.Meta(min_length=1, max_length=BLOCKS_PER_REPLY)
    ]


GOSSIP_MESSAGES = (Transactions, Decided, Position, Fetch, FetchBelow, Below)
