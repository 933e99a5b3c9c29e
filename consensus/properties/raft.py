"""Raft's own properties (Ongaro & Ousterhout 2014, figure 3; dissertation, section 3), over crashes.

* Election safety: one leader a term.
* One vote a term and server, whatever lives lie between; durable before it is said.
* Terms never fall, and a term's vote never changes, on any disk.
* Log matching: equal index and term, equal entry (the blocks' links then make the logs before it equal).
* An acknowledged entry is durable at whoever acknowledges it.
* Leader completeness: a new leader's log holds what was decided in earlier terms.
* What is decided lies on a majority of disks at that instant (or a snapshot that covers it does): the disks of its own
  configuration's voters, and where that is joint, of either set.
* A leader commits by counting only what is of its own term (figure 8): its first word of a commit index that it was
  the first to reach names such an entry.
* At most one change of membership is undecided in any log.
* A snapshot of height i has the one state of height i: what leaders offer, each from its own execution, and what is
  installed, chunk by chunk, is the same everywhere.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, ClassVar

from consensus.chain import BLOCKS, Block
from consensus.properties.memberships import Memberships, lacking
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.protocols import Application
from consensus.raft.messages import AppendEntries, AppendSuccess, InstallSnapshot, RequestVote, RequestVoteReply
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Broadcast, Commit, Cut, Image, Install, NodeId, Put, Record, Reply, Send, Trace

ROLE_TRACE = "raft.role"
"""The trace with which a server tells its new role and its term."""


KEEP = 1024
"""How many heights below the highest decided one the oracle remembers."""


_JUDGED = frozenset({AppendEntries, RequestVote, RequestVoteReply, AppendSuccess, InstallSnapshot})


class RaftSafety(Observer):
    """Watches every server of one Raft group.

    ``voters`` are the genesis'; ``application`` tells what blocks change of them (None: nothing, ever). Entries more
    than ``keep`` below the highest decided one are forgotten, so that long runs stay small.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property("election safety", "one leader a term, whatever lives lie between", "Raft, figure 3", "O(1)"),
        Property("one vote", "one vote a term and server, whatever lives lie between", "Raft, section 5.2", "O(1)"),
        Property("durable vote", "a vote is on disk before it is said", "Raft, figure 2", "O(1)"),
        Property("hard state", "on no disk a term falls, or its vote changes", "Raft, figure 2", "O(1)"),
        Property("log matching", "equal index and term, equal entry", "Raft, figure 3", "O(1)"),
        Property("durable log", "an acknowledged entry is on disk before", "Raft, figure 2", "O(1)"),
        Property(
            "leader completeness",
            "a new leader holds what was decided in earlier terms",
            "Raft, figure 3",
            "O(terms), once an election",
        ),
        Property(
            "commit rule",
            "what is decided lies on a majority of disks, and was counted in its own term",
            "Raft, section 5.4.2",
            "O(voters), once a height",
        ),
        Property(
            "membership",
            "at most one change of members is undecided in a log",
            "Ongaro, dissertation, section 4.1",
            "O(undecided), once a change",
        ),
        Property("snapshot", "the snapshots of a height hold one state", "Raft, section 7", "O(1)"),
    )

    weighs = _JUDGED

    def __init__(self, voters: tuple[NodeId, ...], keep: int = KEEP, application: Application | None = None) -> None:
        self.keep = keep
        self.memberships = Memberships(voters, application, 2 * keep)
        self.leaders: dict[int, tuple[NodeId, str]] = {}
        self.votes: dict[tuple[NodeId, int], tuple[NodeId, str]] = {}
        self.entries: dict[int, dict[int, tuple[bytes, str]]] = {}
        """Index -> term -> the entry's hash, and who had it first."""
        self.logs: dict[NodeId, dict[int, bytes]] = {}
        """Node -> index -> hash: the log of its present incarnation, decided part included."""
        self.bases: dict[NodeId, int] = {}
        """Node -> the height of the snapshot that its incarnation builds on: what lies below is in its state."""
        self.states_at: dict[int, tuple[bytes, str]] = {}
        """Height -> the digest of its snapshots, and who told it first."""
        self.chunks_at: dict[int, tuple[bytes, str]] = {}
        """Height -> the hash of all chunks installed there, and who installed them first."""
        self.disks: dict[NodeId, Image] = {}
        self.terms: dict[NodeId, int] = {}
        self.states: dict[NodeId, HardState] = {}
        self.decided: dict[int, tuple[int, bytes, str]] = {}
        """Term -> the highest entry decided first by a server in that term."""
        self.uncounted: dict[NodeId, tuple[int, int, str]] = {}
        """Leader -> the last entry that it was the first to decide, while that is of an earlier term: (index, term)."""
        self.height = 0
        self.highest = 0
        """The same, what a single voter decided alone included: a crash may take that back."""

    # -- what servers hold -----------------------------------------------------------------------------------

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self.disks[node] = image
        self.uncounted.pop(node, None)
        self.terms[node] = _hard_state(image).term
        log = self.logs[node] = {}
        entries, blocks = image.get(LOG, {}), image.get(BLOCKS, {})
        for index in (index for index in entries if isinstance(index, int)):
            log[index] = entries[index].block.hash
        for height in range(max(0, self.height - self.keep), self.height + 1):
            if height in blocks:
                log[height] = blocks[height].hash
        snapshot: Snapshot | None = image.get(SNAPSHOT, {}).get(MANIFEST)
        self.bases[node] = 0 if snapshot is None else snapshot.height
        if snapshot is not None:
            log[snapshot.height] = snapshot.header.hash

    def on_persist(
        self,
        now: int,
        node: NodeId,
        incarnation: int,
        records: tuple[Record, ...],
    ) -> None:
        log = self.logs[node]
        for record in records:
            if isinstance(record, Put) and record.space == LOG:
                block = record.value.block
                log[block.height] = block.hash
                if self.memberships.changes(block):
                    self._require_one_change(now, node, incarnation, block)
            elif isinstance(record, Put) and record.space == STATE:
                self.terms[node] = record.value.term
            elif isinstance(record, Cut) and record.space == LOG:
                for index in [index for index in log if index >= record.start and index != self.bases[node]]:
                    del log[index]

    def _require_one_change(self, now: int, node: NodeId, incarnation: int, block: Block) -> None:
        log = self.logs[node]
        for height in range(self.highest + 1, block.height):
            if height in log and self.memberships.changed_at(height, log[height]):
                raise Violation(
                    "membership",
                    f"{told(now, node, incarnation)} holds a change of members at {block.height}",
                    f"the one at {height} is not decided yet",
                )

    def on_durable(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...], durable: Image) -> None:
        self.disks[node] = durable
        for record in records:
            if isinstance(record, Put) and isinstance(record.value, HardState):
                self._stored_state(node, record.value, told(now, node, incarnation))
            elif isinstance(record, Put) and isinstance(record.value, LogEntry):
                self._stored_entry(record.value, told(now, node, incarnation))

    def _stored_state(self, node: NodeId, after: HardState, origin: str) -> None:
        before = self.states.get(node, HardState(0, None))
        kept = after.term == before.term and before.voted_for in (None, after.voted_for)
        if not (after.term > before.term or kept):
            raise Violation("hard state", f"{origin} stores {after}", f"it held {before}")
        self.states[node] = after

    def _stored_entry(self, entry: LogEntry, origin: str) -> None:
        """What never reached a disk binds nobody: a group of one may lead the same term again after a crash."""
        block = entry.block
        terms = self.entries.setdefault(block.height, {})
        known, by = terms.setdefault(block.round, (block.hash, origin))
        if known != block.hash:
            raise Violation(
                "log matching",
                f"entry {block.height} of term {block.round} is {block.hash.hex()[:16]} at {origin}",
                f"it is {known.hex()[:16]} at {by}",
            )

    # -- what servers say ------------------------------------------------------------------------------------

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        message = effect.message
        kind = type(message)
        if kind not in _JUDGED:
            return
        origin = told(now, node, incarnation)
        if kind is AppendEntries:
            self._leads(node, message.term, origin)
            self._announces(node, message, origin)
        elif kind is RequestVote:
            self._voted(node, message.term, node, origin, durable)
        elif kind is RequestVoteReply and message.granted and type(effect) is Send:
            self._voted(node, message.term, effect.to, origin, durable)
        elif kind is AppendSuccess:
            self._acknowledged(message, origin, durable)
        elif kind is InstallSnapshot:
            self._leads(node, message.term, origin)
            self._has_state(message.snapshot, f"offered by {origin}")

    def _leads(self, node: NodeId, term: int, origin: str) -> None:
        leader, since = self.leaders.setdefault(term, (node, origin))
        if leader != node:
            raise Violation("election safety", f"{origin} leads term {term}", f"node {leader} does, since {since}")

    def _announces(self, node: NodeId, message: AppendEntries, origin: str) -> None:
        index, term, by = self.uncounted.get(node, (0, 0, ""))
        if index and message.commit == index:
            counted = f"{origin} leads term {message.term} and announces that entry {index} is committed"
            raise Violation("commit rule", counted, f"that is of term {term}, and the last it counted, {by}")

    def _voted(self, node: NodeId, term: int, candidate: NodeId, origin: str, durable: Image) -> None:
        known, when = self.votes.setdefault((node, term), (candidate, origin))
        if known != candidate:
            raise Violation("one vote", f"{origin} votes for {candidate} in term {term}", f"for {known} by {when}")
        state = _hard_state(durable)
        if state.term < term or (state.term == term and state.voted_for != candidate):
            raise Violation("durable vote", f"{origin} votes for {candidate} in term {term}", f"its disk says {state}")

    def _acknowledged(self, message: AppendSuccess, origin: str, durable: Image) -> None:
        index = message.match_index
        held = index in durable.get(LOG, {}) or index in durable.get(BLOCKS, {}) or _covers(durable, index)
        if index and not held:
            raise Violation("durable log", f"{origin} acknowledges entry {index}", "its disk does not hold it")

    # -- what servers become and decide ----------------------------------------------------------------------

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind != ROLE_TRACE or trace.detail[0] != "leader":
            return
        term, origin = trace.detail[1], told(now, node, incarnation)
        self._leads(node, term, origin)
        for decided_in, (height, block_hash, by) in self.decided.items():
            remembered = height > self.height - self.keep and height >= self.bases[node]
            if decided_in < term and remembered and self.logs[node].get(height) != block_hash:
                raise Violation(
                    "leader completeness",
                    f"{origin} leads term {term} without entry {height}",
                    f"it was decided in term {decided_in} by {by}",
                )

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:
        snapshot, origin = install.snapshot, told(now, node, incarnation)
        self._has_state(snapshot, f"installed by {origin}")
        digest = sha256(b"".join(sha256(chunk).digest() for chunk in install.chunks)).digest()
        known, by = self.chunks_at.setdefault(install.height, (digest, origin))
        if known != digest:
            raise Violation(
                "snapshot", f"{origin} installs other chunks for height {install.height}", f"than {by} did before"
            )
        self.bases[node] = install.height
        self.logs[node][install.height] = snapshot.header.hash

    def _has_state(self, snapshot: Snapshot, by: str) -> None:
        known, since = self.states_at.setdefault(snapshot.height, (snapshot.digest, by))
        if known != snapshot.digest:
            raise Violation(
                "snapshot",
                f"the state of height {snapshot.height} is {snapshot.digest.hex()[:16]}, {by}",
                f"it is {known.hex()[:16]}, {since}",
            )

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        self.logs[node][commit.height] = commit.block.hash
        self.logs[node].pop(commit.height - self.keep, None)
        configuration = self.memberships.deciders(commit.block)
        self.highest = max(self.highest, commit.height)
        if commit.height <= self.height or self._may_be_alone(node, commit.height):
            return  # a group of one may decide while its only disk still syncs, and lose that in a crash
        self.height = commit.height
        self.entries.pop(commit.height - self.keep, None)
        origin = told(now, node, incarnation)
        term = self.terms[node]
        self.decided[term] = (commit.height, commit.block.hash, origin)
        self.uncounted.pop(node, None)
        if commit.block.round < term and self.leaders.get(term, (None, ""))[0] == node:
            self.uncounted[node] = (commit.height, commit.block.round, origin)
        if commit.certificate is None and self.memberships.application is not None:
            return  # the entry that commits it may be another configuration's: then that one's voters hold both
        held = [
            voter
            for voter in configuration.electors
            if _holds(self.disks.get(voter, {}), commit.height, commit.block.hash)
        ]
        few = lacking(configuration, held)
        if few is not None:
            raise Violation("commit rule", f"{origin} decides entry {commit.height}", f"it lies on the disks of {few}")

    def _may_be_alone(self, node: NodeId, height: int) -> bool:
        """Is ``node`` all the voters of this entry, or of a later one in its log, which would decide this one too?"""
        log = self.logs[node]
        while height in log:
            if self.memberships.known_at(height, log[height]).electors == (node,):
                return True
            height += 1
        return False


def _hard_state(image: Image) -> HardState:
    state: HardState = image.get(STATE, {}).get(STATE_KEY, HardState(0, None))
    return state


def _holds(disk: Image, height: int, block_hash: bytes) -> bool:
    entry: Any = disk.get(LOG, {}).get(height)
    block = entry.block if entry is not None else disk.get(BLOCKS, {}).get(height)
    return (block is not None and block.hash == block_hash) or _covers(disk, height)


def _covers(disk: Image, height: int) -> bool:
    """Does a snapshot on this disk stand for ``height``? Its state is the only one there is, as is checked above."""
    snapshot: Snapshot | None = disk.get(SNAPSHOT, {}).get(MANIFEST)
    return snapshot is not None and snapshot.height >= height
