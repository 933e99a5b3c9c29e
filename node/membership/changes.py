"""Changes of the registry: what a transaction of contract ``registry`` asks for, and what members sign to allow it.

Four actions, one shape of arguments each: ``M[sequence, change, [[number, signature], ...]]``. The signatures are
those of voting members' node keys, ascending by number, over :func:`approval_bytes`; ``sequence`` must be the
registry's next, so that no approval counts twice. ``docs/ledger-format.md``, section "Registry", specifies the bytes.

A height of 0 to begin with means "from the block after the one that executes this": who approves a change cannot know
where it will stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from consensus.chain import Natural, Signature
from consensus.configuration import Change, Reconfiguration, Verb
from node.ledger.genesis import Key
from node.ledger.transaction import Name, Transaction, TransactionError

REGISTRY = "registry"
"""The contract's name."""

APPROVALS_MAX = 128
VERBS_MAX = 16

Approvals = Annotated[tuple[tuple[Natural, Signature], ...], Meta(max_length=APPROVALS_MAX)]
"""(number, signature), ascending by number."""

_encode = msgspec.msgpack.Encoder().encode


class _Arrayed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Encoded as an array, unknown fields refused."""


class Certify(_Arrayed, frozen=True):
    """A name or a node that the network has not known: a ``client``, or a node, which begins as an ``observer``.

    Valid from ``from_height`` (0: from the next block on) until ``until_height`` (exclusive; 0: no end). ``home`` is
    the number of the node that a client talks to first, and says nothing of a node: 0.
    """

    kind: Literal["client", "observer"]
    name: Name
    role: Name
    home: Natural
    verify_key: Key
    seal_key: Key
    from_height: Natural = 0
    until_height: Natural = 0


class Revoke(_Arrayed, frozen=True):
    """End what holds now or will: of a client (``number`` 0), or of the node of that number and name."""

    kind: Literal["client", "observer"]
    name: Name
    number: Natural
    from_height: Natural = 0


class Reissue(_Arrayed, frozen=True):
    """A client's next certificate: another key (a lost one is dead from then on), or the same once more (a renewal)."""

    name: Name
    verify_key: Key
    seal_key: Key
    from_height: Natural = 0
    until_height: Natural = 0


Members = Annotated[
    tuple[tuple[Literal["add-voter", "remove"], Natural], ...],
    Meta(min_length=1, max_length=VERBS_MAX),
]
"""[verb, number] each: who votes from now on, and who no longer does; ascending by number."""

ACTIONS: dict[str, Any] = {"certify": Certify, "revoke": Revoke, "reissue": Reissue, "members": Members}
"""Action -> the type of its change."""


class Order(_Arrayed, frozen=True):
    """The arguments of a registry transaction, decoded. ``change`` is of the action's type."""

    sequence: Natural
    change: Any
    approvals: Approvals


class OrderError(ValueError):
    """These bytes are no arguments of that action."""


class _Raw(_Arrayed, frozen=True):
    sequence: Natural
    change: msgspec.Raw
    approvals: Approvals


_decode_raw = msgspec.msgpack.Decoder(_Raw).decode
_decoders = {action: msgspec.msgpack.Decoder(kind).decode for action, kind in ACTIONS.items()}


def decode_order(action: str, arguments: bytes) -> Order:
    """What a registry transaction's ``arguments`` ask for; OrderError unless they are canonical and of that action."""
    if action not in _decoders:
        raise OrderError(f"the registry has no action {action}")
    try:
        raw = _decode_raw(arguments)
        order = Order(raw.sequence, _decoders[action](raw.change), raw.approvals)
    except (ValueError, RecursionError) as error:  # msgspec's own, and UnicodeDecodeError for broken text
        raise OrderError(str(error)[:200]) from None
    if _encode(order) != arguments:
        raise OrderError("not the canonical encoding")
    return order


def approval_bytes(network: str, sequence: int, action: str, change: Any) -> bytes:
    """What a member signs to allow ``change``."""
    return _encode(("consortium/registry", network, sequence, action, change))


def approved(
    network: str, sequence: int, action: str, change: Any, signers: Iterable[tuple[int, Callable[[bytes], bytes]]]
) -> Order:
    """The order for ``change``, signed by ``signers``: (number, what signs with that node's key)."""
    data = approval_bytes(network, sequence, action, change)
    approvals = tuple((number, sign(data)) for number, sign in sorted(signers, key=lambda signer: signer[0]))
    return Order(sequence, change, approvals)


def asks_for_members(transaction: Transaction) -> bool:
    """Is this a ``members`` transaction, which stands alone in its block?"""
    return transaction.body.contract == REGISTRY and transaction.body.action == "members"


def members_change(transaction: Transaction) -> Reconfiguration | None:
    """The change of voters that a ``members`` transaction asks for; None for any other.

    TransactionError where it is one but its arguments do not decode.
    """
    if not asks_for_members(transaction):
        return None
    try:
        order = decode_order("members", transaction.body.arguments)
    except OrderError as error:
        raise TransactionError(f"its change of members does not decode: {error}") from None
    return reconfiguration_of(order.change)


def reconfiguration_of(change: Iterable[tuple[str, int]]) -> Reconfiguration:
    """What the cores make of a ``members`` change."""
    return Reconfiguration(tuple(Change(Verb(verb), number) for verb, number in change))
