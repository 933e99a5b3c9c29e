"""What Raft promises of logs and of words about them, entry by entry (Ongaro & Ousterhout 2014, figures 2 and 3).

* A leader never overwrites or deletes an entry of its own log; it only appends (section 5.3).
* Each entry of a log links to the one below it there, so that equal entries mean equal logs before them.
* An entry names as its proposer the leader of its term.
* What a follower acknowledges is, on its disk, the very entry that its leader holds there.
* A leader announces no commit index that it has not decided itself.
* No word but a pre-vote is said in a term that is not on the speaker's disk, and terms said never fall.
"""

from __future__ import annotations

from typing import Any, ClassVar

from consensus.chain import BLOCKS, Block
from consensus.properties.observer import Observer, Property, Violation, told
from consensus.properties.raft import ROLE_TRACE, RaftSafety
from consensus.raft.messages import (
    MESSAGES,
    AppendEntries,
    AppendSuccess,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from consensus.raft.records import LOG, STATE, STATE_KEY, HardState, LogEntry
from consensus.snapshots import MANIFEST, SNAPSHOT, Snapshot
from consensus.vocabulary import Broadcast, Commit, Cut, Image, Install, NodeId, Put, Record, Reply, Send, Trace

_IN_TERM = frozenset(MESSAGES) - {PreVote, PreVoteReply}
"""What is said in its speaker's own term (only ever looked up)."""

_VOTES = frozenset({RequestVote, RequestVoteReply})
"""Of these the vote itself must be on disk, and with it the term: that is judged where votes are."""


class RaftLogs(Observer):
    """Watches every server of one group, with what ``safety`` knows of their logs; it must be told *before* that one.

    So the logs that it sees are those before what happens now.
    """

    properties: ClassVar[tuple[Property, ...]] = (
        Property("leader append-only", "a leader neither cuts nor overwrites its log", "Raft, figure 3", "O(1)"),
        Property("linked log", "each entry names the hash of the entry below it", "Raft, section 5.3", "O(1)"),
        Property("proposer", "an entry is proposed by the leader of its term", "Raft, section 5.2", "O(1)"),
        Property("equal log", "an acknowledged entry is the one that the leader holds", "Raft, figure 2", "O(1)"),
        Property("commit is decided", "a leader announces what it decided, not more", "Raft, figure 2", "O(1)"),
        Property("term said", "a term is durable before it is said, and never falls", "Raft, figure 2", "O(1)"),
    )

    weighs = _IN_TERM

    def __init__(self, safety: RaftSafety) -> None:
        self._safety = safety
        self._leading: dict[NodeId, tuple[int, str]] = {}
        """Node -> the term that it leads, and since when."""
        self._decided: dict[NodeId, int] = {}
        """Node -> the height that its present incarnation has decided."""
        self._said: dict[NodeId, tuple[int, str]] = {}
        """Node -> the highest term that it spoke in, and when."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._leading.pop(node, None)
        snapshot = image.get(SNAPSHOT, {}).get(MANIFEST)
        heights = [height for height in image.get(BLOCKS, {}) if isinstance(height, int)]
        self._decided[node] = max([0 if snapshot is None else snapshot.height, *heights])

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind == ROLE_TRACE:
            self._leading.pop(node, None)
            if trace.detail[0] == "leader":
                self._leading[node] = (trace.detail[1], told(now, node, incarnation))

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:  # noqa: ARG002
        self._decided[node] = commit.height

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:  # noqa: ARG002
        self._decided[node] = install.height

    # -- logs ------------------------------------------------------------------------------------------------

    def on_persist(self, now: int, node: NodeId, incarnation: int, records: tuple[Record, ...]) -> None:
        log, above = self._safety.logs[node], dict[int, bytes]()
        kept = 1 << 63  # the entries below it are still what they were
        for record in records:
            if record.space != LOG:
                continue
            if isinstance(record, Cut):
                kept = min(kept, record.start)
                self._require_none(now, node, incarnation, record.start, log)
            elif isinstance(record, Put) and isinstance(record.value, LogEntry):
                block = record.value.block
                height = block.height
                self._require_kept(now, node, incarnation, height, (log.get(height), block.hash))
                self._require_proposer(now, node, incarnation, block)
                below = above.get(height - 1) or (log.get(height - 1) if height - 1 < kept else None)
                if below not in {None, block.parent}:
                    holds = f"{told(now, node, incarnation)} puts entry {height} on parent {block.parent.hex()[:16]}"
                    raise Violation("linked log", holds, f"its log holds {_short(below)} at {height - 1}")
                above[height] = block.hash

    def _require_proposer(self, now: int, node: NodeId, incarnation: int, block: Block) -> None:
        leader, since = self._safety.leaders.get(block.round, (block.header.proposer, ""))
        if leader != block.header.proposer:
            holds = f"{told(now, node, incarnation)} puts entry {block.height} of term {block.round} into its log"
            named = f"{holds}, proposed by node {block.header.proposer}"
            raise Violation("proposer", named, f"node {leader} leads that term, since {since}")

    def _require_none(self, now: int, node: NodeId, incarnation: int, start: int, log: dict[int, bytes]) -> None:
        if start in log:
            self._require_kept(now, node, incarnation, start, (log[start], None))

    def _require_kept(
        self, now: int, node: NodeId, incarnation: int, height: int, change: tuple[bytes | None, bytes | None]
    ) -> None:
        """``change``: what stood at ``height``, and what stands there now."""
        before, after = change
        if node in self._leading and before not in {None, after}:
            term, since = self._leading[node]
            takes = f"{told(now, node, incarnation)} replaces entry {height}, {_short(before)}, by {_short(after)}"
            raise Violation("leader append-only", takes, f"it leads term {term}, since {since}")

    # -- words -----------------------------------------------------------------------------------------------

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        message = effect.message
        kind = type(message)
        if kind not in _IN_TERM:
            return
        self._require_term(now, node, incarnation, message, durable)
        if kind is AppendEntries and message.commit > self._decided.get(node, 0):
            announces = f"{told(now, node, incarnation)} announces that {message.commit} is committed"
            raise Violation("commit is decided", announces, f"it decided no more than {self._decided.get(node, 0)}")
        if kind is AppendSuccess and message.match_index:
            self._require_equal(now, node, incarnation, message, durable)

    def _require_term(self, now: int, node: NodeId, incarnation: int, message: Any, durable: Image) -> None:
        term = message.term
        before, when = self._said.get(node, (0, ""))
        if term == before:
            return  # looked at when it was said first
        says = f"{told(now, node, incarnation)} says {type(message).__name__} in term {term}"
        if term < before:
            raise Violation("term said", says, f"it spoke in term {before}, {when}")
        on_disk = _term_on(durable)
        if on_disk < term and type(message) not in _VOTES:
            raise Violation("term said", says, f"its disk says term {on_disk}")
        self._said[node] = (term, told(now, node, incarnation))

    def _require_equal(self, now: int, node: NodeId, incarnation: int, message: AppendSuccess, durable: Image) -> None:
        """A word that leaves late may be of an entry that a later leader has replaced: it is judged in its term."""
        leader = self._safety.leaders.get(message.term, (None, ""))[0]
        if leader is None or self._safety.terms.get(leader) != message.term or _term_on(durable) != message.term:
            return
        index = message.match_index
        own = _hash_on(durable, index)
        theirs = self._safety.logs[leader].get(index)
        if own is not None and theirs not in {None, own}:
            holds = f"{told(now, node, incarnation)} acknowledges entry {index}; its disk holds {_short(own)}"
            raise Violation(
                "equal log", holds, f"node {leader}, which leads term {message.term}, holds {_short(theirs)}"
            )


def _term_on(disk: Image) -> int:
    state: HardState = disk.get(STATE, {}).get(STATE_KEY, HardState(0, None))
    return state.term


def _hash_on(disk: Image, index: int) -> bytes | None:
    """Which entry a restart would find at ``index``, as far as the disk shows it.

    A snapshot stands for all entries up to its height. Those of the log that a crash left there, just before they were
    cut off, count for nothing: they may contradict it.
    """
    snapshot: Snapshot | None = disk.get(SNAPSHOT, {}).get(MANIFEST)
    if snapshot is not None and index == snapshot.height:
        return snapshot.header.hash
    entry = disk.get(LOG, {}).get(index) if snapshot is None or index > snapshot.height else None
    block: Block | None = entry.block if entry is not None else disk.get(BLOCKS, {}).get(index)
    return None if block is None else block.hash


def _short(block_hash: bytes | None) -> str:
    return "nothing" if block_hash is None else block_hash.hex()[:16]
