"""Raft's scenes, and what must hold in them: the properties of the paper's figure 3 that a search can see.

Two scenes: *election* begins with servers that know of no leader, *replication* where server 0 has been elected and
everybody knows. In both a leader that is heard, its lapse, crashes in the middle of a step and late copies of
everything are among the events.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from consensus.protocols import Core
from consensus.raft.messages import RequestVoteReply
from consensus.vocabulary import Commit, Effects, NodeId, Trace
from scenarios.adversary.explore.model import Fact, Item, Letter, Scene

ELECTION, HEARTBEAT = "raft.election", "raft.heartbeat"
_ROLE = "raft.role"


class RaftScene(Scene, frozen=True, kw_only=True):
    """Some Raft servers."""

    led: bool = False

    def prelude(self) -> Sequence[tuple[NodeId, str]]:
        return ((0, ELECTION),) if self.led else ()

    def facts(self, me: NodeId, core: Core, effects: Effects) -> Iterator[Fact]:
        """Who leads with which log, and what was decided by whom in which term at the latest."""
        status = core.status()
        for effect in effects:
            if isinstance(effect, Commit):
                yield Fact("decided", (effect.height, effect.block.hash, effect.block.parent, status.round))
            elif isinstance(effect, Trace) and effect.kind == _ROLE and effect.detail[0] == "leader":
                slot = core.slot()
                if slot is not None and status.role == "leader":
                    yield Fact("leads", (slot.round, me, slot.height - 1, slot.parent))

    def topics(self, item: Item) -> Iterable[Hashable]:
        match item:
            case Letter(message=RequestVoteReply(granted=True)):
                return (("vote", item.sender, item.message.term),)
            case Fact(kind="leads"):
                return (("lead", item.detail[0]), "log")
            case Fact(kind="decided"):
                return ("log",)
        return ()

    def clash(self, one: Item, other: Item) -> str | None:
        match one, other:
            case Letter(), Letter() if one.to != other.to:
                return "one vote a term"
            case Fact(kind="leads"), Fact(kind="leads"):
                same_term = one.detail[0] == other.detail[0]
                return "election safety" if same_term and one.detail[1] != other.detail[1] else None
            case Fact(kind="decided"), Fact(kind="decided"):
                same = one.detail[0] != other.detail[0] or one.detail[1] == other.detail[1]
                return None if same else "state-machine safety"
            case Fact(kind="leads"), Fact(kind="decided"):
                return _completeness(one, other)
            case Fact(kind="decided"), Fact(kind="leads"):
                return _completeness(other, one)
        return None


def _completeness(leader: Fact, decided: Fact) -> str | None:
    """Leader completeness (section 5.4.3), as far as two ends of chains show it: too short, or another block there."""
    term, _, last, head = leader.detail
    height, block_hash, _, decided_in = decided.detail
    if decided_in >= term:
        return None
    return "leader completeness" if last < height or (last == height and head != block_hash) else None


def scenes(nodes: int) -> tuple[RaftScene, ...]:
    """What ``consortium explore --protocol raft`` searches."""
    common = {HEARTBEAT: 1, "propose": 2, "crash": 1, "pause": 1}
    return tuple(
        RaftScene(
            name=name,
            protocol="raft",
            nodes=nodes,
            led=led,
            budget={ELECTION: elections, **common},
            honest_is_heard=True,
        )
        for name, led, elections in (("election", False, 3), ("replication", True, 2))
    )
