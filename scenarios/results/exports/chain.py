"""Tables of the chain: blocks, who certified them, and transactions with what became of them.

Outcomes come from executing the ledger again, as ``consortium verify`` does: what clients heard is in ``operations``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from consensus.chain import Block
from node.ledger import Transaction, TransactionError, decode_transaction
from scenarios.results.exports.source import ExtractError, RunFiles
from scenarios.results.exports.tables import Row, Table, integer, text
from scenarios.results.replay import ContractMachine


def _blocks(files: RunFiles) -> Iterator[Row]:
    for block, certificate, *_ in files.chain():
        header = block.header
        yield (
            header.height,
            block.hash.hex(),
            header.parent.hex(),
            header.round,
            header.proposer,
            _name(files, header.proposer),
            len(block.transactions) if header.height else 0,
            sum(map(len, block.transactions)),
            header.state_height,
            header.state.hex(),
            None if certificate is None else certificate.round,
            None if certificate is None else len(certificate.signatures),
        )


def _signatures(files: RunFiles) -> Iterator[Row]:
    for block, certificate, *_ in files.chain():
        for number, _ in () if certificate is None else certificate.signatures:
            yield block.height, number, _name(files, number)


def _transactions(files: RunFiles) -> Iterator[Row]:
    machine = ContractMachine(files.genesis)
    for block, *_ in islice(files.chain(), 1, None):
        transactions = [_transaction(files, block, raw) for raw in block.transactions]
        machine.run(transactions)
        for position, (transaction, outcome) in enumerate(zip(transactions, machine.outcomes, strict=True)):
            body = transaction.body
            yield (
                transaction.id.hex(),
                block.height,
                position,
                body.client,
                body.number,
                body.contract,
                body.action,
                body.time_ms,
                outcome.code,
                outcome.detail or None,
                len(outcome.events),
                len(transaction.signers),
                ";".join(transaction.signers),
                len(block.transactions[position]),
            )


def _transaction(files: RunFiles, block: Block, raw: bytes) -> Transaction:
    try:
        return decode_transaction(raw)
    except TransactionError as error:
        path = files.folder.ledger(files.longest)
        raise ExtractError(f"{path}:{block.height + 1}: a transaction {error}") from None


def _name(files: RunFiles, number: int) -> str | None:
    """Of a member of the genesis; later ones are named by the registry."""
    members = files.genesis.members
    return members[number].name if number < len(members) else None


_SOURCE = "the longest of `ledger/*.jsonl`"

BLOCKS = Table(
    name="blocks",
    meaning="The blocks of the chain, the genesis at height 0.",
    source=_SOURCE,
    columns=(
        integer("height"),
        text("hash", "of the header: the block's identity"),
        text("parent", "hash of the block before"),
        integer("round", "term (Raft) or view (PBFT) in which it was first proposed"),
        integer("proposer", "number of the node that proposed it"),
        text("proposer_name", "null for a member that came after the genesis"),
        integer("transactions", "how many it holds; the genesis' own document is none"),
        integer("size_bytes", "of its transactions"),
        integer("state_height", "the earlier height ..."),
        text("state_root", "... and the root of the state after executing it"),
        integer("certificate_round", "term or view of its own certificate; null where a later one vouches for it"),
        integer("certificate_signatures", "how many are on it"),
    ),
    rows=_blocks,
)

SIGNATURES = Table(
    name="signatures",
    meaning="Who signed the certificate of which block.",
    source=_SOURCE,
    columns=(integer("height"), integer("node", "its number"), text("node_name", "as in `blocks`")),
    rows=_signatures,
)

TRANSACTIONS = Table(
    name="transactions",
    meaning="The transactions of the chain, and what came of executing them.",
    source=f"{_SOURCE}, executed again",
    columns=(
        text("transaction", "its id: SHA-256 of its body, as in `operations`"),
        integer("height", "of its block"),
        integer("position", "in its block, from 0"),
        text("client"),
        integer("number", "the client's own count"),
        text("contract"),
        text("action"),
        integer("time_ms", "business time since 1970-01-01T00:00Z"),
        text("code", "`ok`, `duplicate`, or why it was refused"),
        text("detail", "of a refusal, for people"),
        integer("events", "how many it told to subscribers"),
        integer("signers"),
        text("signer_names", "the client first, joined by `;`"),
        integer("size_bytes"),
    ),
    rows=_transactions,
)
