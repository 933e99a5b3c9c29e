"""How much of a protocol's behaviour a search reaches: which messages met nodes in which states.

A node's abstract state is what it tells of itself in its traces: its role under Raft, whether it works in a view or
changes to one, and as primary or backup, under PBFT. A pair (state, class of message) is *reached* when such a message
was delivered to a node in that state. ``SOMETIMES`` names events that a search of some length must have met: a search
that never does is too tame to say anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from consensus.properties import Observer
from consensus.protocols import protocol as registered
from consensus.vocabulary import Image, NodeId, Trace

STATES: dict[str, tuple[str, ...]] = {
    "raft": ("follower", "pre-candidate", "candidate", "leader"),
    "pbft": ("working", "changing"),
    "solo": (),
}
"""Abstract states by protocol."""

_ROLE = {"raft.role"}
_STATE_OF_TRACE = {"pbft.view_change": "changing", "pbft.new_view": "working"}
_FIRST = {"raft": "follower", "pbft": "working"}

SOMETIMES: dict[str, dict[str, str]] = {
    "raft": {
        "a node crashed": "crashed",
        "a message was lost": "lost",
        "a message came twice": "duplicated",
        "a message was cut off": "cut",
        "a message met a dead node": "vanished",
        "a leader was elected": "told raft.role leader",
        "a leader stepped down": "told raft.deposed",
        "an election was begun and not won": "told raft.lost-election",
    },
    "pbft": {
        "a node crashed": "crashed",
        "a message was lost": "lost",
        "a message came twice": "duplicated",
        "a message was cut off": "cut",
        "a message met a dead node": "vanished",
        "a view change was asked for": "told pbft.view_change",
        "a new view began": "told pbft.new_view",
    },
    "solo": {"a node crashed": "crashed", "a message was lost": "lost"},
}
"""What a search must meet sooner or later, by protocol: a name, and the count that shows it."""


class Coverage(Observer):
    """Counts pairs (state of the receiver, class of message). Holds data only."""

    def __init__(self) -> None:
        self._met: defaultdict[tuple[str, type], int] = defaultdict(int)  # (state, class of message) -> how often
        self._told: Counter[str] = Counter()
        self._states: dict[NodeId, str] = {}

    @property
    def reached(self) -> Counter[str]:
        """``"state <- Class"`` -> how often, and marks of :data:`SOMETIMES` that traces show."""
        reached = Counter(self._told)
        for (state, kind), count in self._met.items():
            reached[f"{state} <- {kind.__name__}"] += count
        return reached

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._states[node] = "started"

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        self._met[self._states.get(node, "started"), type(message)] += 1

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind in _ROLE:
            role, before = trace.detail[0], self._states.get(node)
            self._states[node] = role
            self._told[f"told raft.role {role}"] += 1
            if before == "leader":
                self._told["told raft.deposed"] += 1
            elif before == "candidate" and role != "leader":
                self._told["told raft.lost-election"] += 1
        elif trace.kind in _STATE_OF_TRACE:
            self._states[node] = _STATE_OF_TRACE[trace.kind]


def possible_pairs(protocol: str) -> tuple[str, ...]:
    """Every pair of a state and a message of this protocol."""
    return tuple(
        f"{state} <- {message.__name__}"
        for state in STATES.get(protocol, ())
        for message in registered(protocol).messages
    )


def covered(protocol: str, reached: Mapping[str, int]) -> tuple[int, int]:
    """Pairs reached, and pairs there are. A node that only just started counts as what its protocol starts as."""
    possible = possible_pairs(protocol)
    first = _FIRST.get(protocol, "")
    met = {pair.replace("started <-", f"{first} <-") for pair, count in reached.items() if count}
    return sum(pair in met for pair in possible), len(possible)


def missing_marks(protocol: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Which of :data:`SOMETIMES` were never met."""
    return tuple(name for name, count in SOMETIMES.get(protocol, {}).items() if not counts.get(count))
