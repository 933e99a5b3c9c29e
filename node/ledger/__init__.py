"""The ledger 账本: blocks of transactions, the state they lead to, where both are kept, and what proves them.

Pure half: the genesis, transactions, blocks, Merkle trees and the authenticated state tree. At the edge: the stores,
the exported ledger and its audit from files alone. ``docs/ledger-format.md`` specifies every byte hashed, signed or
exported here.
"""

from node.ledger.audit import Audit, AuditError, Execute, Machine, audit_ledger
from node.ledger.block import (
    BLOCK_BYTES_MAX,
    BLOCK_TRANSACTIONS_MAX,
    build_block,
    build_genesis_block,
    check_block,
)
from node.ledger.business import audit_business, business_lines, business_root
from node.ledger.export import Line, LineError, decode_line, encode_line, export_ledger
from node.ledger.genesis import (
    Client,
    Electorate,
    Genesis,
    GenesisError,
    Member,
    decode_genesis,
    electorate,
    members_hash,
)
from node.ledger.light_client import (
    Evidence,
    EvidenceError,
    Handover,
    LightClient,
    gather_evidence,
    gather_handover,
)
from node.ledger.merkle import audit_path, merkle_root, verify_inclusion
from node.ledger.state_proof import Proof
from node.ledger.state_tree import StateTree, encode_record, entry_path, verify_proof
from node.ledger.store import MemoryStore, SqliteStore, Store, StoreError
from node.ledger.transaction import (
    Body,
    Transaction,
    TransactionError,
    decode_transaction,
    encode_transaction,
    sign_transaction,
    signed_bytes,
)

__all__ = [
    "BLOCK_BYTES_MAX",
    "BLOCK_TRANSACTIONS_MAX",
    "Audit",
    "AuditError",
    "Body",
    "Client",
    "Electorate",
    "Evidence",
    "EvidenceError",
    "Execute",
    "Genesis",
    "GenesisError",
    "Handover",
    "LightClient",
    "Line",
    "LineError",
    "Machine",
    "Member",
    "MemoryStore",
    "Proof",
    "SqliteStore",
    "StateTree",
    "Store",
    "StoreError",
    "Transaction",
    "TransactionError",
    "audit_business",
    "audit_ledger",
    "audit_path",
    "build_block",
    "build_genesis_block",
    "business_lines",
    "business_root",
    "check_block",
    "decode_genesis",
    "decode_line",
    "decode_transaction",
    "electorate",
    "encode_line",
    "encode_record",
    "encode_transaction",
    "entry_path",
    "export_ledger",
    "gather_evidence",
    "gather_handover",
    "members_hash",
    "merkle_root",
    "sign_transaction",
    "signed_bytes",
    "verify_inclusion",
    "verify_proof",
]
