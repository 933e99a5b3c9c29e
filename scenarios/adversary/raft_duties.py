"""What a Raft server owes the others, judged step by step: close to the event, long before anything stands still.

A server that keeps silent where it is asked, or tells less than it knows, seldom breaks safety, and progress only where
nobody else makes up for it: catch-up brings blocks, another election another leader. The duties are:

* Who is spoken to in an older term, or asked for a pre-vote, answers (figure 2, rule 1; etcd's and TiKV's remedy for
  PreVote with CheckQuorum).
* Who is asked for a vote, and stands by no leader, answers, be it by its own log no voter at all (dissertation,
  section 4.2.1: it may have a vote and not know it yet). Judged where clocks are right.
* A server acts by the configuration that the last entry of its log says (4.1).
* Only who has a vote stands for election, or had one before a change that it does not know to be committed (4.2.2).
* A leader changes the members only after it has decided an entry of its own term (Ongaro's correction of 2015).
* Election timeouts are drawn (section 5.2): a server that stands again and again does not wait equally long each time.

What leaders owe is judged in :mod:`scenarios.adversary.raft_leading`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from consensus.chain import BLOCKS, Block
from consensus.properties import Observer, Property, Violation
from consensus.properties.observer import told
from consensus.properties.raft import ROLE_TRACE, RaftSafety
from consensus.raft.messages import (
    AppendEntries,
    InstallSnapshot,
    PreVote,
    RequestVote,
    SnapshotChunk,
)
from consensus.raft.records import LOG, STATE, STATE_KEY
from consensus.raft.server import ELECTION
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import (
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
from scenarios.adversary.raft_leading import last_configuration

EQUAL_WAITS = 5
"""Equal waits in a row that no draw of nanoseconds makes."""

_BY_TERM = frozenset((AppendEntries, RequestVote, InstallSnapshot, SnapshotChunk))
_LEADERS = frozenset((AppendEntries, InstallSnapshot, SnapshotChunk))
_STANDING = frozenset(("pre-candidate", "candidate"))


class RaftDuties(Observer):
    """Watches Raft's servers, whose logs ``safety``, which must be told of everything first, knows already.

    ``lapse_ns`` is how long after it last heard a leader nobody stands by it any more; None where clocks are so wrong
    that nothing can be said.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "answer", "who is asked for a pre-vote, or spoken to in an older term, answers", "Raft, figure 2", "O(1)"
        ),
        Property(
            "configuration", "servers act by what their logs say", "Raft dissertation, 4.1", "O(log), once a change"
        ),
        Property("stands by right", "only who has a vote stands", "Raft dissertation, 4.2.2", "O(undecided)"),
        Property("change in its term", "no change before a commit of the leader's term", "Ongaro 2015", "O(1)"),
        Property("timeouts drawn", "election timeouts are drawn anew each time", "Raft, section 5.2", "O(1)"),
    )

    def __init__(self, safety: RaftSafety, *, lapse_ns: int | None = None) -> None:
        self._safety = safety
        self._lapse_ns = lapse_ns
        self._roles: dict[NodeId, str] = {}
        self._tells: dict[NodeId, tuple[str, tuple[Any, ...]]] = {}
        """Who has told of a new configuration in its last step: when, and which."""
        self._heard: dict[NodeId, int] = {}
        """When a server last heard who might be a leader, or started."""
        self._known: dict[NodeId, tuple[int, int]] = {}
        """Height and term of the last entry that a server has decided, in the order of its own effects."""
        self._terms: dict[NodeId, int] = {}
        self._owing: dict[NodeId, tuple[int, NodeId, str]] = {}
        """Who was spoken to and has not answered: when, by whom, with what."""
        self._standing: dict[NodeId, int] = {}
        """Since when a server has been waiting for its election to be won."""
        self._waits: dict[NodeId, list[int]] = {}

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        state, manifest = image.get(STATE, {}).get(STATE_KEY), image.get(SNAPSHOT, {}).get(MANIFEST)
        self._terms[node] = 0 if state is None else state.term
        heights = [height for height in image.get(BLOCKS, {}) if isinstance(height, int)]
        self._known[node] = max(*heights, 0 if manifest is None else manifest.height, 0), 0
        self._heard[node] = now
        for known in (self._roles, self._tells, self._owing, self._standing, self._waits):
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
        if kind in _LEADERS:
            self._heard[node] = now

    def _stands_by_nobody(self, now: int, node: NodeId) -> bool:
        if self._lapse_ns is None or self._roles.get(node) == "leader":
            return False
        return now - self._heard[node] > self._lapse_ns

    def on_effects(self, now: int, node: NodeId, incarnation: int, effects: Effects) -> None:  # noqa: ARG002
        if node in self._owing:
            self._require_answered(node, incarnation, effects)

    def _require_answered(self, node: NodeId, incarnation: int, effects: Effects) -> None:
        when, asker, what = self._owing.pop(node)
        answered = {effect.to for effect in effects if isinstance(effect, Send)}
        refused = {effect.sender for effect in effects if isinstance(effect, Rejected)}
        if asker not in answered and asker not in refused:
            asked = f"{told(when, node, incarnation)}, in term {self._terms[node]}, was sent {what} by node {asker}"
            raise Violation("answer", asked, "it said nothing to that")

    # -- What servers tell of themselves ---------------------------------------------------------------------

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind == ROLE_TRACE:
            self._roles[node] = trace.detail[0]
            self._standing.pop(node, None)
            if trace.detail[0] in _STANDING:
                self._standing[node] = now
                self._require_vote(told(now, node, incarnation), node)
        elif trace.kind == "raft.configuration":
            self._tells[node] = told(now, node, incarnation), trace.detail

    def _require_told(self, node: NodeId) -> None:
        """What it told is what its log says, now that all that it did in that step is known."""
        origin, (voters, outgoing, learners) = self._tells.pop(node)
        known = last_configuration(self._safety, node)
        if (voters, outgoing, learners) != (known.voters, known.outgoing, known.learners):
            acts = f"{origin} acts by voters {voters}, outgoing {outgoing}, learners {learners}"
            raise Violation("configuration", acts, f"the last entry of its log says {known}")

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
