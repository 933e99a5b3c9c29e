"""What became of everything that clients were told is done, reckoned from the nodes' ledgers alone.

An account of its own: a transaction is found by the hash of its body as docs/ledger-format.md has it, and what a chain
comes to by a dictionary that executes it once more (:class:`scenarios.adversary.books.Model`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec

_decode = msgspec.msgpack.decode
_encode = msgspec.msgpack.encode


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One node's ledger: hash and transactions of each height from 1 on."""

    node: str
    hashes: Sequence[bytes]
    bodies: Sequence[Sequence[bytes]]


class Reckoning(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Sums over one run or many. ``lost``, ``double`` and ``astray`` must be 0.

    ``acknowledged``: transactions whose clients were told, by enough receipts, that they are done; ``lost``: of those,
    the ones that some node's ledger lacks, or holds at another height; ``double``: transactions that some ledger holds
    twice, or (client, number) pairs used twice; ``astray``: heights at which two ledgers differ.
    """

    acknowledged: int = 0
    lost: int = 0
    double: int = 0
    astray: int = 0
    told: list[str] = msgspec.field(default_factory=list)
    """The first few faults, in words."""

    @property
    def faults(self) -> int:
        return self.lost + self.double + self.astray

    def add(self, other: Reckoning) -> None:
        """Take in the sums of another run."""
        for name in ("acknowledged", "lost", "double", "astray"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.told = (self.told + other.told)[:TOLD_MAX]


TOLD_MAX = 10


def identity(raw: bytes) -> bytes:
    """A transaction's id: SHA-256 of its body's canonical bytes."""
    body, _signatures = _decode(raw)
    return sha256(_encode(body)).digest()


def reckon(acknowledged: Mapping[bytes, int], chains: Iterable[Chain]) -> Reckoning:
    """Hold each of ``chains`` against the others and against what was ``acknowledged`` (id -> height)."""
    found = Reckoning(acknowledged=len(acknowledged))
    lost: dict[bytes, str] = {}
    double: dict[bytes, str] = {}
    agreed: dict[int, tuple[bytes, str]] = {}
    for chain in chains:
        places = _places(chain, double)
        for transaction, height in acknowledged.items():
            if places.get(transaction) != height and transaction not in lost:
                where = places.get(transaction, "nowhere")
                lost[transaction] = f"acknowledged at height {height}, {chain.node} holds it at {where}"
        for height, block_hash in enumerate(chain.hashes, 1):
            known, by = agreed.setdefault(height, (block_hash, chain.node))
            if known != block_hash:
                found.astray += 1
                found.told.append(
                    f"height {height}: {by} holds {known.hex()[:16]}, {chain.node} {block_hash.hex()[:16]}"
                )
    found.lost, found.double = len(lost), len(double)
    for what in (lost, double):
        found.told += (f"{transaction.hex()[:16]}: {fault}" for transaction, fault in what.items())
    del found.told[TOLD_MAX:]
    return found


def _places(chain: Chain, double: dict[bytes, str]) -> dict[bytes, int]:
    """Where ``chain`` holds each transaction; what it holds twice goes to ``double``."""
    places: dict[bytes, int] = {}
    used: dict[tuple[str, int], int] = {}
    for height, transactions in enumerate(chain.bodies, 1):
        for raw in transactions:
            body, _signatures = _decode(raw)
            transaction, claim = identity(raw), (body[2], body[3])
            before = places.get(transaction, used.get(claim))
            if before is not None:
                double[transaction] = f"{chain.node} holds {claim[0]}'s number {claim[1]} at {before} and at {height}"
            places[transaction] = used[claim] = height
    return places
