"""What a Raft server owes the others, judged step by step: close to the event, long before anything stands still.

A server that keeps silent where it is asked, or tells less than it knows, seldom breaks safety, and progress only where
nobody else makes up for it: catch-up brings blocks, another election another leader. The duties are:

* Who is spoken to in an older term, or asked for a pre-vote, answers (figure 2, rule 1; etcd's and TiKV's remedy for
  PreVote with CheckQuorum).
* A leader's every word carries its commit index (figure 2, "AppendEntries RPC"). Judged where members stay the same:
  elsewhere the proof of an earlier configuration may have to go first.
* A follower that a leader hears again and again is given what it lacks: it is not left where it is for
  ``PATIENCE`` rounds of heartbeats while entries wait for it. A snapshot on its way excuses the leader.
* Election timeouts are drawn (section 5.2): a server that stands again and again does not wait equally long each time.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from consensus.chain import BLOCKS
from consensus.properties import Observer, Property, Violation
from consensus.properties.observer import told
from consensus.properties.raft import ROLE_TRACE
from consensus.raft.messages import (
    AppendDeferral,
    AppendEntries,
    AppendFailure,
    AppendSuccess,
    InstallSnapshot,
    InstallSnapshotReply,
    PreVote,
    RequestVote,
    SnapshotChunk,
)
from consensus.raft.records import STATE, STATE_KEY
from consensus.raft.server import ELECTION
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import (
    Broadcast,
    Commit,
    Effects,
    Image,
    Install,
    NodeId,
    Put,
    Record,
    Rejected,
    Send,
    Trace,
)

PATIENCE = 8
"""Rounds of heartbeats that a follower answers in vain before its leader is said to neglect it."""

EQUAL_WAITS = 5
"""Equal waits in a row that no draw of nanoseconds makes."""

_BY_TERM = frozenset((AppendEntries, RequestVote, InstallSnapshot, SnapshotChunk))
_STANDING = frozenset(("pre-candidate", "candidate"))


class _Leading(msgspec.Struct):
    """What a leader has said in its term: how far its messages reached, and when each round of heartbeats began."""

    term: int
    reach: int = 0
    beats: dict[int, int] = msgspec.field(default_factory=dict)  # round -> how far the messages before it reached


class _Feeding(msgspec.Struct):
    """A follower in the eyes of a leader: the last round it answered, where it stood, how often in vain."""

    term: int
    beat: int = -1
    match: int = 0
    vain: int = 0
    helped: bool = False  # by a snapshot, or by catch-up where there is none


class RaftDuties(Observer):
    """Watches servers whose members stay the same (``settled``), or change as they run."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "answer", "who is asked for a pre-vote, or spoken to in an older term, answers", "Raft, figure 2", "O(1)"
        ),
        Property("commit announced", "a leader's every word carries its commit index", "Raft, figure 2", "O(effects)"),
        Property("follower fed", "a follower that is heard is given what it lacks", "Raft, section 5.3", "O(1)"),
        Property("timeouts drawn", "election timeouts are drawn anew each time", "Raft, section 5.2", "O(1)"),
    )

    def __init__(self, *, settled: bool) -> None:
        self._settled = settled
        self._terms: dict[NodeId, int] = {}
        self._decided: dict[NodeId, int] = {}
        self._owing: dict[NodeId, tuple[int, NodeId, str]] = {}
        """Who was spoken to and has not answered: when, by whom, with what."""
        self._leading: dict[NodeId, _Leading] = {}
        self._feeding: dict[tuple[NodeId, NodeId], _Feeding] = {}
        self._standing: dict[NodeId, int] = {}
        """Since when a server has been waiting for its election to be won."""
        self._waits: dict[NodeId, list[int]] = {}

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        state, manifest = image.get(STATE, {}).get(STATE_KEY), image.get(SNAPSHOT, {}).get(MANIFEST)
        self._terms[node] = 0 if state is None else state.term
        heights = [height for height in image.get(BLOCKS, {}) if isinstance(height, int)]
        self._decided[node] = max(*heights, 0 if manifest is None else manifest.height, 0)
        for known in (self._owing, self._leading, self._standing, self._waits):
            known.pop(node, None)

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:  # noqa: ARG002
        for record in records:
            if isinstance(record, Put) and record.space == STATE:
                self._terms[node] = record.value.term

    # -- Who is asked answers --------------------------------------------------------------------------------

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        if node in self._owing:
            self._require_answered(node, incarnation, [])
        kind = type(message)
        if kind is PreVote or (kind in _BY_TERM and message.term < self._terms[node]):
            self._owing[node] = now, sender, f"{kind.__name__} of term {message.term}"
        elif kind is AppendSuccess:
            self._fed(told(now, node, incarnation), node, sender, message)
        elif kind is AppendFailure or kind is AppendDeferral or kind is InstallSnapshotReply:
            feeding = self._feeding.get((node, sender))
            if feeding is not None:
                feeding.vain = 0

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:
        if node in self._owing:
            self._require_answered(node, incarnation, effects)
        for effect in effects:
            if isinstance(effect, Send | Broadcast):
                message = effect.message
                if type(message) is AppendEntries:
                    self._leads(now, node, incarnation, message)
                elif type(message) is InstallSnapshot and isinstance(effect, Send):
                    self._help(node, effect.to, message.term)
            elif isinstance(effect, Commit | Install):
                self._decided[node] = effect.height

    def _require_answered(self, node: NodeId, incarnation: int, effects: Effects) -> None:
        when, asker, what = self._owing.pop(node)
        answered = {effect.to for effect in effects if isinstance(effect, Send)}
        refused = {effect.sender for effect in effects if isinstance(effect, Rejected)}
        if asker not in answered and asker not in refused:
            asked = f"{told(when, node, incarnation)}, in term {self._terms[node]}, was sent {what} by node {asker}"
            raise Violation("answer", asked, "it said nothing to that")

    # -- A leader's words ------------------------------------------------------------------------------------

    def _leads(self, now: int, node: NodeId, incarnation: int, message: AppendEntries) -> None:
        decided = self._decided.get(node, 0)
        if self._settled and message.commit < decided:
            says = f"{told(now, node, incarnation)} tells of commit index {message.commit}"
            raise Violation("commit announced", says, f"it has decided entry {decided}")
        leading = self._leading.get(node)
        if leading is None or leading.term != message.term:
            leading = self._leading[node] = _Leading(term=message.term)
        leading.beats.setdefault(message.beat, leading.reach)
        leading.reach = max(leading.reach, message.previous_index + len(message.blocks))

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
        feeding.beat = message.beat
        lacks = message.match_index < leading.beats.get(message.beat, 0)
        if message.match_index > feeding.match or not lacks:
            feeding.match, feeding.vain, feeding.helped = max(feeding.match, message.match_index), 0, False
        else:
            feeding.vain += not feeding.helped
        if feeding.vain >= PATIENCE:
            stays = f"{origin} hears for the {feeding.vain}th time in vain that node {peer} has {message.match_index}"
            raise Violation("follower fed", stays, f"it was sent no more, and no snapshot; there is {leading.reach}")

    # -- What servers tell of themselves ---------------------------------------------------------------------

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:  # noqa: ARG002
        if trace.kind == ROLE_TRACE:
            self._standing.pop(node, None)
            if trace.detail[0] in _STANDING:
                self._standing[node] = now
            if trace.detail[0] != "leader":
                self._leading.pop(node, None)
        elif trace.kind == "raft.behind":
            self._help(node, trace.detail[0], self._terms[node])

    def on_timer(self, now: int, node: NodeId, incarnation: int, name: str) -> None:
        since = self._standing.pop(node, None) if name == ELECTION else None
        if since is None:
            return
        waits = self._waits.setdefault(node, [])
        waits.append(now - since)
        if len(waits) >= EQUAL_WAITS and len(set(waits[-EQUAL_WAITS:])) == 1:
            waited = f"{told(now, node, incarnation)} has stood {EQUAL_WAITS} times in vain"
            raise Violation("timeouts drawn", waited, f"each time it waited for {waits[-1]} ns")
