"""What Raft's servers may say and decide, judged by what each of them was told: close to the event.

A server that grants a vote too many, counts one twice, or believes more of its log than a leader vouched for breaks a
rule at once, and what was decided only in the rare run in which the difference matters. These rules are:

* A vote goes only to a candidate whose log is at least as complete as the voter's (section 5.4.1).
* Whoever leads was given votes by a majority of different servers.
* A follower acknowledges and decides no entry further than a leader's message of that term, a snapshot or catch-up
  reached (figure 2, "AppendEntries RPC", rule 5).
"""

from __future__ import annotations

from typing import Any

from consensus.chain import BLOCKS
from consensus.properties import Observer, Violation
from consensus.properties.raft import ROLE_TRACE
from consensus.raft.messages import AppendEntries, AppendSuccess, InstallSnapshot, RequestVote, RequestVoteReply
from consensus.raft.records import LOG
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Broadcast, Commit, Image, Install, NodeId, Reply, Send, Trace
from network.gossip import Decided


class RaftWords(Observer):
    """Watches a group of ``voters``. None: they change as it runs, and nobody's votes are counted here."""

    def __init__(self, voters: tuple[NodeId, ...] | None) -> None:
        self._voters = voters
        self._roles: dict[NodeId, str] = {}
        self._stands: dict[tuple[NodeId, int], tuple[int, int]] = {}
        """(candidate, term) -> the term and index of its log's last entry, as it says."""
        self._votes: dict[tuple[NodeId, int], dict[NodeId, None]] = {}
        """(candidate, term) -> who voted for it."""
        self._matched: dict[tuple[NodeId, int], int] = {}
        """(follower, term) -> how far a leader of that term told it its log."""
        self._vouched: dict[NodeId, int] = {}
        """Follower -> how far it was told, by anybody, that it may decide."""

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._roles.pop(node, None)

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind != ROLE_TRACE:
            return
        role, term = trace.detail[:2]
        self._roles[node] = role
        if self._voters is None:
            return
        votes = [voter for voter in self._votes.get((node, term), ()) if voter in self._voters]
        if role == "leader" and self._voters != (node,) and 2 * len(votes) <= len(self._voters):
            leads = f"node {node}.{incarnation} at {now} ns leads term {term}"
            raise Violation("votes counted", leads, f"only {sorted(votes)} of {self._voters} voted for it")

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        kind = type(message)
        if kind is AppendEntries:
            reached = message.previous_index + len(message.blocks)
            self._match(node, message.term, reached)
            self._vouch(node, min(message.commit, reached))
        elif kind is InstallSnapshot:
            self._match(node, message.term, message.snapshot.height)
        elif kind is Decided:
            self._vouch(node, max((block.height for block, _ in message.blocks), default=0))

    def on_install(self, now: int, node: NodeId, incarnation: int, install: Install) -> None:  # noqa: ARG002
        self._vouch(node, install.height)

    def on_commit(self, now: int, node: NodeId, incarnation: int, commit: Commit) -> None:
        if self._roles.get(node) != "leader" and commit.height > self._vouched.get(node, 0):
            decides = f"node {node}.{incarnation} at {now} ns decides entry {commit.height}"
            raise Violation("commit vouched for", decides, f"it was told no further than {self._vouched.get(node, 0)}")

    def on_leave(
        self, now: int, node: NodeId, incarnation: int, effect: Send | Broadcast | Reply, durable: Image
    ) -> None:
        message = effect.message
        kind = type(message)
        if kind is RequestVote:
            self._stands[node, message.term] = (message.last_term, message.last_index)
            self._votes.setdefault((node, message.term), {})[node] = None
        elif kind is RequestVoteReply and message.granted and type(effect) is Send:
            self._voted(now, node, effect.to, message.term, durable)
        elif kind is AppendSuccess:
            self._acknowledges(f"node {node}.{incarnation} at {now} ns", node, message)

    def _acknowledges(self, origin: str, node: NodeId, message: AppendSuccess) -> None:
        """What is decided is in every leader's log, so it counts as told."""
        reached = max(self._matched.get((node, message.term), 0), self._vouched.get(node, 0))
        if message.match_index > reached:
            told = f"its leader of term {message.term} told it no further than {reached}"
            raise Violation("acknowledgement", f"{origin} acknowledges entry {message.match_index}", told)

    def _voted(self, now: int, node: NodeId, candidate: NodeId, term: int, durable: Image) -> None:
        self._votes.setdefault((candidate, term), {})[node] = None
        own, theirs = _last(durable), self._stands.get((candidate, term))
        if theirs is not None and own > theirs:
            votes = f"node {node} at {now} ns votes for {candidate} in term {term}, whose log ends at {theirs}"
            raise Violation("vote", votes, f"its own ends at {own} (term, index)")

    def _match(self, node: NodeId, term: int, index: int) -> None:
        self._matched[node, term] = max(index, self._matched.get((node, term), 0))

    def _vouch(self, node: NodeId, index: int) -> None:
        self._vouched[node] = max(index, self._vouched.get(node, 0))


def _last(disk: Image) -> tuple[int, int]:
    """Term and index of the last entry on a disk."""
    entries = [index for index in disk.get(LOG, {}) if isinstance(index, int)]
    if entries:
        last = disk[LOG][max(entries)].block
        return last.round, last.height
    manifest, blocks = disk.get(SNAPSHOT, {}).get(MANIFEST), disk.get(BLOCKS, {})
    heights = [height for height in blocks if isinstance(height, int)]
    newest = [blocks[max(heights)].header] if heights else []
    newest += [manifest.header] if manifest is not None else []
    return max(((header.round, header.height) for header in newest), default=(0, 0))
