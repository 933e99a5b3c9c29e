"""A fault plan: plain data that says what goes wrong, when, and for how long.

Every fault begins at ``at_ns`` of run time. Those with ``for_ns`` end by themselves after that long (None: never).
What a node or a link suffers at an instant is derived from the faults that are active then, so faults may
overlap freely, and dropping one item from a plan takes its whole effect away: a failing plan can be shrunk
item by item. ``Restart``, ``Resume`` and ``Heal`` end active faults early, for plans written by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from consensus.vocabulary import NodeId


class _Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    at_ns: int


class _Lasting(_Fault, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    for_ns: int | None = None


class Crash(_Lasting, frozen=True, kw_only=True, tag="crash"):
    """The process dies: timers, memory and every record not yet durable are gone. It starts again at the end."""

    node: NodeId


class Restart(_Fault, frozen=True, kw_only=True, tag="restart"):
    """End every active ``Crash`` of ``node``."""

    node: NodeId


class Pause(_Lasting, frozen=True, kw_only=True, tag="pause"):
    """The process stands still; at the end it gets the messages that waited, then the timers that came due."""

    node: NodeId


class Resume(_Fault, frozen=True, kw_only=True, tag="resume"):
    """End every active ``Pause`` of ``node``."""

    node: NodeId


class Cut(_Lasting, frozen=True, kw_only=True, tag="cut"):
    """Nothing sent between ``one`` and ``other`` arrives; from ``one`` to ``other`` alone if ``one_way``.

    An empty ``other`` means everybody else, the clients' actor included. Messages already under way arrive.
    """

    one: tuple[NodeId, ...]
    other: tuple[NodeId, ...] = ()
    one_way: bool = False
    name: str = ""


class Heal(_Fault, frozen=True, kw_only=True, tag="heal"):
    """End every active ``Cut`` of that name, or all of them where ``name`` is empty."""

    name: str = ""


class Loss(_Lasting, frozen=True, kw_only=True, tag="loss"):
    """Lose ``ppm`` of the messages from ``sources`` to ``targets`` (empty: everyone), on top of the links' own."""

    ppm: int
    sources: tuple[NodeId, ...] = ()
    targets: tuple[NodeId, ...] = ()


class Duplicate(_Lasting, frozen=True, kw_only=True, tag="duplicate"):
    """Deliver ``ppm`` of the messages twice."""

    ppm: int
    sources: tuple[NodeId, ...] = ()
    targets: tuple[NodeId, ...] = ()


class Delay(_Lasting, frozen=True, kw_only=True, tag="delay"):
    """Every message takes ``extra_ns`` longer."""

    extra_ns: int
    sources: tuple[NodeId, ...] = ()
    targets: tuple[NodeId, ...] = ()


class SlowDisk(_Lasting, frozen=True, kw_only=True, tag="slow_disk"):
    """Every sync of ``node``'s disk takes ``extra_ns`` longer."""

    node: NodeId
    extra_ns: int


class FullDisk(_Lasting, frozen=True, kw_only=True, tag="full_disk"):
    """The next sync of ``node`` fails and ends its process; it starts again when there is room (at the end)."""

    node: NodeId


Fault = Crash | Restart | Pause | Resume | Cut | Heal | Loss | Duplicate | Delay | SlowDisk | FullDisk
"""One item of a plan."""

Lasting = Crash | Pause | Cut | Loss | Duplicate | Delay | SlowDisk | FullDisk
"""Faults that are active for a while; the rest end others."""

_decoder = msgspec.json.Decoder(tuple[Fault, ...])


def encode_plan(plan: Sequence[Fault]) -> bytes:
    """The plan as JSON, as a failure file keeps it."""
    return msgspec.json.encode(tuple(plan))


def decode_plan(raw: bytes) -> tuple[Fault, ...]:
    """The plan in ``raw``; raises msgspec.ValidationError where it is none."""
    return _decoder.decode(raw)


def ends(fault: Fault, active: Lasting) -> bool:
    """Does ``fault`` end the ``active`` one early?"""
    match fault, active:
        case Restart(), Crash():
            return fault.node == active.node
        case Resume(), Pause():
            return fault.node == active.node
        case Heal(), Cut():
            return fault.name in ("", active.name)
    return False
