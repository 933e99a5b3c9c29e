"""The exchanges that a run's report draws (:mod:`scenarios.results.exchanges`): noticed as they happen.

In virtual time a :class:`Witness` sees every message. With processes nobody does: nodes recall their last messages
where something turned (:mod:`node.recollection`), and :func:`recalled` makes exchanges of what all of them told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from consensus.properties import Observer
from consensus.vocabulary import Broadcast, Commit, Image, NodeId, Reply, Send, Trace
from node.recollection import FULL, Happening, turn_in
from scenarios.results.exchanges import Exchange
from scenarios.runner.actors import actor_names
from scenarios.runner.episodes import CRASHES, STARTS, Episodes, Kinds, kind_named
from scenarios.runner.traffic import Traffic

FLIGHTS_MAX = 4096
"""Messages whose time of leaving is remembered: so many at least, and twice as many at most."""


class _Flights:
    """When the last few thousand messages left, by their identity (only ever looked up)."""

    def __init__(self) -> None:
        self._young: dict[int, tuple[Any, int | None]] = {}
        self._old: dict[int, tuple[Any, int | None]] = {}

    def leave(self, now: int, message: Any) -> None:
        """It leaves; one that has left before is known no more."""
        key = id(message)
        known = self._young.get(key) or self._old.get(key)
        self._young[key] = (message, None if known is not None and known[0] is message else now)
        if len(self._young) >= FLIGHTS_MAX:
            self._old, self._young = self._young, {}

    def left_at(self, message: Any) -> int | None:
        """When it left; None where that is not known, or it left more than once."""
        key = id(message)
        known = self._young.get(key) or self._old.get(key)
        return known[1] if known is not None and known[0] is message else None


class Witness(Observer):
    """Counts every message in ``traffic`` and picks out exchanges. ``faulted``: has any fault begun?"""

    def __init__(self, traffic: Traffic, names: Sequence[str], faulted: Callable[[], bool]) -> None:
        self._traffic = traffic
        self._episodes = Episodes(actor_names(names), lambda _: faulted())
        self._flights = _Flights()
        self._began: dict[NodeId, int] = {}
        self._kinds = Kinds()

    def on_leave(
        self,
        now: int,
        node: NodeId,  # noqa: ARG002
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        message = effect.message
        _, sent, _ = self._kinds.of(message)
        self._traffic.add(now, sent)
        self._flights.leave(now, message)

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        kind, _, heard = self._kinds.of(message)
        self._traffic.add(now, heard)
        self._episodes.note(now, node, kind, message, sender, self._flights.left_at(message), False)

    def on_lost(self, now: int, node: NodeId, sender: NodeId, message: Any) -> None:
        kind, _, _ = self._kinds.of(message)
        self._episodes.note(now, node, kind, message, sender, now, True)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._episodes.decides(now, node, commit.height, transactions=bool(commit.block.transactions))

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        words = turn_in(trace)
        if words is not None and self._began.get(node) != now:  # a node that begins takes its first role
            self._episodes.turns(now, node, words)

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._began[node] = now
        if incarnation > 1:
            self._episodes.note(now, node, STARTS, "", None, None, False)

    def on_crash(self, now: int, node: NodeId, incarnation: int) -> None:  # noqa: ARG002
        self._episodes.note(now, node, CRASHES, "", None, None, False)

    def exchanges(self) -> list[Exchange]:
        """Everything kept."""
        return self._episodes.exchanges()


def recalled(
    told: Iterable[tuple[NodeId, Happening]], names: Sequence[str], *, began_ns: int, first_fault_ns: int | None
) -> list[Exchange]:
    """Exchanges of what nodes told; their clocks are one, and the run began at ``began_ns`` of it."""
    everybody = actor_names(names)
    numbers = {name: number for number, name in everybody.items()}
    episodes = Episodes(everybody, lambda now: first_fault_ns is not None and first_fault_ns <= now)
    for node, (at_ns, what, detail, sender) in sorted(told, key=lambda item: item[1][0]):
        now = at_ns - began_ns
        if what == "decides":
            episodes.decides(now, node, int(detail.rpartition(" ")[2]), transactions=sender == FULL)
        elif what == "turns":
            episodes.turns(now, node, detail)
        else:
            episodes.note(now, node, kind_named(what), detail, numbers.get(sender), None, False)
    return episodes.exchanges()
