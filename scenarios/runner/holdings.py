"""What a node holds after a run: its chain, and what its organisation could open; from memory or from its database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from consensus.chain import BLOCKS, CERTIFICATES, Block, Certificate
from consensus.vocabulary import Image, NodeId
from network.codec import RecordCodec
from node.assembly import Common
from node.chain_state import ChainState
from node.contracts.context import Event
from node.custody import CUSTODY, Safekept
from node.ledger.store import SqliteStore
from node.privacy.envelope import Envelope
from node.privacy.vault import VaultRecord
from node.process import NODE_SPACE
from node.replica import VAULT, snapshot_in


class Holdings(msgspec.Struct, frozen=True):
    """One node's. ``chain`` is whole: see :func:`held_by`. ``safe``: what it keeps of collections.

    ``lacking``: which blocks above it the node skipped with a snapshot and had not fetched when it stopped; or "".
    """

    name: str
    chain: ChainState
    vault: Mapping[Any, VaultRecord]
    safe: Mapping[Any, Safekept] = {}
    lacking: str = ""

    def certified(self) -> list[tuple[Block, Certificate | None]]:
        """Its blocks from genesis up to the last one that a certificate proves decided."""
        entries = [self.chain.entry(height) for height in range(self.chain.height + 1)]
        last = max((h for h, entry in enumerate(entries) if entry.certificate is not None), default=0)
        return [(entry.block, entry.certificate) for entry in entries[: last + 1]]


def held_by(name: str, chain: ChainState, image: Image) -> Holdings:
    """What a node can show for itself: the part of its chain below the first block that it lacks.

    A ledger without those blocks would prove nothing to an auditor, who begins at the genesis.
    """
    gap = chain.gap
    lacking = "" if gap is None else f"blocks {gap.first} to {gap.header.height}"
    return Holdings(name, chain.whole_part(), image.get(VAULT, {}), image.get(CUSTODY, {}), lacking)


def from_databases(paths: Sequence[Path], common: Common) -> list[Holdings]:
    """Read stopped nodes' databases, in order of node; equal chains are executed again once, not once a node.

    StoreError where one cannot be read.
    """
    held: list[Holdings] = []
    for node, path in enumerate(paths):
        held.append(_from_database(path, node, common, held[0].chain if held else None))
    return held


def _from_database(path: Path, node: NodeId, common: Common, like: ChainState | None) -> Holdings:
    codec = RecordCodec(common.protocol.records, {NODE_SPACE: int, VAULT: VaultRecord, CUSTODY: Safekept})
    store = SqliteStore(path, codec)
    try:
        image = store.load()
    finally:
        store.close()
    blocks, certificates = image.get(BLOCKS, {}), image.get(CERTIFICATES, {})
    if like is not None and like.whole and _same(blocks, like):
        chain = like.with_certificates(certificates)
    else:
        chain = ChainState(common.genesis_block, common.genesis_tree, common.execute)
        chain.recover(blocks, certificates, snapshot_in(image))
    return held_by(common.directory.member(node).name, chain, image)


def _same(blocks: Mapping[Any, Block], chain: ChainState) -> bool:
    return len(blocks) == chain.height and all(
        height in blocks and blocks[height] == chain.entry(height).block  # its body too: the hash names its header
        for height in range(1, chain.height + 1)
    )


class Retold(NamedTuple):
    """What a chain's transactions said besides what they changed, in order."""

    envelopes: list[Envelope]
    events: list[Event]
    refusals: dict[bytes, str]
    """What explains a refusal to people, by transaction: receipts hold its code alone."""


def retold(chain: ChainState, common: Common) -> Retold:
    """Every payload, event and refusal of ``chain``, by executing it again."""
    tree = common.genesis_tree
    found = Retold([], [], {})
    for height in range(1, chain.height + 1):
        execution = common.execute(tree, chain.entry(height).block)
        for outcome in execution.outcomes:
            found.envelopes.extend(outcome.envelopes)
            found.events.extend(outcome.events)
            if outcome.detail:
                found.refusals[outcome.transaction] = outcome.detail
        tree = execution.tree
    return found
