"""Pruning 裁剪: a node lets go of old blocks' bodies, and keeps what proves that they were.

What stays below the height pruned to: every header and certificate, so the chain's links and who vouched for it; and
the state after that height, in the same chunks that a state is handed over in, from which the node goes on when it
starts. What goes: the transactions, and with them the means to show this ledger to an auditor, who begins at the
genesis. So nothing is ever pruned unasked: ``consortium prune`` does it to a stopped node. The way back is
:func:`restore`: without the mark that the bodies are gone on purpose the node fetches them from its peers, and believes
them by the hash links that it has kept (:mod:`node.gap`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, HEADERS, Block, Certificate, Header
from consensus.configuration import Changeover
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Cut, Drop, Put, Record
from node.archive import ArchiveError, LedgerCodec
from node.assembly import Common
from node.chain_state import ChainState
from node.entry import Divergence
from node.ledger.state_chunks import chunks_of, manifest_of
from node.ledger.store import SqliteStore, StoreError
from node.membership.blocks import change_in
from node.membership.registry import Registry
from node.voting import Voting

KEEP_MIN = 512
"""Blocks at the chain's end that stay whole at least: more than any protocol's log reaches back over."""


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: bodies up to ``height`` are gone, ``blocks`` of them; the database is so many bytes smaller."""

    height: int
    blocks: int
    freed_bytes: int


def prune(database: Path, common: Common, *, keep: int) -> Pruned:
    """Let a stopped node go of all bodies but those of its last ``keep`` blocks (a few more, where a change is due).

    All or nothing. ArchiveError where there is nothing to prune or the node's ledger is not whole, StoreError where the
    database is in use, damaged, or of another ledger.
    """
    if not database.is_file():
        raise ArchiveError(f"{database}: there is no such database; give the folder of a node that has run")
    before = database.stat().st_size
    store = SqliteStore(database, LedgerCodec())
    try:
        image = store.load()
        blocks, certificates = image.get(BLOCKS, {}), image.get(CERTIFICATES, {})
        top = len(blocks)
        if image.get(HEADERS) or any(height not in blocks for height in range(1, top + 1)):
            raise ArchiveError(f"{database}: is pruned already, or lacks blocks; let the node fetch them first")
        height = _height_for(common, blocks, certificates, top - keep)
        if not height:
            raise ArchiveError(f"{database}: of its {top} blocks none is old enough to be pruned, with {keep} kept")
        try:
            store.append(_records(common, blocks, certificates, height))
        except Divergence as error:
            raise StoreError(f"{database}: {error}") from None
        store.shrink()
    finally:
        store.close()
    return Pruned(height=height, blocks=height, freed_bytes=max(0, before - database.stat().st_size))


def restore(database: Path) -> None:
    """Have a pruned node fetch the bodies again when it starts. ArchiveError where it is not pruned."""
    store = SqliteStore(database, LedgerCodec())
    try:
        if not store.load().get(HEADERS):
            raise ArchiveError(f"{database}: nothing of it is pruned")
        store.append([Cut(HEADERS, 0)])
    finally:
        store.close()


def _height_for(
    common: Common, blocks: Mapping[Any, Block], certificates: Mapping[Any, Certificate], limit: int
) -> int:
    """The last height up to ``limit`` that a node can begin from: certified, and no change of members under way."""
    later = common.protocol.changeover is Changeover.LATER
    found = 0
    pending = False
    for height in range(1, limit + 1):
        pending = later and (pending or change_in(blocks[height]) is not None)
        takes_over = blocks[height + 1].header.members != blocks[height].header.members
        pending = pending and not takes_over
        if height in certificates and not pending:
            found = height
    return found


def _records(
    common: Common, blocks: Mapping[Any, Block], certificates: Mapping[Any, Certificate], height: int
) -> list[Record]:
    """What pruning to ``height`` writes."""
    chain = ChainState(common.genesis_block, common.genesis_tree, common.execute)
    voting = Voting(common.protocol, lambda: Registry(common.directory.founding, chain.tree.get))
    since: Header | None = None
    for place in range(1, height + 1):
        block = blocks[place]
        if place > 1 and block.header.members != blocks[place - 1].header.members:
            since = blocks[place - 1].header
        chain.append(block, certificates.get(place))
        voting.follow(block)
    later = common.protocol.changeover is Changeover.LATER
    if later and blocks[height + 1].header.members != blocks[height].header.members:
        since = blocks[height].header
        voting.follow(blocks[height + 1])
    roots = chain.last_roots()
    snapshot = Snapshot(
        header=blocks[height].header,
        configuration=voting.configuration,
        chunks=manifest_of(chain.tree, roots),
        certificate=certificates[height],
        since=since if later else None,
    )
    records: list[Record] = [Cut(SNAPSHOT, 0), Put(SNAPSHOT, MANIFEST, snapshot)]
    records += (Put(SNAPSHOT, place, chunk) for place, chunk in enumerate(chunks_of(chain.tree, roots)))
    records += (Put(HEADERS, place, blocks[place].header) for place in range(1, height + 1))
    return [*records, Drop(BLOCKS, height + 1)]
