"""Admission: is this a well-formed transaction, signed by those it names, all of them clients of this network?

Verified once per set of bytes and remembered, within bounds; in the virtual world all replicas may share one instance,
since the answer does not depend on who asks.
"""

from __future__ import annotations

from node.ledger.transaction import Transaction, TransactionError, decode_transaction, signed_bytes
from node.membership import Directory, Verifier

REMEMBERED_MAX = 100_000
REMEMBERED_BYTES_MAX = 64 * 1024 * 1024


class Admission:
    """Decodes and verifies transactions."""

    def __init__(self, directory: Directory, verifier: Verifier) -> None:
        self._directory = directory
        self._verifier = verifier
        self._admitted: dict[bytes, Transaction] = {}
        self._bytes = 0

    def check(self, raw: bytes) -> Transaction:
        """The transaction in ``raw``; TransactionError says why it may not be ordered."""
        admitted = self._admitted.get(raw)
        if admitted is not None:
            return admitted
        transaction = decode_transaction(raw)
        self.require_signed(raw, transaction)
        return transaction

    def read(self, raw: bytes) -> Transaction:
        """What ``raw`` says of itself, whoever signed it; TransactionError where it is no transaction."""
        return self._admitted.get(raw) or decode_transaction(raw)

    def require_signed(self, raw: bytes, transaction: Transaction) -> None:
        """Verify the signatures of what :meth:`read` gave for ``raw``, unless that was done before."""
        if raw not in self._admitted:
            self._verify(transaction)
            self._remember(raw, transaction)

    def _remember(self, raw: bytes, transaction: Transaction) -> None:
        """Keep the answer; begin anew where there are too many of them, or too large ones."""
        if len(self._admitted) >= REMEMBERED_MAX or self._bytes + len(raw) > REMEMBERED_BYTES_MAX:
            self._admitted.clear()
            self._bytes = 0
        self._admitted[raw] = transaction
        self._bytes += len(raw)

    def _verify(self, transaction: Transaction) -> None:
        if transaction.body.network != self._directory.network:
            raise TransactionError(f"meant for network {transaction.body.network}")
        data = signed_bytes(transaction.body)
        for name, signature in transaction.signatures:
            key = self._directory.client_key(name)
            if key is None:
                raise TransactionError(f"{name} is no client of this network")
            if not self._verifier.verify(key, data, signature):
                raise TransactionError(f"the signature of {name} does not verify")
