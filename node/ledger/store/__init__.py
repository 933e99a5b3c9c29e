"""What a node must not forget, and where it is kept.

One interface, :class:`Store`; :class:`SqliteStore` is the durable one, :class:`MemoryStore` lives as long as its
process, and the virtual world has a simulated disk of its own. All apply the same records
(:class:`~consensus.vocabulary.Put`, ``Cut``, ``Drop``) and give back the same image.
"""

from node.ledger.store.interface import Store, StoreError, apply_record, in_order
from node.ledger.store.memory import MemoryStore
from node.ledger.store.sqlite import RecordCodec, SqliteStore

__all__ = ["MemoryStore", "RecordCodec", "SqliteStore", "Store", "StoreError", "apply_record", "in_order"]
