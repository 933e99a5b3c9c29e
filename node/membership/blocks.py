"""Changes of members as blocks hold them: each alone in its block, whose header states the height right below.

So what a block asks for can be read from the block alone, and the state in which it is judged is the one it states.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Block
from consensus.configuration import Reconfiguration, UnknownMembersError
from consensus.vocabulary import NodeId
from node.ledger.transaction import Transaction, TransactionError, decode_transaction
from node.membership.changes import REGISTRY, asks_for_members, members_change
from node.membership.registry import Registry

_MARK = msgspec.msgpack.encode(REGISTRY) + msgspec.msgpack.encode("members")
"""Stands in every transaction that asks for members, since contract and action are neighbours."""


def key_in(registry: Registry, number: NodeId) -> bytes:
    """The verify key of that node; UnknownMembersError where no block has certified it yet."""
    key = registry.member_key(number)
    if key is None:
        raise UnknownMembersError(f"no node {number} is certified up to here")
    return key


def change_in(block: Block) -> Reconfiguration | None:
    """The change of members that ``block`` asks for: a function of the block alone. None for an invalid one."""
    if len(block.transactions) != 1 or _MARK not in block.transactions[0]:
        return None
    if block.header.state_height != block.height - 1:
        return None
    try:
        return members_change(decode_transaction(block.transactions[0]))
    except TransactionError:
        return None


def flaw_in_place(block: Block, transaction: Transaction) -> str | None:
    """Why ``transaction`` may not stand in ``block`` where it asks for members, whatever it asks; None: it may."""
    if not asks_for_members(transaction):
        return None
    if len(block.transactions) != 1:
        return "a change of members stands alone in its block"
    if block.header.state_height != block.height - 1:
        return "a block that changes members states the height right below it"
    try:
        members_change(transaction)
    except TransactionError as error:
        return str(error)
    return None
