"""Contracts 智能合约: the pure rules by which every node turns ordered transactions into state and receipts.

``contract``, ``context`` and ``endorsement`` are what a contract is written with, ``runtime`` executes blocks,
``catalogue`` lists all contracts. Integers only; the transaction's own business time is the only clock; a refusal
undoes everything.
"""

from node.contracts.catalogue import CATALOGUE, catalogue
from node.contracts.context import Context, Event, EventKind, Plain, Refusal
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.runtime import (
    Execution,
    Outcome,
    business_entries,
    execute_block,
    genesis_state,
    is_executed,
    record_types,
)

__all__ = [
    "CATALOGUE",
    "Arguments",
    "Context",
    "Contract",
    "Event",
    "EventKind",
    "Execution",
    "Lifecycle",
    "Outcome",
    "Plain",
    "Record",
    "Refusal",
    "business_entries",
    "catalogue",
    "execute_block",
    "genesis_state",
    "is_executed",
    "record_types",
]
