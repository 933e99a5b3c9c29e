"""A transaction: a signed request by a client to run one action of one contract.

Its identity is the SHA-256 of its body's canonical msgpack; ``(client, number)`` is used at most once, which is
what makes retries harmless. ``docs/ledger-format.md`` specifies the bytes. Signed data holds no floats and no
maps, and bytes are accepted only if they are what encoding the decoded value gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Annotated

import msgspec

from consensus.chain import Natural, Signature

TRANSACTION_BYTES_MAX = 256 * 1024
TRANSACTION_VERSION = 1
SIGNATURES_MAX = 8

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*\Z")]

_encode = msgspec.msgpack.Encoder().encode


class Body(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the client asks for.

    ``arguments`` is the canonical msgpack of the action's own array-like struct. ``time_ms`` is business time,
    milliseconds since 1970-01-01T00:00Z: the only clock a contract reads.
    """

    version: Natural
    network: Name
    client: Name
    number: Natural
    contract: Name
    action: Name
    arguments: bytes
    time_ms: Natural


class Transaction(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, dict=True):
    """A body and who signed it: the client first, then co-signers in ascending order of name."""

    body: Body
    signatures: tuple[tuple[Name, Signature], ...]

    @cached_property
    def id(self) -> bytes:
        """SHA-256 of the body's bytes: co-signatures do not change what is asked."""
        return sha256(_encode(self.body)).digest()

    @property
    def signed(self) -> bytes:
        """What each of its signers must have signed."""
        return signed_bytes(self.body, self.signers[1:])

    @property
    def signers(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.signatures)


class TransactionError(Exception):
    """These bytes are no acceptable transaction; the message says why."""


_decode = msgspec.msgpack.Decoder(Transaction).decode


def signed_bytes(body: Body, cosigners: Sequence[str] = ()) -> bytes:
    """What every signer signs: the body, and who signs it besides the client, in ascending order.

    So nobody who passes a transaction on can take a signature off, or put one on: then no other would hold.
    """
    return _encode(("consortium/transaction", body, *cosigners))


def encode_transaction(transaction: Transaction) -> bytes:
    """The canonical bytes of a transaction, signatures included: what a block holds."""
    return _encode(transaction)


def sign_transaction(body: Body, signers: list[tuple[str, Callable[[bytes], bytes]]]) -> Transaction:
    """Sign ``body`` with the client's signer (first) and every co-signer's; order is made canonical here."""
    first, *rest = signers
    if first[0] != body.client:
        raise ValueError(f"the first signer is {first[0]}, not the client {body.client}")
    ordered = [first, *sorted(rest, key=lambda signer: signer[0])]
    data = signed_bytes(body, [name for name, _ in ordered[1:]])
    return Transaction(body=body, signatures=tuple((name, sign(data)) for name, sign in ordered))


def decode_transaction(raw: bytes) -> Transaction:
    """The transaction in ``raw``; TransactionError where the bytes are not its canonical encoding.

    Checks form only: signatures and (client, number) are checked where keys and state are known.
    """
    if len(raw) > TRANSACTION_BYTES_MAX:
        raise TransactionError(f"{len(raw)} bytes; the limit is {TRANSACTION_BYTES_MAX}")
    try:
        transaction = _decode(raw)
    except (ValueError, RecursionError) as error:  # msgspec's own, and UnicodeDecodeError for broken text
        raise TransactionError(f"does not decode: {error}") from None
    if _encode(transaction) != raw:
        raise TransactionError("not the canonical encoding")
    _require_form(transaction)
    return transaction


def _require_form(transaction: Transaction) -> None:
    if transaction.body.version != TRANSACTION_VERSION:
        raise TransactionError(f"version {transaction.body.version}; this is version {TRANSACTION_VERSION}")
    signers = transaction.signers
    if not 1 <= len(signers) <= SIGNATURES_MAX:
        raise TransactionError(f"{len(signers)} signatures; 1 to {SIGNATURES_MAX} are allowed")
    if signers[0] != transaction.body.client:
        raise TransactionError("the first signature is not the client's")
    rest = signers[1:]
    if any(a >= b for a, b in pairwise(rest)) or signers[0] in rest:
        raise TransactionError("co-signers must ascend by name, each once, the client not among them")
