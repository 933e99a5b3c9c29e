"""Setting a Raft core to any state: what a test, a figure of the paper or an explorer starts from."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from consensus.chain import BLOCKS, Block
from consensus.protocols import Setup
from consensus.raft.core import RaftCore
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Image, NodeId


def image_of(
    term: int, voted_for: NodeId | None, log: Sequence[Block], commit_index: int, snapshot: Snapshot | None = None
) -> Image:
    """The durable image of a server with this term, vote and log, of which a prefix is committed.

    ``log[0]`` has height 1, or, where a ``snapshot`` is installed, the height above it; the snapshot says who decides
    from there on. ValueError where no server could be in such a state.
    """
    base = 0 if snapshot is None else snapshot.height
    if not base <= commit_index <= base + len(log):
        raise ValueError(f"commit index {commit_index} outside a log of {len(log)} after {base}")
    if any(block.height != place for place, block in enumerate(log, start=base + 1)):
        raise ValueError(f"the log's blocks must have heights {base + 1}, {base + 2}, {base + 3} ...")
    if log and log[-1].round > term:
        raise ValueError(f"an entry of term {log[-1].round} at a server in term {term}")
    image: Image = {
        STATE: {STATE_KEY: HardState(term=term, voted_for=voted_for)},
        BLOCKS: {block.height: block for block in log[: commit_index - base]},
        LOG: {block.height: LogEntry(block=block) for block in log[commit_index - base :]},
    }
    return image if snapshot is None else image | {SNAPSHOT: {MANIFEST: snapshot}}


def restore(  # noqa: PLR0913  what a server's durable state consists of
    setup: Setup,
    term: int,
    voted_for: NodeId | None,
    log: Sequence[Block],
    *,
    commit_index: int = 0,
    snapshot: Snapshot | None = None,
) -> RaftCore:
    """A core in this state (see :func:`image_of`), not yet started; everything else is as ``setup`` says."""
    image = image_of(term, voted_for, log, commit_index, snapshot)
    return RaftCore(msgspec.structs.replace(setup, image=image))
