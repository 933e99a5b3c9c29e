"""What a leader knows of one follower's log, and how it therefore sends.

The states are those of etcd's tracker, which the dissertation (section 10.2) describes without naming:

* **Probe**: where the logs part is unknown. One AppendEntries at a time, repeated by heartbeat.
* **Replicate**: known. Entries are pipelined: ``next_index`` advances as they are sent, not as they are
  acknowledged, and falls back to Probe when a refusal shows that something was lost.
* **Installing** (etcd's Snapshot): the entries that the follower lacks are no longer at hand, so a snapshot is on its
  way to it, chunk by chunk; beside it only heartbeats go.
* **Behind**: the same, but the application keeps no snapshot: catch-up has to bring the follower near.
"""

from __future__ import annotations

import msgspec

from consensus.snapshots import Snapshot
from consensus.vocabulary import LocalProtocolError


class Probe(msgspec.Struct, tag=True):
    """One request is out (``waiting``) or may go; ``deferred``: the last one was put off by the follower."""

    waiting: bool = False
    deferred: bool = False


class Replicate(msgspec.Struct, tag=True):
    """``inflight`` ascends: the last index of each AppendEntries sent and not yet acknowledged."""

    inflight: list[int] = msgspec.field(default_factory=list)


class Installing(msgspec.Struct, tag=True):
    """``inflight`` ascends: the places of the chunks sent and not yet known to have arrived.

    ``silent``: nothing was heard of it since the last heartbeat, so that all that was sent is taken for lost.
    """

    snapshot: Snapshot
    digest: bytes  # the snapshot's
    inflight: list[int] = msgspec.field(default_factory=list)
    silent: bool = False


class Behind(msgspec.Struct, tag=True):
    """Left to catch-up."""


class Progress(msgspec.Struct):
    """One follower, as its leader sees it.

    Invariant: ``0 <= match_index < next_index``.
    """

    next_index: int
    heard_at: int  # when a reply of this term last came (or the leadership began), for CheckQuorum
    match_index: int = 0  # the follower's log equals the leader's up to here, durably
    beat: int = -1  # the latest round of heartbeats that it has answered
    told_commit: int = 0  # the commit index it has learnt, if nothing that was sent since is lost
    state: Probe | Replicate | Installing | Behind = msgspec.field(default_factory=Probe)

    def become_probe(self, next_index: int) -> None:
        """Look for the place where the logs part, from ``next_index`` down."""
        self.next_index = max(self.match_index + 1, next_index)
        self.told_commit = 0
        self.state = Probe()

    def become_replicate(self) -> None:
        """Pipeline from the known match on."""
        if isinstance(self.state, Replicate):
            raise LocalProtocolError("this follower is being replicated to already")
        self.next_index = self.match_index + 1
        self.state = Replicate()

    def become_installing(self, snapshot: Snapshot) -> Installing:
        """Send this snapshot, in place of any other."""
        if isinstance(self.state, Installing) and snapshot.height <= self.state.snapshot.height:
            raise LocalProtocolError("a snapshot gives way only to a later one")
        self.state = Installing(snapshot=snapshot, digest=snapshot.digest)
        return self.state

    def become_behind(self) -> None:
        """Give the follower over to catch-up."""
        self.state = Behind()

    def acknowledge(self, match_index: int) -> bool:
        """Take note of a durable match; True when it is news."""
        if isinstance(self.state, Replicate):
            inflight = self.state.inflight
            while inflight and inflight[0] <= match_index:
                del inflight[0]
        if match_index <= self.match_index:
            return False
        self.match_index = match_index
        self.next_index = max(self.next_index, match_index + 1)
        return True
