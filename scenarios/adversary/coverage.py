"""How much of a protocol's behaviour a search reaches: which messages met nodes in which states.

A node's abstract state is what it tells of itself in its traces: its role under Raft; under PBFT whether it works in a
view, as primary or backup, changes to another one, fetches a state, or has no vote. A pair (state, class of message) is
*reached* when such a message was delivered to a node in that state; what no node can be told in some state is listed in
:data:`IMPOSSIBLE`. :data:`SOMETIMES` names events that a search of some length must have met: a search that never does
is too tame to say anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from consensus.pbft.messages import VIEW
from consensus.properties import Observer
from consensus.protocols import protocol as registered
from consensus.vocabulary import Image, Install, NodeId, Trace

OBSERVER = "observer"
PRIMARY, BACKUP, CHANGING, FETCHING = "working-primary", "working-backup", "changing", "fetching"

STATES: dict[str, tuple[str, ...]] = {
    "raft": (OBSERVER, "follower", "pre-candidate", "candidate", "leader"),
    "pbft": (OBSERVER, PRIMARY, BACKUP, CHANGING, FETCHING),
    "solo": (),
}
"""Abstract states by protocol."""

IMPOSSIBLE: dict[str, dict[str, str]] = {"raft": {}, "pbft": {}}
"""Pairs that no run reaches, by protocol, and why."""

_FAULTS = {
    "a node crashed": "crashed",
    "a message was lost": "lost",
    "a message came twice": "duplicated",
    "a message was cut off": "cut",
    "a message met a dead node": "vanished",
    "a message overtook another": "reordered",
    "corrupted bytes arrived": "garbled",
    "a disk lost what was not synced": "unsynced",
    "a torn write was undone": "torn",
    "bit rot was seen": "unreadable",
}

SOMETIMES: dict[str, dict[str, str]] = {
    "raft": _FAULTS
    | {
        "a leader was elected": "told raft.role leader",
        "a leader stepped down": "told raft.deposed",
        "an election was begun and not won": "told raft.lost-election",
        "a read was answered": "told answered",
        "a transfer of leadership finished": "told raft.transferred",
        "a transfer of leadership was given up": "told raft.transfer-aborted",
        "a snapshot was installed": "told installed",
        "members changed": "told raft.configuration",
    },
    "pbft": _FAULTS
    | {
        "a view change was asked for": "told pbft.view_change",
        "a new view began": "told pbft.new_view",
        "a new view proposed again what was prepared": "told pbft.reproposed",
        "a read was answered": "told answered",
        "a checkpoint became stable": "told pbft.stable",
        "a state transfer landed": "told installed",
        "members changed": "told pbft.epoch",
        "a liar equivocated": "told byzantine.equivocate",
    },
    "solo": {"a node crashed": "crashed", "a message was lost": "lost"},
}
"""What a search must meet sooner or later, by protocol: a name, and the count that shows it."""


class Told(Observer):
    """Counts what nodes tell of themselves, by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        self.counts[f"told {trace.kind}"] += 1


class Coverage(Observer):
    """Counts pairs (state of the receiver, class of message) in a group of ``voters``. Holds data only."""

    def __init__(self, voters: tuple[NodeId, ...] = ()) -> None:
        self._founders = voters
        self._met: defaultdict[tuple[str, type], int] = defaultdict(int)  # (state, class of message) -> how often
        self._told: Counter[str] = Counter()
        self._states: dict[NodeId, str] = {}
        self._voters: dict[NodeId, tuple[NodeId, ...]] = {}  # node -> the members of PBFT's epoch that it is in
        self._views: dict[NodeId, int] = {}
        self._heirs: dict[NodeId, None] = {}  # whom a leader of Raft last asked to stand

    @property
    def reached(self) -> Counter[str]:
        """``"state <- Class"`` -> how often, and marks of :data:`SOMETIMES` that traces show."""
        reached = Counter(self._told)
        for (state, kind), count in self._met.items():
            reached[f"{state} <- {kind.__name__}"] += count
        return reached

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        record = image.get(VIEW, {}).get("view")
        self._views[node] = record.view if record is not None else 0
        self._works(node)
        if record is not None and not record.active:
            self._states[node] = CHANGING

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        self._met[self._states.get(node, OBSERVER), type(message)] += 1

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:  # noqa: ARG002
        self._told["told installed"] += 1

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        match trace.kind:
            case "raft.role":
                self._plays(node, trace.detail[0])
            case "raft.transfer":
                self._heirs[trace.detail[0]] = None
            case "pbft.view_change":
                self._states[node] = CHANGING
            case "pbft.new_view":
                self._views[node] = trace.detail[0]
                self._told["told pbft.reproposed"] += trace.detail[2] > 0
                self._works(node)
            case "pbft.epoch":
                self._voters[node] = trace.detail[1:]
                self._works(node)
            case "pbft.transfer":
                self._states[node] = FETCHING
            case "pbft.transferred" | "pbft.transfer_failed":
                self._works(node)

    def _plays(self, node: NodeId, role: str) -> None:
        """A server of Raft takes on ``role``."""
        before = self._states.get(node)
        self._states[node] = role
        self._told[f"told raft.role {role}"] += 1
        if before == "leader":
            self._told["told raft.deposed"] += 1
        elif before == "candidate" and role != "leader":
            self._told["told raft.lost-election"] += 1
        if role == "leader" and node in self._heirs:
            self._told["told raft.transferred"] += 1
            self._heirs.clear()

    def _works(self, node: NodeId) -> None:
        """A replica of PBFT works in its view: or does it only look on?"""
        voters = self._voters.get(node, self._founders)
        primary = voters[self._views[node] % len(voters)] if voters else None
        self._states[node] = PRIMARY if node == primary else BACKUP if node in voters else OBSERVER


def possible_pairs(protocol: str) -> tuple[str, ...]:
    """Every pair of a state and a message of this protocol but the impossible ones."""
    pairs = (
        f"{state} <- {message.__name__}"
        for state in STATES.get(protocol, ())
        for message in registered(protocol).messages
    )
    return tuple(pair for pair in pairs if pair not in IMPOSSIBLE.get(protocol, {}))


def covered(protocol: str, reached: Mapping[str, int]) -> tuple[int, int]:
    """Pairs reached, and pairs there are."""
    possible = possible_pairs(protocol)
    return sum(bool(reached.get(pair)) for pair in possible), len(possible)


def missing_marks(protocol: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Which of :data:`SOMETIMES` were never met."""
    return tuple(name for name, count in SOMETIMES.get(protocol, {}).items() if not counts.get(count))
