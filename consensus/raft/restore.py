"""Setting a Raft core to any state: what a test, a figure of the paper or an explorer starts from."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from consensus.chain import BLOCKS, Block
from consensus.protocols import Setup
from consensus.raft.core import RaftCore
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.vocabulary import Image, NodeId


def image_of(term: int, voted_for: NodeId | None, log: Sequence[Block], commit_index: int) -> Image:
    """The durable image of a server with this term, vote and log, of which a prefix is committed.

    ``log[0]`` has height 1. ValueError where no server could be in such a state.
    """
    if not 0 <= commit_index <= len(log):
        raise ValueError(f"commit index {commit_index} outside a log of {len(log)}")
    if any(block.height != place for place, block in enumerate(log, start=1)):
        raise ValueError("the log's blocks must have heights 1, 2, 3 ...")
    if log and log[-1].round > term:
        raise ValueError(f"an entry of term {log[-1].round} at a server in term {term}")
    return {
        STATE: {STATE_KEY: HardState(term=term, voted_for=voted_for)},
        BLOCKS: {block.height: block for block in log[:commit_index]},
        LOG: {block.height: LogEntry(block=block) for block in log[commit_index:]},
    }


def restore(setup: Setup, term: int, voted_for: NodeId | None, log: Sequence[Block], commit_index: int = 0) -> RaftCore:
    """A core in this state, not yet started; everything else is as ``setup`` says."""
    image = image_of(term, voted_for, log, commit_index)
    return RaftCore(msgspec.structs.replace(setup, image=image))
