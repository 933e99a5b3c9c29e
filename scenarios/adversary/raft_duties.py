"""What a Raft server owes the others, judged step by step: close to the event, long before anything stands still.

A server that keeps silent where it is asked, or tells less than it knows, seldom breaks safety, and progress only where
nobody else makes up for it: catch-up brings blocks, another election another leader. The duties are:

* Who is spoken to in an older term, or asked for a pre-vote, answers (figure 2, rule 1; etcd's and TiKV's remedy for
  PreVote with CheckQuorum).
* A leader's every word carries its commit index (figure 2, "AppendEntries RPC"). Judged where members stay the same:
  elsewhere the proof of an earlier configuration may have to go first.
* A follower that a leader hears again and again is given what it lacks: it is not left where it is for
  ``PATIENCE`` round trips while entries wait for it. A snapshot on its way excuses the leader.
* Who is asked for a vote, and stands by no leader, answers, be it by its own log no voter at all (dissertation,
  section 4.2.1: it may have a vote and not know it yet). Judged where clocks are right.
* A server acts by the configuration that the last entry of its log says (4.1).
* Only who has a vote stands for election, or had one before a change that it does not know to be committed (4.2.2).
* A leader changes the members only after it has decided an entry of its own term (Ongaro's correction of 2015).
* Election timeouts are drawn (section 5.2): a server that stands again and again does not wait equally long each time.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from consensus.chain import BLOCKS, Block
from consensus.properties import Observer, Property, Violation
from consensus.properties.observer import told
from consensus.properties.raft import ROLE_TRACE, RaftSafety
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
from consensus.raft.records import LOG, STATE, STATE_KEY
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

PATIENCE = 4
"""Rounds of heartbeats, each begun after the answer to the one before, that a follower answers in vain at most."""

BEATS_KEPT = 4096
"""Rounds after which an answer is no longer judged."""

EQUAL_WAITS = 5
"""Equal waits in a row that no draw of nanoseconds makes."""

_BY_TERM = frozenset((AppendEntries, RequestVote, InstallSnapshot, SnapshotChunk))
_LEADERS = frozenset((AppendEntries, InstallSnapshot, SnapshotChunk))
_STANDING = frozenset(("pre-candidate", "candidate"))


class _Leading(msgspec.Struct):
    """What a leader has said in its term: how far its messages reached, and when each round of heartbeats began."""

    term: int
    reach: int = 0
    beat: int = 0
    beats: dict[int, int] = msgspec.field(default_factory=dict)  # round -> how far the messages before it reached


class _Feeding(msgspec.Struct):
    """A follower in the eyes of a leader: where it stood, and how often it said so in vain.

    An answer counts if the round that it answers began after the last one that counted had come.
    """

    term: int
    beat: int = -1
    match: int = 0
    vain: int = 0
    helped: bool = False  # by a snapshot, or by catch-up where there is none


class RaftDuties(Observer):
    """Watches servers whose members stay the same (``settled``), or change as they run.

    ``safety`` knows their logs, and must be told of everything first. ``lapse_ns`` is how long after it last heard a
    leader nobody stands by it any more; None where clocks are so wrong that nothing can be said.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "answer", "who is asked for a pre-vote, or spoken to in an older term, answers", "Raft, figure 2", "O(1)"
        ),
        Property("commit announced", "a leader's every word carries its commit index", "Raft, figure 2", "O(effects)"),
        Property(
            "configuration", "servers act by what their logs say", "Raft dissertation, 4.1", "O(log), once a change"
        ),
        Property("stands by right", "only who has a vote stands", "Raft dissertation, 4.2.2", "O(undecided)"),
        Property("change in its term", "no change before a commit of the leader's term", "Ongaro 2015", "O(1)"),
        Property("follower fed", "a follower that is heard is given what it lacks", "Raft, section 5.3", "O(1)"),
        Property("timeouts drawn", "election timeouts are drawn anew each time", "Raft, section 5.2", "O(1)"),
    )

    def __init__(self, safety: RaftSafety, *, settled: bool, lapse_ns: int | None = None) -> None:
        self._safety = safety
        self._settled = settled
        self._lapse_ns = lapse_ns
        self._roles: dict[NodeId, str] = {}
        self._tells: dict[NodeId, tuple[str, tuple[Any, ...]]] = {}
        """Who has told of a new configuration in its last step: when, and which."""
        self._heard: dict[NodeId, int] = {}
        """When a server last heard who might be a leader, or started."""
        self._known: dict[NodeId, tuple[int, int]] = {}
        """Height and term of the last entry that a server has decided, in the order of its own effects."""
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
        self._known[node] = self._decided[node], 0
        self._heard[node] = now
        for known in (self._roles, self._tells, self._owing, self._leading, self._standing, self._waits):
            known.pop(node, None)

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:
        for record in records:
            if isinstance(record, Put) and record.space == STATE:
                self._terms[node] = record.value.term
            elif isinstance(record, Put) and record.space == LOG:
                self._holds(told(now, node, incarnation), node, record.value.block)

    def _holds(self, origin: str, node: NodeId, block: Block) -> None:
        """An entry goes to ``node``'s log. One that changes the members is judged where it was made."""
        made_here = self._roles.get(node) == "leader" and block.round == self._terms[node]
        if not made_here or not self._safety.memberships.changes(block):
            return
        decided, term = self._known[node]
        if term < block.round:
            changes = f"{origin} changes the members at {block.height}, as the leader of term {block.round}"
            raise Violation("change in its term", changes, f"the last it has decided is entry {decided} of term {term}")

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._known[node] = commit.height, commit.block.round

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:  # noqa: ARG002
        self._known[node] = install.height, install.snapshot.header.round

    # -- Who is asked answers --------------------------------------------------------------------------------

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:
        if node in self._tells:
            self._require_told(node)
        if node in self._owing:
            self._require_answered(node, incarnation, [])
        kind = type(message)
        if kind is PreVote or (kind in _BY_TERM and message.term < self._terms[node]):
            self._owing[node] = now, sender, f"{kind.__name__} of term {message.term}"
        elif kind is RequestVote and self._stands_by_nobody(now, node):
            self._owing[node] = now, sender, f"{kind.__name__} of term {message.term}, and no leader was heard for long"
        elif kind is AppendSuccess:
            self._fed(told(now, node, incarnation), node, sender, message)
        elif kind is AppendFailure or kind is AppendDeferral or kind is InstallSnapshotReply:
            feeding = self._feeding.get((node, sender))
            if feeding is not None:
                feeding.vain = 0
        if kind in _LEADERS:
            self._heard[node] = now

    def _stands_by_nobody(self, now: int, node: NodeId) -> bool:
        if self._lapse_ns is None or self._roles.get(node) == "leader":
            return False
        return now - self._heard[node] > self._lapse_ns

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
        if message.beat not in leading.beats:
            leading.beats[message.beat] = leading.reach
            leading.beats.pop(message.beat - BEATS_KEPT, None)
            leading.beat = max(leading.beat, message.beat)
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
        feeding.beat = leading.beat
        lacks = message.match_index < leading.beats.get(message.beat, 0)
        if message.match_index > feeding.match or not lacks:
            feeding.match, feeding.vain, feeding.helped = max(feeding.match, message.match_index), 0, False
        else:
            feeding.vain += not feeding.helped
        if feeding.vain >= PATIENCE:
            stays = f"{origin} hears for the {feeding.vain}th time in vain that node {peer} has {message.match_index}"
            raise Violation("follower fed", stays, f"it was sent no more, and no snapshot; there is {leading.reach}")

    # -- What servers tell of themselves ---------------------------------------------------------------------

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind == ROLE_TRACE:
            self._roles[node] = trace.detail[0]
            self._standing.pop(node, None)
            if trace.detail[0] in _STANDING:
                self._standing[node] = now
                self._require_vote(told(now, node, incarnation), node)
            if trace.detail[0] != "leader":
                self._leading.pop(node, None)
        elif trace.kind == "raft.configuration":
            self._tells[node] = told(now, node, incarnation), trace.detail
        elif trace.kind == "raft.behind":
            self._help(node, trace.detail[0], self._terms[node])

    def _require_told(self, node: NodeId) -> None:
        """What it told is what its log says, now that all that it did in that step is known."""
        origin, (voters, outgoing, learners) = self._tells.pop(node)
        log, memberships = self._safety.logs[node], self._safety.memberships
        last = max(log, default=0)
        known = memberships.known_at(last, log[last]) if log else memberships.founded
        if (voters, outgoing, learners) != (known.voters, known.outgoing, known.learners):
            acts = f"{origin} acts by voters {voters}, outgoing {outgoing}, learners {learners}"
            raise Violation("configuration", acts, f"entry {last}, its last, says {known}")

    def _require_vote(self, origin: str, node: NodeId) -> None:
        """Is it a voter by any configuration of its log that may yet be, or turn out to be, the last?"""
        log, memberships = self._safety.logs[node], self._safety.memberships
        decided, last = self._known[node][0], max(log, default=0)
        held = [memberships.known_at(height, log[height]) for height in range(decided, last + 1) if height in log]
        if all(node not in configuration.electors for configuration in held or [memberships.founded]):
            raise Violation("stands by right", f"{origin} stands for election", f"it has no vote by {held[-1:]}")

    def on_timer(self, now: int, node: NodeId, incarnation: int, name: str) -> None:
        since = self._standing.pop(node, None) if name == ELECTION else None
        if since is None:
            return
        waits = self._waits.setdefault(node, [])
        waits.append(now - since)
        if len(waits) >= EQUAL_WAITS and len(set(waits[-EQUAL_WAITS:])) == 1:
            waited = f"{told(now, node, incarnation)} has stood {EQUAL_WAITS} times in vain"
            raise Violation("timeouts drawn", waited, f"each time it waited for {waits[-1]} ns")
