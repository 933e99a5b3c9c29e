"""Deposits: what the chain knows of payloads that only the members of a collection hold (privacy mode "collection").

The payload travels between the members alone and is no part of the state; the chain holds its commitments and, here,
who has it, up to which block, and whether it has to go. A purge is requested once, and every member then says by a
transaction of its own that nothing of the payload is left with it: the signed proof of completion. What was released
under a voucher is found by the voucher, so that taking it back reaches every copy in the same transaction.

None of this is business state: where private data lie follows from the privacy mode of a run, not from its business.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from node.contracts.context import EventKind
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.ledger.records import SUPERVISING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from node.contracts.context import Context
    from node.ledger.state_tree import StateTree

DEPOSIT = Lifecycle(
    "deposit",
    {"HELD": {"request": "PURGING"}, "PURGING": {"attest": "PURGING", "complete": "PURGED"}, "PURGED": {}},
)

ATTEST_WITHIN_MS = 7 * 86_400_000
"""How long members have to attest a purge, where they have not agreed on another time."""

SUPERVISORS = SUPERVISING
"""Roles that may watch whether private data are erased."""

PURGE_REQUESTED = EventKind("purge_requested", parties=("members",), roles=SUPERVISORS)
"""``record, members, reason, due_ms``: the members' nodes erase the payload when they execute this block."""

PURGES_AT_ONCE = 256
"""Taking a voucher back begins this many purges by itself; further ones are requested one by one.

So that a voucher under which much was read can always be taken back within a transaction's budget.
"""


class Collection(Record, frozen=True):
    """What ``members`` agreed on; the key is :func:`collection_key` of them."""

    namespace: ClassVar[str] = "collections"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    members: tuple[str, ...]
    blocks_to_live: int
    attest_within_ms: int


class Deposit(Record, frozen=True):
    """A payload held by ``members``; the key is the record that carried it ("client/number").

    Members keep it below the height ``until``; 0 is for ever. ``reason``, ``requested_ms`` and ``due_ms`` are empty
    until a purge is requested. ``attested`` are (member, time in ms), ascending by member; ``overdue`` who was reported
    to be late.
    """

    namespace: ClassVar[str] = "deposits"
    business: ClassVar[bool] = False
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    members: tuple[str, ...]
    until: int
    attest_within_ms: int
    reason: str = ""
    requested_ms: int = 0
    due_ms: int = 0
    attested: tuple[tuple[str, int], ...] = ()
    overdue: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The members who have not attested yet."""
        done = {member for member, _ in self.attested}
        return tuple(member for member in self.members if member not in done)


class Release(Record, frozen=True):
    """That a record was released under a voucher; the key is ``voucher|record``."""

    namespace: ClassVar[str] = "releases"
    business: ClassVar[bool] = False

    query: str


def collection_key(members: tuple[str, ...]) -> str:
    """SHA-256 of msgpack ``["consortium/collection", members]``, in hex."""
    return sha256(msgspec.msgpack.encode(("consortium/collection", members))).hexdigest()


def entrust(ctx: Context, record: str, members: tuple[str, ...], blocks_to_live: int, height: int) -> None:
    """Note that ``members`` (ascending) hold the payload of ``record`` for so many blocks from ``height`` on.

    Refused with "lives_too_long" where they agreed on fewer blocks.
    """
    agreed = ctx.get(Collection, collection_key(members))
    limit = agreed.blocks_to_live if agreed else 0
    ctx.require(not limit or 0 < blocks_to_live <= limit, "lives_too_long", f"{blocks_to_live}; agreed: {limit}")
    deposit = Deposit(
        state="HELD",
        members=members,
        until=height + blocks_to_live if blocks_to_live else 0,
        attest_within_ms=agreed.attest_within_ms if agreed else ATTEST_WITHIN_MS,
    )
    ctx.put(record, deposit)


def release_key(voucher: str, record: str) -> str:
    """Where it is kept that ``record`` was released under ``voucher``."""
    return f"{voucher}|{record}"


def note_release(ctx: Context, voucher: str, record: str, query: str) -> None:
    """Remember that ``record`` answers ``query`` under ``voucher``."""
    ctx.put(release_key(voucher, record), Release(query=query))


def request_purge(ctx: Context, record: str, deposit: Deposit, reason: str) -> Deposit:
    """Have every member erase the payload of ``record``: ``reason`` is "revoked", "expired" or "lived"."""
    purging = replace(
        deposit,
        state=DEPOSIT.next(deposit.state, "request"),
        reason=reason,
        requested_ms=ctx.time_ms,
        due_ms=ctx.time_ms + deposit.attest_within_ms,
    )
    ctx.put(record, purging)
    ctx.emit("purge_requested", record=record, members=purging.members, reason=reason, due_ms=purging.due_ms)
    return purging


def purge_released(ctx: Context, voucher: str, reason: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Request the purge of what was released under ``voucher``: (records to be purged, records that cannot be).

    Of a record without a deposit the payload lies on the chain or with people, where nobody can erase it for others.
    """
    begun: list[str] = []
    beyond: list[str] = []
    for key, _ in ctx.items(Release, release_key(voucher, "")):
        record = key.partition("|")[2]
        deposit = ctx.get(Deposit, record)
        if deposit is None:
            beyond.append(record)
        elif deposit.state == "HELD":
            request_purge(ctx, record, deposit, reason)
            begun.append(record)
        if len(begun) + len(beyond) == PURGES_AT_ONCE:
            break
    return tuple(begun), tuple(beyond)


def overdue(tree: StateTree, time_ms: int) -> Iterator[tuple[str, str, int]]:
    """(record, member, since when in ms) of every attestation that is late at ``time_ms``: the regulator's list."""
    for record, deposit in tree.items(Deposit.namespace):
        if deposit.state == "PURGING" and deposit.due_ms < time_ms:
            for member in deposit.missing:
                yield record, member, deposit.due_ms
