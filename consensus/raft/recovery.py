"""What a server finds at its start: its durable state, put together again (paper, figure 2, "persistent state").

Committed blocks stand in the ledger's space, later entries in the log's own. Where a snapshot was installed, the blocks
up to its height may be missing: the log then begins above it, and so does what is known of configurations. Entries of
our own log that do not follow what is committed were left there by a crash, and count as truncated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, Block, Certificate
from consensus.configuration import Configuration
from consensus.protocols import Setup
from consensus.raft.configurations import Configurations
from consensus.raft.incoming import Incoming, recovered
from consensus.raft.log import Log
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot


class Recovered(msgspec.Struct):
    """A server's durable state; ``leftover``: the disk holds entries that do not follow the log's end."""

    hard_state: HardState
    log: Log
    commit_index: int
    certificate: Certificate | None
    configurations: Configurations
    incoming: Incoming | None
    leftover: bool


def recover(setup: Setup, log_keep: int) -> Recovered:
    """Put together what ``setup.image`` holds; of what is committed, the last ``log_keep`` blocks are at hand."""
    image = setup.image
    blocks: dict[Any, Block] = image.get(BLOCKS, {})
    certificates: dict[Any, Certificate] = image.get(CERTIFICATES, {})
    snapshot: Snapshot | None = image.get(SNAPSHOT, {}).get(MANIFEST)
    floor = 0 if snapshot is None else snapshot.height
    commit_index = max(floor, max(blocks, default=0))
    log = _log_after(max(floor, commit_index - log_keep), snapshot, blocks, setup.genesis)
    configurations = _configurations(setup, snapshot, (blocks[height] for height in range(floor + 1, commit_index + 1)))
    configurations.compact(log.base_index)
    for height in range(max(configurations.begin, 1), commit_index + 1):
        if height in certificates:  # below the log's base, too: it may be the only one of its configuration
            configurations.certified(certificates[height])
    for height in range(log.base_index + 1, commit_index + 1):
        log.append(blocks[height])
    entries: dict[Any, LogEntry] = image.get(LOG, {})
    while (entry := entries.get(log.last_index + 1)) and entry.block.parent == log.last_hash:
        log.append(entry.block)
        configurations.read((entry.block,))
    at_snapshot = snapshot is not None and commit_index == floor
    return Recovered(
        hard_state=image.get(STATE, {}).get(STATE_KEY, HardState(term=0, voted_for=None)),
        log=log,
        commit_index=commit_index,
        certificate=snapshot.certificate if snapshot is not None and at_snapshot else certificates.get(commit_index),
        configurations=configurations,
        incoming=recovered(image, commit_index),
        leftover=any(index > log.last_index for index in entries),
    )


def _log_after(base: int, snapshot: Snapshot | None, blocks: dict[Any, Block], genesis: bytes) -> Log:
    """An empty log after ``base``: the genesis, the snapshot's block, or a committed one."""
    if base == 0:
        return Log(0, 0, genesis)
    header = snapshot.header if snapshot is not None and snapshot.height == base else blocks[base].header
    return Log(base, header.round, header.hash)


def _configurations(setup: Setup, snapshot: Snapshot | None, decided: Iterable[Block]) -> Configurations:
    """Who decides which height, from the decided blocks and, where they begin later, the snapshot below them."""
    if snapshot is None:
        known = Configurations(setup.application, Configuration(voters=setup.voters))
    else:
        known = Configurations(setup.application, snapshot.configuration, snapshot.height)
    known.read(decided)
    return known
