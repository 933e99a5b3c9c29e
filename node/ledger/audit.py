"""Auditing an exported ledger from the file alone, trusting none of the nodes that wrote it.

The rules are numbered as in ``docs/ledger-format.md``, section "What an auditor checks":

1. Every line is a block in its one canonical spelling, the genesis first.
2. Heights count up from 0 and each header names the hash of the one before.
3. Version, network and limits are right, the members are those who decide the block, the proposer is one of them (or,
   under Raft, of those before the last change), and the transaction root is that of the transactions.
4. Certificates hold exactly a quorum of distinct voters' valid signatures, of the block's own round (or a later one,
   under PBFT). The head has one; a block before it may do without under Raft alone, where a later certified block
   vouches for it by its hash links, as long as the voters change at most once on the way. Each says how many it proves.
5. Transactions are canonical, for this network, signed by keys that the registry had certified for their signers when
   the stated state was reached; (client, number) is used once. A change of members stands alone in its block, which
   states the height right below, and is carried out.
6. Stated state roots lie before their block and do not contradict each other, and if the auditor can execute, they
   are what execution gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from consensus.chain import Block, Certificate
from consensus.configuration import ConfigurationError
from node.ledger.block import build_genesis_block, check_block
from node.ledger.export import LINE_BYTES_MAX, Line, LineError, decode_line
from node.ledger.following import Following
from node.ledger.genesis import VOUCHING_PROTOCOLS, Genesis, GenesisError, decode_genesis
from node.ledger.signatures import Verifying
from node.ledger.transaction import Transaction, TransactionError, decode_transaction


class AuditError(Exception):
    """The ledger proves nothing; ``file`` and ``line`` (from 1; 0: the file as a whole) say where, ``what`` why."""

    def __init__(self, file: Path, line: int, what: str) -> None:
        super().__init__(f"{file}:{line}: {what}" if line else f"{file}: {what}")
        self.file = file
        self.line = line
        self.what = what


class Machine(Protocol):
    """Executes transactions again, from the genesis on: the contract runtime, injected."""

    @property
    def root(self) -> bytes:
        """The state root as of now: of the genesis' state before the first :meth:`run`."""
        ...

    def run(self, transactions: Sequence[Transaction]) -> None:
        """Execute the transactions of the next block."""
        ...


Execute = Callable[[Genesis], Machine]
"""Makes the machine in the state that a genesis describes. ValueError where the genesis' settings are wrong."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger that passed says.

    ``state_root`` is the root after executing ``state_height``: the head's where the auditor executed, else the
    last one that a header states. ``genesis`` and ``head`` are hashes: compare them with what you expect.
    """

    network: str
    protocol: str
    genesis: bytes
    height: int
    head: bytes
    blocks: int
    transactions: int
    certificates: int
    state_height: int
    state_root: bytes


def audit_ledger(path: Path, *, execute: Execute | None = None) -> Audit:
    """Check everything about the ledger in ``path``; AuditError names the first line that is wrong.

    A ledger cut off after a certified block is a valid shorter ledger: compare ``height`` and ``head`` with the
    run's manifest.
    """
    auditor: _Auditor | None = None
    line = 0
    try:
        for line, raw in _lines(path):  # noqa: B007 - the number is for the error below
            exported = decode_line(raw)
            if auditor is None:
                auditor = _Auditor.begin(exported.block, exported.certificate, execute)
            else:
                auditor.take(exported)
        return _finished(auditor)
    except (LineError, _LedgerError) as error:
        raise AuditError(path, line, str(error)) from None
    except OSError as error:
        raise AuditError(path, 0, f"cannot be read: {error.strerror}") from None


def _finished(auditor: _Auditor | None) -> Audit:
    if auditor is None:
        raise _LedgerError("holds no genesis: it is empty")
    return auditor.finish()


class _LedgerError(Exception):
    """What is wrong with the line at hand."""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LINE_BYTES_MAX):
            number += 1
            yield number, raw


class _Auditor:
    """Walks the chain block by block.

    Invariant: the blocks up to ``_head`` obey every rule, but that those from ``_unvouched`` on want a certificate.
    """

    def __init__(self, genesis: Genesis, block: Block, machine: Machine | None) -> None:
        self._genesis = genesis
        self._genesis_hash = block.hash
        self._following = Following(genesis, Verifying())
        self._head = block
        self._unvouched: int | None = None  # the lowest height whose decision nothing proves yet
        self._changes = 0  # how often the voters changed since a block was certified
        self._certificates = 0
        self._transactions = 0
        self._machine = machine
        self._roots = {0: block.header.state}  # height -> root: every one if we execute, else those stated

    @classmethod
    def begin(cls, block: Block, certificate: Certificate | None, execute: Execute | None) -> _Auditor:
        """Take the first line, which must be a genesis."""
        if block.height != 0 or len(block.transactions) != 1:
            raise _LedgerError("the first line is no genesis: its height is not 0, or it holds not one transaction")
        try:
            genesis = decode_genesis(block.transactions[0])
            expected = build_genesis_block(genesis, block.header.state)
        except (GenesisError, KeyError) as error:
            raise _LedgerError(f"genesis: {error.args[0]}") from None
        if block != expected:
            raise _LedgerError("the genesis' header is not the one that its transaction gives")
        if certificate is not None:
            raise _LedgerError("a genesis has no certificate: it is what the members agreed on beforehand")
        return cls(genesis, block, cls._machine_for(genesis, block.header.state, execute))

    @staticmethod
    def _machine_for(genesis: Genesis, state: bytes, execute: Execute | None) -> Machine | None:
        if execute is None:
            return None
        try:
            machine = execute(genesis)
        except ValueError as error:
            raise _LedgerError(f"genesis: {error}") from None
        if machine.root != state:
            raise _LedgerError(f"the genesis gives state root {machine.root.hex()}, its header states {state.hex()}")
        return machine

    def take(self, line: Line) -> None:
        """Check the next block, and add it."""
        block = line.block
        self._check_header(block)
        self._check_certificate(block, line.certificate, line.proves)
        transactions = self._checked(block)
        self._transactions += len(transactions)
        self._head = block
        if self._machine is not None:
            self._machine.run(transactions)
            self._roots[block.height] = self._machine.root

    def finish(self) -> Audit:
        """Check what only the end of the chain shows."""
        if self._unvouched is not None:
            raise _LedgerError(f"no certificate vouches for the blocks from height {self._unvouched} on")
        state_height = self._head.height if self._machine is not None else max(self._roots)
        return Audit(
            network=self._genesis.network,
            protocol=self._genesis.protocol,
            genesis=self._genesis_hash,
            height=self._head.height,
            head=self._head.hash,
            blocks=self._head.height + 1,
            transactions=self._transactions,
            certificates=self._certificates,
            state_height=state_height,
            state_root=self._roots[state_height],
        )

    def _check_header(self, block: Block) -> None:
        header = block.header
        if header.height != self._head.height + 1:
            raise _LedgerError(f"height {header.height} follows height {self._head.height}")
        if header.parent != self._head.hash:
            raise _LedgerError("its parent is not the block before it")
        reason = check_block(block, network=self._genesis.network)
        if reason is not None:
            raise _LedgerError(f"block: {reason}")
        try:
            self._following.follow(block)
        except ConfigurationError as error:
            raise _LedgerError(f"block: {error}") from None
        self._changes += self._following.changed
        if header.proposer not in self._following.proposers:
            raise _LedgerError(f"its proposer {header.proposer} does not vote")
        known = self._roots.setdefault(header.state_height, header.state)
        if known != header.state:
            found = (
                "execution gives" if self._machine is not None or header.state_height == 0 else "an earlier one says"
            )
            raise _LedgerError(
                f"states root {header.state.hex()} for height {header.state_height}, {found} {known.hex()}"
            )

    def _check_certificate(self, block: Block, certificate: Certificate | None, proves: int) -> None:
        if certificate is None:
            if self._genesis.protocol not in VOUCHING_PROTOCOLS:
                raise _LedgerError(f"no certificate, which {self._genesis.protocol} demands for every block")
            if self._unvouched is None:
                self._unvouched = block.height
            return
        first = block.height if self._unvouched is None else self._unvouched
        if proves != block.height + 1 - first:
            raise _LedgerError(f"its certificate proves the blocks {first} to {block.height}; it says {proves} blocks")
        if self._changes > 1:
            raise _LedgerError("its certificate proves nothing: the voters changed twice since the last one")
        reason = self._following.fault_of(certificate, block.header)
        if reason is not None:
            raise _LedgerError(f"certificate: {reason}")
        self._certificates += 1
        self._unvouched = None
        self._changes = 0

    def _checked(self, block: Block) -> list[Transaction]:
        """The block's transactions, executed as far as identities go."""
        transactions: list[Transaction] = []
        claims: set[tuple[str, int]] = set()
        for index, raw in enumerate(block.transactions):
            try:
                transaction = decode_transaction(raw)
            except TransactionError as error:
                raise _LedgerError(f"transaction {index}: {error}") from None
            reason = self._flaw_in(transaction, block.header.state_height, claims)
            if reason is not None:
                raise _LedgerError(f"transaction {index}: {reason}")
            claims.add((transaction.body.client, transaction.body.number))
            transactions.append(transaction)
        try:
            self._following.execute(block, transactions)
        except ConfigurationError as error:
            raise _LedgerError(f"block: {error}") from None
        return transactions

    def _flaw_in(self, transaction: Transaction, as_of: int, claims: set[tuple[str, int]]) -> str | None:
        body = transaction.body
        if body.network != self._genesis.network:
            return f"meant for network {body.network}"
        if (body.client, body.number) in claims or self._following.is_used(transaction):
            return f"{body.client}'s number {body.number} was used before"
        return self._following.flaw_in_signatures(transaction, as_of)
