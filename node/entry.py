"""What stands at one height of a chain, how a block is executed, and what it means when that gives another result."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from consensus.chain import Block, Certificate
from node.contracts.runtime import Execution
from node.ledger.state_tree import StateTree

Execute = Callable[[StateTree, Block], Execution]
"""Runs a block's transactions on a state. Pure; the virtual world shares results between replicas."""

Held = tuple[Block, Certificate | None]
"""A decided block, and its certificate where it has one of its own."""


class Entry(msgspec.Struct, frozen=True):
    """One decided height."""

    block: Block
    certificate: Certificate | None
    root: bytes


class Divergence(Exception):  # noqa: N818 - it names what happened
    """A decided block states a root that is not ours: a quorum lied, or execution is not deterministic."""


class MissingBlock(LookupError):  # noqa: N818 - it names what is the matter
    """The node skipped that block with a snapshot and has not fetched it yet; the message says which are missing."""
