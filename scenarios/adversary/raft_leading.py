"""What Raft's leaders owe their followers and those who read, judged step by step.

* A leader's every word carries its commit index (figure 2, "AppendEntries RPC"). Judged where members stay the same:
  elsewhere the proof of an earlier configuration may have to go first.
* A follower that a leader hears again and again is given what it lacks: it is not left where it is for
  ``PATIENCE`` round trips while entries wait for it. A snapshot on its way excuses the leader.
* A leader that is asked for a read lets it be answered only when a quorum has answered a round of heartbeats that began
  after it was asked (6.4). Judged where there are no leases, and where a follower asks.

A leader is known by its AppendEntries; what it has decided, in the order of its own effects.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from consensus.chain import BLOCKS
from consensus.configuration import Configuration
from consensus.properties import Observer, Property, Violation
from consensus.properties.memberships import lacking
from consensus.properties.observer import told
from consensus.properties.raft import ROLE_TRACE, RaftSafety
from consensus.raft.messages import (
    AppendDeferral,
    AppendEntries,
    AppendFailure,
    AppendSuccess,
    InstallSnapshot,
    InstallSnapshotReply,
    ReadIndex,
    ReadIndexAnswer,
)
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Broadcast, Commit, Effects, Image, Install, NodeId, Send, Trace

PATIENCE = 4
"""Rounds of heartbeats, each begun after the answer to the one before, that a follower answers in vain at most."""

BEATS_KEPT = 4096
"""Rounds after which an answer is no longer judged."""

_ANSWERS = frozenset((AppendSuccess, AppendFailure, AppendDeferral))


class _Leading(msgspec.Struct):
    """What a leader has said in its term: how far its messages reached, and when each round of heartbeats began."""

    term: int
    reach: int = 0
    beat: int = 0
    beats: dict[int, int] = msgspec.field(default_factory=dict)  # round -> how far the messages before it reached
    answers: dict[NodeId, int] = msgspec.field(default_factory=dict)  # follower -> the latest round that it answered


class _Feeding(msgspec.Struct):
    """A follower in the eyes of a leader: where it stood, and how often it said so in vain.

    An answer counts if the round that it answers began after the last one that counted had come.
    """

    term: int
    beat: int = -1
    match: int = 0
    vain: int = 0
    helped: bool = False  # by a snapshot, or by catch-up where there is none


def last_configuration(safety: RaftSafety, node: NodeId) -> Configuration:
    """The configuration that the last entry of ``node``'s log decides by."""
    log, memberships = safety.logs[node], safety.memberships
    last = max(log, default=0)
    return memberships.known_at(last, log[last]) if log else memberships.founded


class RaftLeading(Observer):
    """Watches servers whose members stay the same (``settled``) or change as they run, with or without ``leases``.

    ``safety`` knows their logs, and must be told of everything first.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property("commit announced", "a leader's every word carries its commit index", "Raft, figure 2", "O(effects)"),
        Property("read confirmed", "a quorum confirms a read after it was asked for", "Raft dissertation, 6.4", "O(n)"),
        Property("follower fed", "a follower that is heard is given what it lacks", "Raft, section 5.3", "O(1)"),
    )

    def __init__(self, safety: RaftSafety, *, settled: bool, leases: bool = False) -> None:
        self._safety = safety
        self._settled = settled
        self._leases = leases
        self._decided: dict[NodeId, int] = {}
        self._leading: dict[NodeId, _Leading] = {}
        self._feeding: dict[tuple[NodeId, NodeId], _Feeding] = {}
        self._asked: dict[tuple[NodeId, NodeId, int, int], int] = {}
        """(leader, asker, its life, its question) -> the leader's latest round of heartbeats when it was asked."""
        self._doubts: dict[NodeId, tuple[str, str, tuple[NodeId, ...]]] = {}
        """Leader -> the answer to a read that too few confirmed, unless its configuration changed in that very step."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        manifest = image.get(SNAPSHOT, {}).get(MANIFEST)
        heights = [height for height in image.get(BLOCKS, {}) if isinstance(height, int)]
        self._decided[node] = max(*heights, 0 if manifest is None else manifest.height, 0)
        self._lay_down(node)
        self._doubts.pop(node, None)

    def _lay_down(self, node: NodeId) -> None:
        """It leads no more; whoever asked it before must ask again."""
        self._leading.pop(node, None)
        self._asked = {asked: beat for asked, beat in self._asked.items() if asked[0] != node}

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        if node in self._doubts:
            self._require_confirmed(node, *self._doubts.pop(node))
        kind, leading = type(message), self._leading.get(node)
        if leading is None:
            return
        if kind is ReadIndex:
            self._asked.setdefault((node, sender, message.life, message.number), leading.beat)  # it may come twice
        elif kind in _ANSWERS and message.term == leading.term:
            leading.answers[sender] = max(message.beat, leading.answers.get(sender, -1))
        if kind is AppendSuccess:
            self._fed(told(now, node, incarnation), node, sender, message)
        elif (kind in _ANSWERS or kind is InstallSnapshotReply) and (node, sender) in self._feeding:
            self._feeding[node, sender].vain = 0

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, Send | Broadcast):
                message = effect.message
                if type(message) is AppendEntries:
                    self._leads(now, node, incarnation, message)
                elif type(message) is InstallSnapshot and isinstance(effect, Send):
                    self._help(node, effect.to, message.term)
                elif type(message) is ReadIndexAnswer and isinstance(effect, Send) and not self._leases:
                    self._lets_read(told(now, node, incarnation), node, effect.to, message)
            elif isinstance(effect, Commit | Install):
                self._decided[node] = effect.height

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == ROLE_TRACE and trace.detail[0] != "leader":
            self._lay_down(node)
        elif trace.kind == "raft.behind" and node in self._leading:
            self._help(node, trace.detail[0], self._leading[node].term)

    def _leads(self, now: int, node: NodeId, incarnation: int, message: AppendEntries) -> None:
        decided = self._decided.get(node, 0)
        if self._settled and message.commit < decided:
            says = f"{told(now, node, incarnation)} tells of commit index {message.commit}"
            raise Violation("commit announced", says, f"it has decided entry {decided}")
        leading = self._leading.get(node)
        if leading is None or leading.term != message.term:
            leading = self._leading[node] = _Leading(term=message.term)
        if message.beat not in leading.beats:
            leading.beats[message.beat] = leading.reach
            leading.beats.pop(message.beat - BEATS_KEPT, None)
            leading.beat = max(leading.beat, message.beat)
        leading.reach = max(leading.reach, message.previous_index + len(message.blocks))

    def _lets_read(self, origin: str, node: NodeId, asker: NodeId, message: ReadIndexAnswer) -> None:
        began = self._asked.pop((node, asker, message.life, message.number), None)
        if began is None or message.index is None or node not in self._leading:
            return
        answers = self._leading[node].answers
        confirmed = (node, *(peer for peer, beat in answers.items() if beat > began))
        if lacking(last_configuration(self._safety, node), confirmed) is not None:
            reads = f"{origin} lets node {asker} read from entry {message.index} on"
            self._doubts[node] = reads, f"it was asked in round {began} of its heartbeats", confirmed

    def _require_confirmed(self, node: NodeId, reads: str, asked: str, confirmed: tuple[NodeId, ...]) -> None:
        few = lacking(last_configuration(self._safety, node), confirmed)
        if few is not None:
            raise Violation("read confirmed", reads, f"{asked}, and a later one was answered by {few}")

    def _help(self, node: NodeId, peer: NodeId, term: int) -> None:
        feeding = self._feeding.get((node, peer))
        if feeding is None or feeding.term != term:
            feeding = self._feeding[node, peer] = _Feeding(term=term)
        feeding.helped = True

    def _fed(self, origin: str, node: NodeId, peer: NodeId, message: AppendSuccess) -> None:
        """``peer`` tells its leader how far it has come."""
        leading, feeding = self._leading.get(node), self._feeding.get((node, peer))
        if leading is None or message.term != leading.term:
            return
        if feeding is None or feeding.term != message.term:
            feeding = self._feeding[node, peer] = _Feeding(term=message.term)
        if message.beat <= feeding.beat:
            return
        feeding.beat = leading.beat
        lacks = message.match_index < leading.beats.get(message.beat, 0)
        if message.match_index > feeding.match or not lacks:
            feeding.match, feeding.vain, feeding.helped = max(feeding.match, message.match_index), 0, False
        else:
            feeding.vain += not feeding.helped
        if feeding.vain >= PATIENCE:
            stays = f"{origin} hears for the {feeding.vain}th time in vain that node {peer} has {message.match_index}"
            raise Violation("follower fed", stays, f"it was sent no more, and no snapshot; there is {leading.reach}")
