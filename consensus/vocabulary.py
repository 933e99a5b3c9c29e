"""The vocabulary of inputs and effects that every pure part of the program speaks.

Inputs are method calls (``start``, ``receive``, ``timer``, ``submit``, ``propose`` ...), each with ``now``,
an integer number of nanoseconds that never falls within one incarnation of a node. What comes back is a list
of effects, carried out *in that order* by a driver:

* ``Persist`` is a barrier: nothing that follows it, in this list or in any later list of the same node, may
  leave the node (``Send``, ``Broadcast``, ``Reply``) before its records are durable. Drivers group-commit.
* ``SetTimer`` replaces a timer of the same name; a timer fires at most once per setting.

Nodes are numbered ``0 .. n-1``, by their position in the network's list of members. A node's number never
changes and is never used again. Clients are named by strings.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

NodeId = int
"""A node's position in the network's list of members."""

NANOSECOND = 1
MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000


class Audience(StrEnum):
    """Who receives a broadcast, the sender excepted."""

    VOTERS = "voters"
    NODES = "nodes"


class Send(msgspec.Struct, frozen=True, gc=False):
    """Send ``message`` to one node."""

    to: NodeId
    message: Any


class Broadcast(msgspec.Struct, frozen=True, gc=False):
    """Send one shared ``message`` to everyone in ``audience`` but the sender, or to exactly the nodes of ``to``.

    ``VOTERS`` are those of the genesis; a core whose configuration has changed since names its receivers by ``to``.
    """

    message: Any
    audience: Audience = Audience.VOTERS
    to: tuple[NodeId, ...] | None = None


class SetTimer(msgspec.Struct, frozen=True, gc=False):
    """Call ``timer(name)`` once, ``after_ns`` from now, unless it is set again or cancelled before."""

    name: str
    after_ns: int


class CancelTimer(msgspec.Struct, frozen=True, gc=False):
    """Forget the timer ``name``; harmless when it is not set."""

    name: str


class Put(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Durable record: ``value`` now stands at ``key`` in ``space``, in place of what stood there."""

    space: str
    key: int | str
    value: Any


class Cut(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Durable removal of every integer key ``>= start`` in ``space`` (truncation of a log's tail)."""

    space: str
    start: int


class Drop(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Durable removal of every integer key ``< end`` in ``space`` (garbage collection of a log's head)."""

    space: str
    end: int


Record = Put | Cut | Drop

Image = dict[str, dict[int | str, Any]]
"""What a store gives back at a restart: space -> key -> value, every durable record applied in order."""


class Persist(msgspec.Struct, frozen=True, gc=False):
    """Make ``records`` durable, all or none, before any later effect leaves the node."""

    records: tuple[Record, ...]


class Commit(msgspec.Struct, frozen=True, gc=False):
    """``block`` is decided at ``height``; heights come without gaps.

    ``certificate`` is None where a later certified block vouches for this one by its hash links.
    """

    height: int
    block: Any
    certificate: Any


class Install(msgspec.Struct, frozen=True, gc=False):
    """Take the state of ``snapshot`` (:class:`consensus.snapshots.Snapshot`) in place of our own, which is older.

    ``chunks`` are complete and match the snapshot's digests. The next ``Commit`` is of the height above it.
    """

    height: int
    snapshot: Any
    chunks: tuple[bytes, ...]


class Reply(msgspec.Struct, frozen=True, gc=False):
    """Answer ``client``."""

    client: str
    message: Any


class Readable(msgspec.Struct, frozen=True, gc=False):
    """The read ``context`` may be answered, linearizably, from the state at ``height`` or any later one.

    ``height`` may be one that is not decided here yet: the answer then waits for it. It is None where the read may
    not be answered: whoever leads stopped leading before it could be sure; ask again.
    """

    context: int
    height: int | None


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """A peer's message was refused and changed nothing (the peer's lie or mistake, not ours)."""

    sender: NodeId
    reason: str


class Trace(msgspec.Struct, frozen=True, gc=False):
    """Something worth telling an observer: ``kind`` names it, ``detail`` holds plain values."""

    kind: str
    detail: tuple[Any, ...] = ()


Effect = Send | Broadcast | SetTimer | CancelTimer | Persist | Commit | Install | Reply | Readable | Rejected | Trace
Effects = list[Effect]


class LocalProtocolError(Exception):
    """Our own caller misused a state machine; the state is unchanged. A bug on this side."""
