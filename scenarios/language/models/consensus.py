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


Count = Annotated[int, Field(ge=1, le=100_000)]
Volume = Annotated[Bytes, Field(ge=1)]


class Raft(Part):
    """Raft's settings; what is left out keeps the protocol's own default."""

    election_timeout: TimeSpan | None = None
    """A follower that hears no leader for a time drawn from this range stands for election."""
    heartbeat: Nanoseconds | None = None
    """How often a leader that has nothing to say shows that it lives; less than the least election timeout."""
    pre_vote: bool | None = None
    """Whether a follower asks around before it stands, and voters stand by a leader they hear."""
    lease: Nanoseconds | None = None
    """How long after a confirmed round of heartbeats reads need no further one; 0 s: always ask."""
    window: Count | None = None
    """How many blocks may be proposed and not yet committed."""
    append_blocks_max: Count | None = None
    """The most blocks in one AppendEntries."""
    append_bytes_max: Volume | None = None
    """The most bytes of transactions in one AppendEntries; one block always goes."""
    inflight_max: Count | None = None
    """How many AppendEntries with blocks may be under way to one follower."""
    inflight_bytes_max: Volume | None = None
    """How many bytes of transactions may be under way to one follower."""
    uncommitted_bytes_max: Volume | None = None
    """Bytes of transactions proposed and not yet committed, from which on a leader takes no further block."""
    unapplied_bytes_max: Volume | None = None
    """Bytes of transactions committed and not yet executed, from which on a leader takes no further block."""
    snapshot_window: Count | None = None
    """How many chunks of a snapshot may be under way to one follower."""
    reads_max: Count | None = None
    """How many reads a leader holds unanswered; more are turned away."""
    log_keep: Count | None = None
    """How many executed blocks are kept at hand for slow followers; who is further behind is sent a snapshot."""


class Pbft(Part):
    """PBFT's settings; what is left out keeps the protocol's own default."""

    view_change_timeout: Nanoseconds | None = None
    """How long a backup waits for a request to be ordered before it asks for the next primary."""
    resend_interval: Nanoseconds | None = None
    """After how long own messages of undecided heights are sent again."""
    window: Count | None = None
    """How many blocks may be under way at once."""
    checkpoint_interval: Count | None = None
    """A checkpoint every so many heights."""
    log_size: Count | None = None
    """Heights above the stable checkpoint for which messages are kept: at least the window, and two intervals."""
    transfer_patience: Nanoseconds | None = None
    """How long catch-up may take for each interval of blocks below a stable checkpoint before the state is fetched."""
    transfer_window: Count | None = None
    """How many chunks of a state are asked for at once."""
    rotate_every: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Heights after which the next replica proposes; 0: the primary proposes all."""
    backoff_max: Annotated[int, Field(ge=0, le=32)] | None = None
    """The view change timeout is doubled at most this often."""


class Consensus(Part):
    """The protocol and its settings."""

    protocol: Word = "pbft"
    """`solo`, `raft`, `pbft`, or one that an installed distribution offers (entry points `consortium.protocols`)."""
    blocks: Blocks = Blocks()
    """How transactions are put into blocks."""
    nodes: Nodes = Nodes()
    """What nodes do beside the protocol."""
    raft: Raft = Raft()
    """Settings that apply under Raft."""
    pbft: Pbft = Pbft()
    """Settings that apply under PBFT."""
