"""What Raft's servers may say and decide, judged by what each of them was told: close to the event.

A server that grants a vote too many, counts one twice, or believes more of its log than a leader vouched for breaks a
rule at once, and what was decided only in the rare run in which the difference matters. These rules are:

* A vote, or the promise of one, goes only to a candidate whose log is at least as complete as the voter's
  (section 5.4.1).
* Whoever leads has the votes of a majority of different servers: of those that the configuration in its log names, and
  where that is joint, of either set (dissertation, section 4.3).
* A follower acknowledges and decides no entry further than a leader's message of that term, a snapshot or catch-up
  reached (figure 2, "AppendEntries RPC", rule 5).
* What it acknowledges is on its disk, and no entry that does not follow it: what was cut off is gone there, too.

What a server owes the others is judged in :mod:`scenarios.adversary.raft_duties`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from consensus.chain import BLOCKS
from consensus.configuration import Configuration
from consensus.properties import Observer, Property, Violation
from consensus.properties.memberships import lacking
from consensus.properties.raft import ROLE_TRACE, RaftSafety
from consensus.raft.messages import (
    AppendEntries,
    AppendSuccess,
    InstallSnapshot,
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
)
from consensus.raft.records import LOG
from consensus.snapshots import MANIFEST, SNAPSHOT
from consensus.vocabulary import Broadcast, Commit, Image, Install, NodeId, Record, Reply, Send, Trace
from network.gossip import Decided


class RaftWords(Observer):
    """Watches a group of servers, whose logs ``safety``, which must be told of everything first, knows already."""

    properties: ClassVar[tuple[Property, ...]] = (
        Property(
            "votes counted",
            "who leads was given votes by a majority of different servers",
            "Raft, section 5.2",
            "O(voters), once an election",
        ),
        Property(
            "vote", "a vote goes only to a log at least as complete", "Raft, section 5.4.1", "O(log), once a vote"
        ),
        Property(
            "acknowledgement", "nobody acknowledges more than a leader of that term told it", "Raft, figure 2", "O(1)"
        ),
        Property(
            "cut is durable",
            "on disk nothing follows an acknowledged entry that is not its successor",
            "etcd-io/raft #22442",
            "O(1)",
        ),
        Property("commit vouched for", "a follower decides no further than it was told", "Raft, figure 2", "O(1)"),
    )

    hears = frozenset({AppendEntries, InstallSnapshot, RequestVoteReply, RequestVote, PreVote, Decided})
    weighs = frozenset({RequestVote, PreVote, RequestVoteReply, PreVoteReply, AppendSuccess})

    def __init__(self, safety: RaftSafety) -> None:
        self._safety = safety
        self._roles: dict[NodeId, str] = {}
        self._stands: dict[tuple[type, NodeId, int], tuple[int, int]] = {}
        """(what was asked for, candidate, term) -> the term and index of its log's last entry, as it says."""
        self._votes: dict[tuple[NodeId, int], dict[NodeId, None]] = {}
        """(candidate, term) -> whose votes reached it."""
        self._matched: dict[tuple[NodeId, int], int] = {}
        """(follower, term) -> how far a leader of that term told it its log."""
        self._vouched: dict[NodeId, int] = {}
        """Follower -> how far it was told, by anybody, that it may decide."""
        self._disks: dict[NodeId, Image] = {}
        self._held: dict[tuple[type, NodeId, NodeId, int], tuple[int, int]] = {}
        """(what was asked for, voter, candidate, term) -> where the voter's durable log ended when it was asked.

        What it appends while its answer waits for a slow disk is none of the candidate's business. Where it was asked
        several times the least counts: a leader may have cut its log meanwhile.
        """

    def on_durable(
        self,
        now: int,  # noqa: ARG002
        node: NodeId,
        incarnation: int,  # noqa: ARG002
        records: tuple[Record, ...],  # noqa: ARG002
        durable: Image,
    ) -> None:
        self._disks[node] = durable

    def on_start(self, now: int, node: NodeId, incarnation: int, image: Image) -> None:  # noqa: ARG002
        self._roles.pop(node, None)

    def on_trace(self, now: int, node: NodeId, incarnation: int, trace: Trace) -> None:
        if trace.kind != ROLE_TRACE:
            return
        role, term = trace.detail[:2]
        self._roles[node] = role
        if role != "leader":
            return
        few = lacking(self._configuration(node), (node, *self._votes.get((node, term), ())))
        if few is not None:
            leads = f"node {node}.{incarnation} at {now} ns leads term {term}"
            raise Violation("votes counted", leads, f"it has the votes of {few}")

    def _configuration(self, node: NodeId) -> Configuration:
        """The one that the last entry of ``node``'s log decides by."""
        log, memberships = self._safety.logs[node], self._safety.memberships
        last = max(log, default=0)
        return memberships.known_at(last, log[last]) if log else memberships.founded

    def on_receive(self, now: int, node: NodeId, incarnation: int, sender: NodeId, message: Any) -> None:  # noqa: ARG002
        kind = type(message)
        if kind is AppendEntries:
            reached = message.previous_index + len(message.blocks)
            self._match(node, message.term, reached)
            self._vouch(node, min(message.commit, reached))
        elif kind is InstallSnapshot:
            self._match(node, message.term, message.snapshot.height)
        elif kind is RequestVoteReply and message.granted:
            self._votes.setdefault((node, message.term), {})[sender] = None
        elif kind is RequestVote or kind is PreVote:
            asked, held = (kind, node, sender, message.term), _last(self._disks.get(node, {}))
            self._held[asked] = min(held, self._held.get(asked, held))
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
        if kind is RequestVote or kind is PreVote:
            asked, stands = (kind, node, message.term), (message.last_term, message.last_index)
            self._stands[asked] = max(stands, self._stands.get(asked, stands))
        elif kind is RequestVoteReply and message.granted and type(effect) is Send:
            self._grants(f"node {node} at {now} ns votes", node, (RequestVote, effect.to, message.term))
        elif kind is PreVoteReply and message.granted and type(effect) is Send:
            self._grants(f"node {node} at {now} ns would vote", node, (PreVote, effect.to, message.term))
        elif kind is AppendSuccess:
            self._acknowledges(f"node {node}.{incarnation} at {now} ns", node, message, durable)

    def _grants(self, origin: str, voter: NodeId, asked: tuple[type, NodeId, int]) -> None:
        kind, candidate, term = asked
        own, theirs = self._held.get((kind, voter, candidate, term)), self._stands.get(asked)
        if own is not None and theirs is not None and own > theirs:
            votes = f"{origin} for {asked[1]} in term {asked[2]}, whose log ends at {theirs}"
            raise Violation("vote", votes, f"its own ended at {own} (term, index) when it was asked")

    def _acknowledges(self, origin: str, node: NodeId, message: AppendSuccess, durable: Image) -> None:
        """What is decided is in every leader's log, so it counts as told."""
        index = message.match_index
        reached = max(self._matched.get((node, message.term), 0), self._vouched.get(node, 0))
        if index > reached:
            told = f"its leader of term {message.term} told it no further than {reached}"
            raise Violation("acknowledgement", f"{origin} acknowledges entry {index}", told)
        entries = durable.get(LOG, {})
        if index in entries and index + 1 in entries:
            acknowledged, after = entries[index].block, entries[index + 1].block
            if after.parent != acknowledged.hash:
                told = f"its disk holds another's entry {index + 1}, of term {after.round}, after it"
                raise Violation("cut is durable", f"{origin} acknowledges entry {index} of {acknowledged.round}", told)

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
