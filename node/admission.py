"""Admission: is this a well-formed transaction, signed by those it names, all of them clients of this network?

Which keys speak for a name is the word of the registry as of some state. Any key that it ever certified will do here:
whether it is in force at the height at which the transaction is executed is judged there, and told in the receipt.

Verified once per set of bytes and remembered, within bounds; in the virtual world all replicas may share one instance,
since what a signature proves does not depend on who asks. Remembered with each transaction are the keys that verified
it, so an answer holds for those registries alone that certified them.
"""

from __future__ import annotations

from node.ledger.transaction import Transaction, TransactionError, decode_transaction
from node.membership import Directory, Registry, Verifier
from node.membership.registry import Get, nothing_changed

REMEMBERED_MAX = 100_000
REMEMBERED_BYTES_MAX = 64 * 1024 * 1024

_Certified = tuple[tuple[str, bytes], ...]
"""(name, key) of every signature that a key of the chain verified, not one of the genesis."""


class Admission:
    """Decodes and verifies transactions."""

    def __init__(self, directory: Directory, verifier: Verifier) -> None:
        self._founding = directory.founding
        self._verifier = verifier
        self._founded = self.registry(nothing_changed)
        self._admitted: dict[bytes, tuple[Transaction, _Certified]] = {}
        self._bytes = 0

    def registry(self, get: Get) -> Registry:
        """The registry of this network in a state (``tree.get``)."""
        return Registry(self._founding, get)

    def check(self, raw: bytes, registry: Registry | None = None, as_of: int | None = None) -> Transaction:
        """The transaction in ``raw``; TransactionError says why it may not be ordered.

        Keys are those that ``registry`` certified (up to the block at height ``as_of``, where that is given); without
        one, those of the genesis.
        """
        registry = registry or self._founded
        admitted = self._admitted.get(raw)
        if admitted is not None and _knows(registry, admitted[1], as_of):
            return admitted[0]
        transaction = admitted[0] if admitted is not None else decode_transaction(raw)
        self._remember(raw, transaction, self._verify(transaction, registry, as_of))
        return transaction

    def read(self, raw: bytes) -> Transaction:
        """What ``raw`` says of itself, whoever signed it; TransactionError where it is no transaction."""
        admitted = self._admitted.get(raw)
        return admitted[0] if admitted is not None else decode_transaction(raw)

    def require_signed(self, raw: bytes, transaction: Transaction, registry: Registry | None = None) -> None:
        """Verify the signatures of what :meth:`read` gave for ``raw``, unless that was done before."""
        registry = registry or self._founded
        admitted = self._admitted.get(raw)
        if admitted is None or not _knows(registry, admitted[1], None):
            self._remember(raw, transaction, self._verify(transaction, registry, None))

    def _remember(self, raw: bytes, transaction: Transaction, certified: _Certified) -> None:
        """Keep the answer; begin anew where there are too many of them, or too large ones."""
        if raw not in self._admitted:
            if len(self._admitted) >= REMEMBERED_MAX or self._bytes + len(raw) > REMEMBERED_BYTES_MAX:
                self._admitted.clear()
                self._bytes = 0
            self._bytes += len(raw)
        self._admitted[raw] = (transaction, certified)

    def _verify(self, transaction: Transaction, registry: Registry, as_of: int | None) -> _Certified:
        if transaction.body.network != self._founding.network:
            raise TransactionError(f"meant for network {transaction.body.network}")
        data = transaction.signed
        certified: list[tuple[str, bytes]] = []
        for name, signature in transaction.signatures:
            keys = registry.client_keys(name, as_of)
            if not keys:
                raise TransactionError(f"{name} is no client of this network")
            key = next((key for key in keys if self._verifier.verify(key, data, signature)), None)
            if key is None:
                raise TransactionError(f"the signature of {name} does not verify")
            if key not in self._founded.client_keys(name):
                certified.append((name, key))
        return tuple(certified)


def _knows(registry: Registry, certified: _Certified, as_of: int | None) -> bool:
    """Did that registry certify all those keys? What the genesis certifies, every registry does."""
    return all(key in registry.client_keys(name, as_of) for name, key in certified)
