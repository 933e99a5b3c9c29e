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


class _OnLinks(_Lasting, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Disturbs what is sent from ``sources`` to ``targets``; empty means everyone, the clients' actor included."""

    sources: tuple[NodeId, ...] = ()
    targets: tuple[NodeId, ...] = ()


# -- nodes -------------------------------------------------------------------------------------------------------


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


class Slow(_Lasting, frozen=True, kw_only=True, tag="slow"):
    """Every input keeps ``node`` busy for ``extra_ns`` longer; what comes meanwhile waits in line."""

    node: NodeId
    extra_ns: int


class Clock(_Lasting, frozen=True, kw_only=True, tag="clock"):
    """The clock of ``node`` steps by ``step_ns``, then runs ``drift_ppm`` parts per million too fast (or too slow).

    At the end it is set right again. A clock that would have to go back stands still instead: a process's ``now``
    never falls. Timers run by it, too: a fast clock's fire early.
    """

    node: NodeId
    step_ns: int = 0
    drift_ppm: int = 0

    def __post_init__(self) -> None:
        if not -DRIFT_PPM_MAX <= self.drift_ppm <= DRIFT_PPM_MAX:
            raise ValueError(f"a clock drifts by at most {DRIFT_PPM_MAX} parts per million: {self}")


DRIFT_PPM_MAX = 500_000

# -- disks -------------------------------------------------------------------------------------------------------


class SlowDisk(_Lasting, frozen=True, kw_only=True, tag="slow_disk"):
    """Every sync of ``node``'s disk takes ``extra_ns`` longer."""

    node: NodeId
    extra_ns: int


class FullDisk(_Lasting, frozen=True, kw_only=True, tag="full_disk"):
    """The next sync of ``node`` fails and ends its process; it starts again when there is room (at the end)."""

    node: NodeId


class TornWrite(_Lasting, frozen=True, kw_only=True, tag="torn_write"):
    """Of the write that a crash of ``node`` interrupts, a part reaches the disk.

    The store keeps a journal, so a restart finds that write undone as a whole. On a world's ``journal=False`` disks
    the part stays, as on a store that does not write atomically: what a node must not be run on.
    """

    node: NodeId


class BitRot(_Lasting, frozen=True, kw_only=True, tag="bit_rot"):
    """What ``node`` reads at a start is not what it wrote. The store's checksums tell, and the start fails.

    At the end the disk reads well again (a bad sector remapped, a mirror), and the node starts.
    """

    node: NodeId


# -- links -------------------------------------------------------------------------------------------------------


class Cut(_Lasting, frozen=True, kw_only=True, tag="cut"):
    """Nothing sent between ``one`` and ``other`` arrives; from ``one`` to ``other`` alone if ``one_way``.

    An empty ``other`` means everybody else, the clients' actor included. Messages already under way arrive. Nodes
    in neither group hear both: one of them bridges the two.
    """

    one: tuple[NodeId, ...]
    other: tuple[NodeId, ...] = ()
    one_way: bool = False
    name: str = ""

    @property
    def named(self) -> tuple[NodeId, ...]:
        """The actors whose links may differ from those of the others."""
        return self.one + self.other


class Heal(_Fault, frozen=True, kw_only=True, tag="heal"):
    """End every active ``Cut`` and ``Ring`` of that name, or all of them where ``name`` is empty."""

    name: str = ""


class Ring(_Lasting, frozen=True, kw_only=True, tag="ring"):
    """The nodes of ``order`` hear of each other only their two neighbours, around a ring."""

    order: tuple[NodeId, ...]
    name: str = ""

    @property
    def named(self) -> tuple[NodeId, ...]:
        return self.order


class Flap(_Lasting, frozen=True, kw_only=True, tag="flap"):
    """A :class:`Cut` that comes and goes: ``down_ns`` cut, ``up_ns`` whole, until ``for_ns`` are over."""

    for_ns: int
    one: tuple[NodeId, ...]
    other: tuple[NodeId, ...] = ()
    one_way: bool = False
    down_ns: int
    up_ns: int

    def __post_init__(self) -> None:
        if min(self.down_ns, self.up_ns) < 1:
            raise ValueError(f"a flapping link is up and down for some time each: {self}")

    def cuts(self, begin_ns: int) -> tuple[Cut, ...]:
        """What it comes to when it begins at ``begin_ns``."""
        end = begin_ns + self.for_ns
        return tuple(
            Cut(at_ns=at, for_ns=min(self.down_ns, end - at), one=self.one, other=self.other, one_way=self.one_way)
            for at in range(begin_ns, end, self.down_ns + self.up_ns)
        )


class Loss(_OnLinks, frozen=True, kw_only=True, tag="loss"):
    """Lose ``ppm`` of the messages, on top of the links' own loss."""

    ppm: int


class Duplicate(_OnLinks, frozen=True, kw_only=True, tag="duplicate"):
    """Deliver ``ppm`` of the messages twice."""

    ppm: int


class Corrupt(_OnLinks, frozen=True, kw_only=True, tag="corrupt"):
    """Garble ``ppm`` of the messages: what arrives is :class:`network.virtual.post.Garbled`."""

    ppm: int


class Reorder(_OnLinks, frozen=True, kw_only=True, tag="reorder"):
    """Hold ``ppm`` of the messages back by up to ``by_ns``, so that later ones overtake them."""

    ppm: int
    by_ns: int


class Delay(_OnLinks, frozen=True, kw_only=True, tag="delay"):
    """Every message takes ``extra_ns`` longer."""

    extra_ns: int


class Throttle(_OnLinks, frozen=True, kw_only=True, tag="throttle"):
    """Each link carries ``bytes_per_s`` at most; messages wait in line for it."""

    bytes_per_s: int

    def __post_init__(self) -> None:
        if self.bytes_per_s < 1:
            raise ValueError(f"a link that carries nothing is a Cut: {self}")


class BrokerDown(_Lasting, frozen=True, kw_only=True, tag="broker_down"):
    """The broker between all actors restarts: what is sent meanwhile is lost, or delivered at the end (``backlog``)."""

    for_ns: int
    backlog: bool = False


Fault = (
    Crash
    | Restart
    | Pause
    | Resume
    | Slow
    | Clock
    | SlowDisk
    | FullDisk
    | TornWrite
    | BitRot
    | Cut
    | Heal
    | Ring
    | Flap
    | Loss
    | Duplicate
    | Corrupt
    | Reorder
    | Delay
    | Throttle
    | BrokerDown
)
"""One item of a plan."""

Disturbance = Loss | Duplicate | Corrupt | Reorder | Delay | Throttle
"""Faults that make links worse."""

LinkFault = Cut | Ring | Disturbance
"""Faults that change what links are like."""

NodeFault = Crash | Pause | Slow | Clock | SlowDisk | FullDisk | TornWrite | BitRot
"""Faults of one node."""

Lasting = NodeFault | LinkFault | Flap | BrokerDown
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
        case Heal(), Cut() | Ring():
            return fault.name in ("", active.name)
    return False
