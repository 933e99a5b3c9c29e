"""The faults of a run: which are active, and what a node suffers from them together.

What a node suffers is always derived from *all* active faults, so that overlapping faults need no bookkeeping
and a fault's end undoes exactly what it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from consensus.vocabulary import NodeId
from network.virtual.faults import (
    DRIFT_PPM_MAX,
    Clock,
    Fault,
    Heal,
    Lasting,
    NodeFault,
    Restart,
    Resume,
    Slow,
    SlowDisk,
    ends,
)

_Kind = TypeVar("_Kind", bound=NodeFault)


class Plan:
    """Every fault so far, known by its place, and those active now. Holds data only."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._active: dict[int, Lasting] = {}

    def add(self, fault: Fault) -> int:
        """Take up ``fault``, not yet active; returns its place."""
        self._faults.append(fault)
        return len(self._faults) - 1

    def fault(self, place: int) -> Fault:
        return self._faults[place]

    def begin(self, place: int) -> list[Lasting]:
        """The fault at ``place`` begins; returns those whose effect changes (itself, or those it ends)."""
        fault = self._faults[place]
        if isinstance(fault, Restart | Resume | Heal):
            ended = [index for index, active in self._active.items() if ends(fault, active)]
            return [self._active.pop(index) for index in ended]
        self._active[place] = fault
        return [fault]

    def end(self, place: int) -> list[Lasting]:
        """The fault at ``place`` ends by itself; returns it, or nothing where another ended it before."""
        fault = self._active.pop(place, None)
        return [] if fault is None else [fault]

    @property
    def active(self) -> tuple[Lasting, ...]:
        """The active faults, in the order in which they were planned."""
        return tuple(self._active[place] for place in sorted(self._active))

    def has(self, node: NodeId, kind: type[NodeFault]) -> bool:
        """Is a fault of that ``kind`` active at ``node``?"""
        return any(True for _ in self._of(node, kind))

    def disk_extra_ns(self, node: NodeId) -> int:
        return sum(fault.extra_ns for fault in self._of(node, SlowDisk))

    def input_extra_ns(self, node: NodeId) -> int:
        return sum(fault.extra_ns for fault in self._of(node, Slow))

    def clock(self, node: NodeId) -> tuple[int, int]:
        """By how much the clock of ``node`` was stepped (ns), and its drift (ppm)."""
        faults = list(self._of(node, Clock))
        drift = sum(fault.drift_ppm for fault in faults)
        return sum(fault.step_ns for fault in faults), max(-DRIFT_PPM_MAX, min(DRIFT_PPM_MAX, drift))

    def _of(self, node: NodeId, kind: type[_Kind]) -> Iterator[_Kind]:
        return (fault for fault in self._active.values() if isinstance(fault, kind) and fault.node == node)
