"""Faults that wait for their moment: a node is struck as it wins an election, says a word, or writes it down.

The moments that matter are short and rare, and a fault at a random instant seldom meets one. An ambush watches what
nodes say, write, decide and tell of themselves. Which kinds of moments it waits for, how many of each it lets pass and
how it strikes are drawn run by run, as the kinds of faults of a swarm are. What it laid is kept as ordinary items of a
plan, so a failure found this way is played again and made small like any other.

Besides crashes, pauses and cuts it has two strikes of its own, which make logs and certificates differ. Both leave the
clients alone, so that the nodes on either side have work to do:

* *apart*: the node is cut off from the others until the next strike of this kind puts another in its place. A leader
  goes on alone, and is back while its successor is away.
* *confided*: for a moment one node alone hears the others. Then it is put apart with what only it knows.
"""

from __future__ import annotations

from consensus.properties import Observer
from consensus.vocabulary import (
    MILLISECOND,
    Broadcast,
    Commit,
    Image,
    NodeId,
    Put,
    Record,
    Reply,
    Send,
    Trace,
)
from network.virtual.bare.node import OWN
from network.virtual.case import Case
from network.virtual.draws import Stream
from network.virtual.faults import Crash, Cut, Fault, Heal, Pause
from network.virtual.world import World

SHOTS_MAX = 24
APART = "apart"
"""The name of the cut that keeps one node apart; see the module."""

_DELAYS_NS = (1, 5 * MILLISECOND, 60 * MILLISECOND, 400 * MILLISECOND)
_LASTING_NS = (80 * MILLISECOND, 700 * MILLISECOND, 2500 * MILLISECOND)
_GAPS_NS = (1, 50 * MILLISECOND, 300 * MILLISECOND, 1000 * MILLISECOND)
_CONFIDING_NS = (4 * MILLISECOND, 30 * MILLISECOND, 150 * MILLISECOND)


class Ambush(Observer):
    """Lies in wait in the world that :meth:`bind` is given. ``laid`` are the faults so far."""

    def __init__(self, case: Case) -> None:
        self.laid: list[Fault] = []
        self._case = case
        self._draws = draws = Stream(f"{case.seed}/ambush")
        self._gap_ns = _GAPS_NS[draws.below(len(_GAPS_NS))]
        self._style = draws.below(4)  # 0: crashes, pauses and cuts; 1: apart; 2: confided; 3: all of them
        self._quiet_until = 0
        self._one_in: dict[str, int] = {}
        self._world: World | None = None

    def bind(self, world: World) -> None:
        """Lay faults there from now on."""
        self._world = world

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        self._moment(f"tells {trace.kind} {trace.detail[0]}" if trace.kind == "raft.role" else trace.kind, now, node)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._moment("decides", now, node)

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:  # noqa: ARG002
        for space in dict.fromkeys(record.space for record in records):
            put = any(isinstance(record, Put) for record in records if record.space == space)
            self._moment(f"{'writes' if put else 'cuts'} {space}", now, node)

    def on_leave(
        self,
        now: int,
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        effect: Send | Broadcast | Reply,
        durable: Image,  # noqa: ARG002
    ) -> None:
        kind = type(effect.message)
        if type(effect) is not Reply and kind not in OWN:
            more = "with blocks" if getattr(effect.message, "blocks", ()) else ""
            self._moment(f"says {kind.__name__} {more}", now, node)

    def _moment(self, kind: str, now: int, node: NodeId) -> None:
        """Something that may be worth a strike: once in as many as were drawn for its kind (0: never)."""
        one_in = self._one_in.get(kind)
        if one_in is None:
            draws = Stream(f"{self._case.seed}/ambush/{kind}")
            one_in = self._one_in[kind] = (1 << draws.below(6)) if draws.below(2) else 0
        if one_in and self._quiet_until <= now < self._case.heal_ns - 2 and not self._draws.below(one_in):
            self._strike(now, node)

    def _strike(self, now: int, node: NodeId) -> None:
        if self._world is None or node >= self._case.nodes or len(self.laid) >= SHOTS_MAX:
            return
        self._quiet_until = now + self._gap_ns
        for fault in self._shots(now, node):
            self.laid.append(fault)
            self._world.inject(fault)

    def _shots(self, now: int, node: NodeId) -> list[Fault]:
        draws, case = self._draws, self._case
        if draws.below(4) == 0:
            node = draws.below(case.nodes)
        style = 1 + draws.below(3) if self._style == 3 else self._style
        if case.nodes > 1 and style == 1:
            return self._put_apart(now + 1, node)
        if case.nodes > 1 and style == 2:
            return self._confided(now + 1, node)
        return [self._plain(now, node)]

    def _put_apart(self, at: int, node: NodeId) -> list[Fault]:
        """``node``, and few others now and then, alone; whoever was apart is back."""
        draws, case = self._draws, self._case
        company = [other for other in range(case.nodes) if other != node and not draws.below(5)]
        alone = (node, *company[: (case.nodes - 1) // 2 - 1]) if case.nodes > 3 else (node,)
        lasting = max(1, min(case.heal_ns - at - 1, (500 + draws.below(4000)) * MILLISECOND))
        return [
            Heal(at_ns=at, name=APART),
            Cut(at_ns=at + 1, for_ns=lasting, one=alone, other=self._without(alone), name=APART),
        ]

    def _confided(self, at: int, node: NodeId) -> list[Fault]:
        """Nobody but ``node`` hears the other nodes for a while; then it is put apart."""
        draws, case = self._draws, self._case
        lasting = 1 + draws.below(_CONFIDING_NS[draws.below(len(_CONFIDING_NS))])
        if at + lasting >= case.heal_ns - 3:
            return []
        deaf = self._without((node,))
        whisper = Cut(at_ns=at, for_ns=lasting, one=tuple(range(case.nodes)), other=deaf, one_way=True)
        return [whisper, *self._put_apart(at + lasting, node)]

    def _without(self, nodes: tuple[NodeId, ...]) -> tuple[NodeId, ...]:
        return tuple(node for node in range(self._case.nodes) if node not in nodes)

    def _plain(self, now: int, node: NodeId) -> Fault:
        draws, case = self._draws, self._case
        at = min(case.heal_ns - 2, now + 1 + draws.below(_DELAYS_NS[draws.below(len(_DELAYS_NS))]))
        lasting = min(case.heal_ns - at - 1, 1 + draws.below(_LASTING_NS[draws.below(len(_LASTING_NS))]))
        match draws.below(6):
            case 0:
                return Pause(at_ns=at, for_ns=lasting, node=node)
            case 1 | 2:
                return Crash(at_ns=at, for_ns=lasting, node=node)
            case 3:
                return Cut(at_ns=at, for_ns=lasting, one=(node,), one_way=bool(draws.below(2)))
            case _:
                others = [other for other in range(case.nodes) if other != node and not draws.below(3)]
                return Cut(at_ns=at, for_ns=lasting, one=(node, *others))
