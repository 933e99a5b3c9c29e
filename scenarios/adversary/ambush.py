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

What a run's ambush does is its *style* (:data:`STYLES`). Two styles choose their moments themselves:

* *relieved*: whoever leads is put apart soon after it has sent its first blocks, in the place of the one before it. So
  logs grow apart at both ends: the longer one is not the later one (Raft's figure 8 is one such run).
* *written*: a node crashes while what it has just asked its disk to keep is being written, whatever that is; the rare
  as often as the common.
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

STYLES = ("faults", "apart", "confided", "all", "relieved", "written")
"""How an ambush strikes: with crashes, pauses and cuts; as the module tells of; or with each of the first three."""

APART = "apart"
"""The name of the cut that keeps one node apart; see the module."""

_DELAYS_NS = (1, 5 * MILLISECOND, 60 * MILLISECOND, 400 * MILLISECOND)
_WRITING_NS = (1, 2 * MILLISECOND, 8 * MILLISECOND, 20 * MILLISECOND)
_LASTING_NS = (80 * MILLISECOND, 700 * MILLISECOND, 2500 * MILLISECOND)
_GAPS_NS = (1, 50 * MILLISECOND, 300 * MILLISECOND, 1000 * MILLISECOND)
_CONFIDING_NS = (4 * MILLISECOND, 30 * MILLISECOND, 150 * MILLISECOND)


class Ambush(Observer):
    """Lies in wait in the world that :meth:`bind` is given. ``laid`` are the faults so far.

    ``style`` is one of :data:`STYLES`; None: drawn by the case's seed.
    """

    def __init__(self, case: Case, style: str | None = None) -> None:
        self.laid: list[Fault] = []
        self._case = case
        self._draws = draws = Stream(f"{case.seed}/ambush")
        self._gap_ns = _GAPS_NS[draws.below(len(_GAPS_NS))]
        drawn = STYLES[draws.below(len(STYLES))]
        self._style = style or drawn
        self._words_left: dict[tuple[NodeId, int], int] = {}  # (leader, round) -> words with blocks to let pass
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
        message = effect.message
        kind = type(message)
        if type(effect) is Reply or kind in OWN:
            return
        blocks = getattr(message, "blocks", ())
        if self._style == "relieved":
            if blocks and now < self._case.heal_ns - 2:
                self._relieve(now, node, getattr(message, "term", 0))
            return
        self._moment(f"says {kind.__name__} {'with blocks' if blocks else ''}", now, node)

    def _relieve(self, now: int, node: NodeId, round_: int) -> None:
        """``node`` leads ``round_`` and has just sent blocks: let few such words pass, then put it apart."""
        left = self._words_left.get((node, round_))
        if left is None:
            left = 1 + Stream(f"{self._case.seed}/ambush/{node}/{round_}").below(4)
        self._words_left[node, round_] = left - 1
        if left == 1:
            self._strike(now, node)

    def _moment(self, kind: str, now: int, node: NodeId) -> None:
        """Something that may be worth a strike: once in as many as were drawn for its kind (0: never)."""
        if self._style == "relieved" or (self._style == "written" and not kind.startswith("writes")):
            return
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
        self._lay(self._shots(now, node))

    def _lay(self, faults: list[Fault]) -> None:
        assert self._world is not None  # noqa: S101 - who strikes has looked
        for fault in faults:
            self.laid.append(fault)
            self._world.inject(fault)

    def _shots(self, now: int, node: NodeId) -> list[Fault]:
        draws, case, style = self._draws, self._case, self._style
        if style == "written":
            return [self._crash(now, node)]
        if style == "relieved":
            return self._put_apart(now + 1, node)
        if draws.below(4) == 0:
            node = draws.below(case.nodes)
        if style == "all":
            style = STYLES[draws.below(3)]
        if case.nodes > 1 and style == "apart":
            return self._put_apart(now + 1, node)
        if case.nodes > 1 and style == "confided":
            return self._confided(now + 1, node)
        return [self._plain(now, node)]

    def _crash(self, now: int, node: NodeId) -> Fault:
        """A crash in the middle of a write, as far as writes of this case last."""
        draws, case = self._draws, self._case
        at = min(case.heal_ns - 2, now + 1 + draws.below(_WRITING_NS[draws.below(len(_WRITING_NS))]))
        lasting = min(case.heal_ns - at - 1, 1 + draws.below(_LASTING_NS[draws.below(len(_LASTING_NS))]))
        return Crash(at_ns=at, for_ns=lasting, node=node)

    def _put_apart(self, at: int, node: NodeId) -> list[Fault]:
        """``node``, and few others now and then, alone; whoever was apart is back."""
        draws, case = self._draws, self._case
        if case.nodes == 1:
            return []
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
