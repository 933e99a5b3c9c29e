"""``consensus``: which protocol orders the blocks, and each protocol's settings.

Settings of all protocols may stand side by side; those of the protocol in use apply. So one switch changes the
protocol and nothing else.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from node.ledger.block import BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX
from scenarios.language.models.base import Bytes, Nanoseconds, Part, TimeSpan, Word


class Blocks(Part):
    """How transactions are put into blocks."""

    transactions_max: Annotated[int, Field(ge=1, le=BLOCK_TRANSACTIONS_MAX)] | None = None
    """The most transactions in one block."""
    bytes_max: Annotated[Bytes, Field(ge=1, le=BLOCK_BYTES_MAX)] | None = None
    """The most bytes of transactions in one block; a transaction larger than that goes alone."""
    delay: Nanoseconds | None = None
    """With no block under way, how long one that is not full waits for more transactions; left out: not at all."""


class Nodes(Part):
    """What every node does beside the protocol; what is left out keeps its default."""

    forward: bool | None = None
    """Whether nodes pass transactions on to whoever orders them; if not, clients are sent there."""
    complain_after: Nanoseconds | None = None
    """How long a transaction may wait while blocks with room for it are decided, before its leader is suspected."""
    snapshots: bool | None = None
    """Whether nodes hand their state to those who are far behind; if not, those execute every block."""


class Raft(Part):
    """Raft's settings; what is left out keeps the protocol's own default."""

    election_timeout: TimeSpan | None = None
    """A follower that hears no leader for a time drawn from this range stands for election."""
    heartbeat: Nanoseconds | None = None
    """How often a leader that has nothing to say shows that it lives."""


class Pbft(Part):
    """PBFT's settings; what is left out keeps the protocol's own default."""

    view_change_timeout: Nanoseconds | None = None
    """How long a backup waits for a request to be ordered before it asks for the next primary."""
    window: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """How many blocks may be under way at once."""


class Consensus(Part):
    """The protocol and its settings."""

    protocol: Word = "pbft"
    """`solo`, `raft`, `pbft`, or the name of a registered plug-in."""
    blocks: Blocks = Blocks()
    """How transactions are put into blocks."""
    nodes: Nodes = Nodes()
    """What nodes do beside the protocol."""
    raft: Raft = Raft()
    """Settings that apply under Raft."""
    pbft: Pbft = Pbft()
    """Settings that apply under PBFT."""
