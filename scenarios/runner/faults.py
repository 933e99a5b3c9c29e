"""From the scenario's faults to what is done to nodes: who ``leader`` is gets settled when a fault begins.

Both worlds do the same five things, so that one plan means the same in either: kill, start again, stand still, cut
links, and make links worse. What else the virtual world can do is :mod:`scenarios.runner.virtual_faults`, and
:mod:`scenarios.runner.liars` for nodes that lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from consensus.vocabulary import NodeId
from network.virtual import faults as world
from scenarios.language.models.faults import Fault
from scenarios.runner.virtual_faults import item_of
from scenarios.runner.words import braced, lasting, seconds, share

__all__ = ["FaultScript", "Hands", "apply_fault", "over_ns", "seconds"]


class Hands(Protocol):
    """What a world lets a fault do. ``for_ns`` None means to the end of the run."""

    def crash(self, node: NodeId, for_ns: int | None) -> None: ...

    def restart(self, node: NodeId) -> None: ...

    def pause(self, node: NodeId, for_ns: int | None) -> None: ...

    def cut(
        self, one: tuple[NodeId, ...], other: tuple[NodeId, ...], for_ns: int | None, *, one_way: bool = False
    ) -> None:
        """No message between ``one`` and ``other`` (empty: everybody else); ``one_way``: from ``one`` alone."""
        ...

    def worsen(self, nodes: tuple[NodeId, ...], loss_ppm: int, delay_ns: int, for_ns: int | None) -> None:
        """Messages from and to ``nodes`` (empty: all) get lost or late."""
        ...

    def inject(self, item: world.Fault, nodes: tuple[NodeId, ...] = ()) -> None:
        """An ``item`` of the virtual world's plan, from now on; one of links concerns ``nodes`` (empty: all)."""
        ...

    def lie(self, node: NodeId, behaviours: tuple[str, ...], for_ns: int | None) -> None:
        """``node`` is Byzantine in these ways (names of lies)."""
        ...


class FaultScript:
    """Says which faults begin, given run time and the height reached."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._waiting = list(faults)

    @property
    def next_ns(self) -> int | None:
        """When the next fault that waits for a time begins."""
        times = [fault.at for fault in self._waiting if fault.at is not None]
        return min(times) if times else None

    @property
    def waiting(self) -> int:
        """How many faults have not begun."""
        return len(self._waiting)

    @property
    def counts_commits(self) -> bool:
        return any(fault.after_commits is not None for fault in self._waiting)

    def due(self, now_ns: int, height: int) -> list[Fault]:
        """The faults to begin now; each is given once."""
        begins = [
            fault
            for fault in self._waiting
            if (fault.at is not None and fault.at <= now_ns)
            or (fault.after_commits is not None and fault.after_commits <= height)
        ]
        self._waiting = [fault for fault in self._waiting if fault not in begins]
        return begins


def apply_fault(fault: Fault, hands: Hands, resolve: Callable[[str], NodeId], nodes: int) -> str:
    """Do it; one line that tells it to people. ``resolve`` maps a name, "leader" or "follower" to a node."""
    match fault.kind:
        case "crash" | "restart" | "pause":
            return _to_a_node(fault, hands, resolve)
        case "cut" | "partition" | "ring":
            return _apart(fault, hands, resolve, nodes) + lasting(fault.for_)
        case "loss" | "delay":
            named = tuple(resolve(name) for name in fault.on or ())
            hands.worsen(named, fault.loss or 0, fault.delay or 0, fault.for_)
            what = (
                f"{share(fault.loss)} of messages lost" if fault.loss else f"messages {seconds(fault.delay or 0)} late"
            )
            return f"{what}{' at ' + braced(named) if named else ''}{lasting(fault.for_)}"
        case "byzantine":
            liar, behaviours = resolve(fault.names[0]), fault.does or ()
            hands.lie(liar, behaviours, fault.for_)
            return f"{{{liar}}} lies: {', '.join(behaviours)}{lasting(fault.for_)}"
        case _:
            item, line = item_of(fault, resolve)
            concerned = fault.on or (() if fault.hijack is None else (fault.hijack,))
            hands.inject(item, tuple(resolve(name) for name in concerned))
            return line


def _to_a_node(fault: Fault, hands: Hands, resolve: Callable[[str], NodeId]) -> str:
    node = resolve(fault.names[0])
    if fault.crash is not None:
        hands.crash(node, fault.restart_after)
        back = "" if fault.restart_after is None else f", back in {seconds(fault.restart_after)}"
        return f"{{{node}}} is killed{back}"
    if fault.restart is not None:
        hands.restart(node)
        return f"{{{node}}} starts again"
    hands.pause(node, fault.for_)
    return f"{{{node}}} stands still{lasting(fault.for_)}"


def _apart(fault: Fault, hands: Hands, resolve: Callable[[str], NodeId], nodes: int) -> str:
    """Keep nodes apart from each other."""
    if fault.cut is not None:
        one, other = (tuple(resolve(name) for name in names or ()) for names in (fault.cut, fault.from_))
        one_way = bool(fault.one_way)
        hands.cut(one, other, fault.for_, one_way=one_way)
        whom = braced(other) or "everyone"
        return f"{braced(one)} no longer heard by {whom}" if one_way else f"{braced(one)} cut off from {whom}"
    if fault.ring is not None:
        order = tuple(resolve(name) for name in fault.ring)
        for node, strangers in _strangers(order):
            hands.cut((node,), strangers, fault.for_)
        return f"each hears two neighbours only, around {braced(order)}"
    groups = _groups(fault, resolve, nodes)
    for index, group in enumerate(groups):
        for later in groups[index + 1 :]:
            hands.cut(group, later, fault.for_)
    return f"the network splits: {' | '.join(map(braced, groups))}"


def over_ns(fault: Fault, now_ns: int) -> int | None:
    """When a fault that begins now is over by itself, now where it brings somebody back; None: at the run's end."""
    if fault.kind == "restart":
        return now_ns
    lasts = fault.restart_after if fault.kind == "crash" else fault.for_
    return None if lasts is None else now_ns + lasts


def _groups(fault: Fault, resolve: Callable[[str], NodeId], nodes: int) -> list[tuple[NodeId, ...]]:
    named = [tuple(resolve(name) for name in group) for group in fault.partition or () if group != "rest"]
    taken = {node for group in named for node in group}
    rest = tuple(node for node in range(nodes) if node not in taken)
    return [*named, rest] if "rest" in (fault.partition or ()) else named


def _strangers(order: tuple[NodeId, ...]) -> Iterator[tuple[NodeId, tuple[NodeId, ...]]]:
    """Of a ring, each node with those after it in ``order`` that are not its neighbours."""
    for place, one in enumerate(order):
        others = order[place + 2 : len(order) - (place == 0)]
        if others:
            yield one, others
