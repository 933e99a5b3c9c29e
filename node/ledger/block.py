"""Blocks as the ledger sees them: how one is built, and what must hold of one whatever the state says.

The block at height 0 has the encoded genesis as its only transaction; the limits below do not apply to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from consensus.chain import FORMAT_VERSION, NO_HASH, Block, Header
from consensus.protocols import Slot
from node.ledger.genesis import Genesis, electorate
from node.ledger.merkle import merkle_root

BLOCK_BYTES_MAX = 2 * 1024 * 1024
"""Of a block's transactions together."""

BLOCK_TRANSACTIONS_MAX = 4096

STATE_LAG_MAX = 4096
"""How far below a block the state that it states may lie: whoever takes over a state needs so many roots with it."""


def build_genesis_block(genesis: Genesis, state: bytes) -> Block:
    """The block at height 0; ``state`` is the root of the state that the genesis describes."""
    transactions = (genesis.encode(),)
    header = Header(
        version=FORMAT_VERSION,
        network=genesis.network,
        height=0,
        parent=NO_HASH,
        round=0,
        proposer=0,
        members=electorate(genesis).members_hash,
        transactions=merkle_root(transactions),
        state_height=0,
        state=state,
    )
    return Block(header=header, transactions=transactions)


def build_block(  # noqa: PLR0913 - a header has that many independent parts
    slot: Slot,
    *,
    network: str,
    proposer: int,
    members: bytes,
    transactions: tuple[bytes, ...],
    state_height: int,
    state: bytes,
) -> Block:
    """The block of ``transactions`` for ``slot``; ``state`` is the state root after executing ``state_height``."""
    header = Header(
        version=FORMAT_VERSION,
        network=network,
        height=slot.height,
        parent=slot.parent,
        round=slot.round,
        proposer=proposer,
        members=members,
        transactions=merkle_root(transactions),
        state_height=state_height,
        state=state,
    )
    return Block(header=header, transactions=transactions)


def check_block(block: Block, *, network: str, members: bytes | None = None) -> str | None:
    """Why no chain of this network may hold ``block`` above height 0, or None. ``members``: what it must name, if told.

    Says nothing about what lies outside the block: its parent, its transactions' signatures, the state it states.
    """
    header = block.header
    if header.version != FORMAT_VERSION:
        return f"format version {header.version}; this is version {FORMAT_VERSION}"
    if header.network != network:
        return f"belongs to network {header.network!r}, not {network!r}"
    if members is not None and header.members != members:
        return "names other members than those who vote here"
    if header.state_height >= header.height:
        return f"states the state of height {header.state_height}, which does not lie before {header.height}"
    if header.height - header.state_height > STATE_LAG_MAX:
        return f"states the state of height {header.state_height}, more than {STATE_LAG_MAX} below it"
    return _check_transactions(block.transactions, header.transactions)


def _check_transactions(transactions: Sequence[bytes], root: bytes) -> str | None:
    if len(transactions) > BLOCK_TRANSACTIONS_MAX:
        return f"{len(transactions)} transactions; the limit is {BLOCK_TRANSACTIONS_MAX}"
    size = sum(map(len, transactions))
    if size > BLOCK_BYTES_MAX:
        return f"{size} bytes of transactions; the limit is {BLOCK_BYTES_MAX}"
    if len(dict.fromkeys(transactions)) != len(transactions):
        return "holds one transaction twice"
    if merkle_root(transactions) != root:
        return "the transaction root is not that of its transactions"
    return None
