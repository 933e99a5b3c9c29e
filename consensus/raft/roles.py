"""A server's states (paper, figure 4), one class each, with only the fields that mean something there.

Which state may follow which is the table :data:`TRANSITIONS`; :class:`consensus.raft.server.Server` consults
it in every ``become_*``. PreCandidate is the dissertation's section 9.6; Observer, outside the figure, is a node
without a vote to which no leader speaks: it learns decided blocks from catch-up alone. A learner (section 4.2.1) is
a Follower while a leader speaks to it. How a configuration changes a role is in :mod:`consensus.raft.membership`.
"""

from __future__ import annotations

import msgspec

from consensus.raft.progress import Progress
from consensus.raft.tally import Tally
from consensus.snapshots import Snapshot
from consensus.vocabulary import NodeId


class Observer(msgspec.Struct, tag=True):
    """Takes no part; answers a candidate that counts on it, as it may have a vote and not know it yet."""

    heard_at: int | None = None  # a restarted server's promise, as below


class Follower(msgspec.Struct, tag=True):
    """Answers leaders and candidates; stands itself when it has waited for ``timeout`` in vain."""

    timeout: int  # nanoseconds, drawn anew each time a server becomes a follower
    reset_at: int  # when the wait began: a leader heard, a vote granted, or the state entered
    heard_at: int | None = None  # when a leader was last heard: until it lapses, no one else gets a vote
    leader: NodeId | None = None  # of the current term
    beat: int = -1  # the latest of this leader's rounds of heartbeats that was answered
    asked: list[Asked] = msgspec.field(default_factory=list)  # of this leader, and not answered yet


class PreCandidate(msgspec.Struct, tag=True):
    """Asks whether it could win the next term, without disturbing this one."""

    votes: dict[NodeId, bool]


class Candidate(msgspec.Struct, tag=True):
    """Asks for votes in its current term; ``transfer`` when its leader told it to stand."""

    votes: dict[NodeId, bool]
    timeout: int  # nanoseconds that it waits for a majority, drawn anew for each term it stands in
    stood_at: int  # when that wait began; it goes on if a later term makes this a follower
    transfer: bool = False


class Transfer(msgspec.Struct):
    """A leadership being handed over: to whom, and when it is given up."""

    target: NodeId
    deadline: int


class Asker(msgspec.Struct, frozen=True):
    """A follower that asked for a read: who, in which life, and which of its questions this is."""

    node: NodeId
    life: int
    number: int


class Read(msgspec.Struct):
    """A read that waits for heartbeats of round ``beat`` (or, ``index`` None, for the term's first commit)."""

    asker: Asker | int  # a follower, or the context of a read of our own
    index: int | None
    beat: int


class Asked(msgspec.Struct, frozen=True):
    """A read of ours that was put to the leader as question ``number``, and when it is given up."""

    context: int
    number: int
    deadline: int


class Leader(msgspec.Struct, tag=True):
    """Orders blocks; holds the current term's majority until a higher term or CheckQuorum ends it."""

    progress: dict[NodeId, Progress]  # every other voter, in ascending order
    tally: Tally
    beat: int = 0  # number of the latest round of heartbeats
    sent_at: dict[int, int] = msgspec.field(default_factory=dict)  # when each began, from the last confirmed one on
    reads: list[Read] = msgspec.field(default_factory=list)
    snapshot: Snapshot | None = None  # the latest that was offered to a follower
    transfer: Transfer | None = None
    abdicated: bool = False  # TimeoutNow was sent: a late copy may depose us at any time of this term


Role = Observer | Follower | PreCandidate | Candidate | Leader

TRANSITIONS: dict[type[Role], tuple[type[Role], ...]] = {
    Observer: (Follower,),  # at the start of a server that votes; or a leader speaks, or its log gives it a vote
    Follower: (PreCandidate, Candidate, Observer),  # the last without a vote, when no leader speaks any more
    PreCandidate: (Follower, PreCandidate, Candidate, Observer),
    Candidate: (Follower, PreCandidate, Candidate, Leader, Observer),  # again a candidate: without PreVote only
    Leader: (Follower, Observer),  # the latter when its own removal is committed
}

NAMES: dict[type[Role], str] = {
    Observer: "observer",
    Follower: "follower",
    PreCandidate: "pre-candidate",
    Candidate: "candidate",
    Leader: "leader",
}
"""What an observer is told."""
