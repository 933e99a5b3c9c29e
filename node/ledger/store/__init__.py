"""What a node must not forget, and where it is kept.

One interface, :class:`Store`, under one suite of tests: :class:`SqliteStore` is the durable one, :class:`MemoryStore`
lives as long as its process, and :class:`SimulatedStore` is the virtual world's disk, whose faults are switches. All
apply the same records (:class:`~consensus.vocabulary.Put`, ``Cut``, ``Drop``) and give back the same image. What a
crash leaves is repaired when a store is opened, and anything worse is refused (``docs/adr/0010-durable-storage.md``).
"""

from node.ledger.store.interface import Store, StoreError, apply_record, in_order
from node.ledger.store.memory import MemoryStore
from node.ledger.store.simulated import SimulatedStore
from node.ledger.store.sqlite import RecordCodec, SqliteStore

__all__ = [
    "MemoryStore",
    "RecordCodec",
    "SimulatedStore",
    "SqliteStore",
    "Store",
    "StoreError",
    "apply_record",
    "in_order",
]
