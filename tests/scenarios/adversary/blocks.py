"""Blocks to show to oracles."""

from msgspec.structs import replace

from consensus.chain import Block
from consensus.configuration import Configuration
from consensus.snapshots import Snapshot
from network.virtual.bare import GENESIS


def chain(count, *, term=1):
    """``count`` empty blocks of ``term`` above the genesis, each the parent of the next."""
    blocks, last = [], GENESIS
    for _ in range(count):
        header = replace(last.header, height=last.height + 1, parent=last.hash, round=term)
        last = Block(header, ())
        blocks.append(last)
    return blocks


def snapshot_of(block):
    """A snapshot of the (empty) state after ``block``."""
    return Snapshot(header=block.header, configuration=Configuration(voters=(0, 1, 2)), chunks=())
