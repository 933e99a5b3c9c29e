"""The mempool 交易池: verified transactions that wait to be ordered, in order of arrival.

One place per claim, that is (client, number): of two transactions with the same claim only one can ever be executed,
so the first to come holds the place until its claim is used up. Bounded in count, in bytes, and in each client's share;
what is beyond a bound is refused before anything else is done about it, and the client is told (:class:`Busy`). What
stands alone in its block (a change of members) waits apart: no batch has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from typing import NamedTuple

from network.requests import BusyReason
from node.ledger.transaction import Transaction
from node.membership.changes import asks_for_members

TRANSACTIONS_MAX = 50_000
BYTES_MAX = 64 * 1024 * 1024


Claim = tuple[str, int]
"""(client, number): what may be executed once."""


def claim_of(transaction: Transaction) -> Claim:
    """What ``transaction`` would use up."""
    return (transaction.body.client, transaction.body.number)


class Batch(NamedTuple):
    """Transactions for one block; ``full``: a limit kept others out."""

    raws: list[bytes]
    full: bool


class Mempool:
    """Transactions by claim, first in first out."""

    def __init__(
        self,
        transactions_max: int = TRANSACTIONS_MAX,
        bytes_max: int = BYTES_MAX,
        client_max: int = TRANSACTIONS_MAX,
    ) -> None:
        self._waiting: dict[Claim, tuple[bytes, Transaction, int]] = {}
        self._apart: dict[Claim, None] = {}
        self._bytes = 0
        self._of_client: Counter[str] = Counter()
        self._transactions_max = transactions_max
        self._bytes_max = bytes_max
        self._client_max = client_max

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._waiting

    def holds(self, transaction: Transaction) -> bool:
        """Is its claim taken, by itself or by another?"""
        return claim_of(transaction) in self._waiting

    def limit(self, client: str, size: int) -> BusyReason | None:
        """Which limit keeps out ``size`` more bytes of ``client``; None where there is room."""
        if len(self._waiting) >= self._transactions_max or self._bytes + size > self._bytes_max:
            return BusyReason.POOL
        return BusyReason.SHARE if self._of_client[client] >= self._client_max else None

    def add(self, raw: bytes, transaction: Transaction, now: int) -> bool:
        """Take a verified transaction; False when its claim is taken or there is no room."""
        claim = claim_of(transaction)
        if claim in self._waiting or self.limit(claim[0], len(raw)) is not None:
            return False
        self._waiting[claim] = (raw, transaction, now)
        if asks_for_members(transaction):
            self._apart[claim] = None
        self._bytes += len(raw)
        self._of_client[claim[0]] += 1
        return True

    def remove(self, claims: Iterable[Claim]) -> None:
        """Forget transactions whose claims are used up."""
        for claim in claims:
            gone = self._waiting.pop(claim, None)
            if gone is not None:
                self._apart.pop(claim, None)
                self._bytes -= len(gone[0])
                self._of_client[claim[0]] -= 1
                if not self._of_client[claim[0]]:
                    del self._of_client[claim[0]]

    def claims(self) -> list[Claim]:
        """All that wait, in order of arrival."""
        return list(self._waiting)

    def fills(self, count: int, size: int) -> bool:
        """Could all that waits be a full batch of ``count`` transactions or ``size`` bytes? Asked before every look."""
        return len(self._waiting) - len(self._apart) >= count or self._bytes >= size

    def apart(self) -> list[tuple[bytes, Transaction]]:
        """What waits for a block of its own, in order of arrival."""
        return [self._waiting[claim][:2] for claim in self._apart]

    def take(self, count: int, size: int, excluding: Container[Claim]) -> Batch:
        """The bytes of up to ``count`` transactions, together at most ``size`` bytes; they stay here.

        The first one is taken whatever its size, so that none can stand in the way of the others for ever.
        """
        taken: list[bytes] = []
        for claim, (raw, _, _) in self._waiting.items():
            if claim in excluding or claim in self._apart:
                continue
            size -= len(raw)
            if len(taken) == count or (taken and size < 0):
                return Batch(taken, full=True)
            taken.append(raw)
        return Batch(taken, full=len(taken) == count or size <= 0)

    def oldest(self, before: int, count: int) -> list[bytes]:
        """The bytes of up to ``count`` transactions that have waited since before ``before``."""
        found: list[bytes] = []
        for raw, _, since in self._waiting.values():
            if since > before or len(found) == count:
                break
            found.append(raw)
        return found

    def since(self) -> int | None:
        """When the first of those that wait came; None where none does."""
        return next((since for _, _, since in self._waiting.values()), None)
