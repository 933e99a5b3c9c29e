"""What Raft servers say to each other: the paper's remote procedure calls as one-way messages.

``term`` is the sender's current term, but for PreVote (the term it would campaign in). Nothing is assumed of
delivery: any message may be lost, doubled, delayed or overtaken. ``blocks`` are the log's entries: a block's
``header.round`` is the term of the leader that first proposed it, its height the log index.
"""

from __future__ import annotations

import msgspec

from consensus.chain import Block, Certificate, Hash, Natural, Signature
from consensus.snapshots import Snapshot


class PreVote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.pre-vote"):
    """Would you vote for me in ``term``? Changes nothing at either side (dissertation, section 9.6)."""

    term: Natural
    last_index: Natural
    last_term: Natural


class PreVoteReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.pre-voted"):
    """``granted``: yes, in the ``term`` asked for. Otherwise no, and ``term`` is the voter's own."""

    term: Natural
    granted: bool


class RequestVote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.request-vote"):
    """Vote for me in ``term`` (paper, section 5.2 and figure 2).

    ``transfer`` says that the leader itself asked for this election, so that a voter may heed it although it
    still hears that leader (dissertation, section 4.2.3).
    """

    term: Natural
    last_index: Natural
    last_term: Natural
    transfer: bool = False


class RequestVoteReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.voted"):
    """The vote, durable before it is said."""

    term: Natural
    granted: bool


class AppendEntries(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.append"):
    """Entries after (``previous_index``, ``previous_term``), or none of them as a heartbeat (section 5.3).

    ``commit`` is the leader's commit index, ``certificate`` its proof where the leader has one. ``beat``
    numbers the leader's rounds of heartbeats; replies echo it, so that a late reply is never taken for a
    confirmation of something asked after it was sent.
    """

    term: Natural
    previous_index: Natural
    previous_term: Natural
    blocks: tuple[Block, ...]
    commit: Natural
    certificate: Certificate | None
    beat: Natural


class AppendSuccess(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.appended"):
    """My log equals yours up to ``match_index``, durably.

    ``signature`` covers ``commit_bytes(term, match_index, hash)``. It is there when the entry at
    ``match_index`` is of this very term and not yet known here as committed: a majority of such
    acknowledgements commits it (sections 5.3 and 5.4.2), and is its certificate.
    """

    term: Natural
    match_index: Natural
    signature: Signature | None
    beat: Natural


class AppendFailure(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.refused"):
    """My log does not hold your previous entry; or your term is over, then ``conflict_index`` is 0 and all is ``term``.

    ``conflict_term`` is the term of my entry at ``previous_index`` and ``conflict_index`` the first I hold of
    that term; or 0 and my log's end, where it is too short (end of section 5.3).
    """

    term: Natural
    previous_index: Natural
    conflict_index: Natural
    conflict_term: Natural
    beat: Natural


class AppendDeferral(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.deferred"):
    """My log equals yours up to ``match_index``; what follows I cannot judge before I have executed more.

    Not in the paper, whose entries need no judging: a block states a state root that its receiver checks.
    """

    term: Natural
    match_index: Natural
    beat: Natural


class InstallSnapshot(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.snapshot"):
    """What you lack is no longer in my log: here is what a snapshot of the state consists of (paper, section 7)."""

    term: Natural
    snapshot: Snapshot


class SnapshotChunk(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.chunk"):
    """The chunk at ``place`` (from 0) of the snapshot with this ``digest``."""

    term: Natural
    digest: Hash
    place: Natural
    chunk: bytes


class InstallSnapshotReply(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.chunks-wanted"
):
    """Of that snapshot I lack these chunks (ascending), and hold all others below the last of them, durably.

    One that is complete is answered by AppendSuccess. Where your ``term`` is over, only ``term`` means something.
    """

    term: Natural
    digest: Hash
    wanted: tuple[Natural, ...]


class ReadIndex(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.read-index"):
    """From which height on may I answer a read that I was asked for just now (dissertation, section 6.4)?

    (``life``, ``number``) is never used again: ``life`` is drawn at random by each incarnation of the sender.
    """

    term: Natural
    life: Natural
    number: Natural


class ReadIndexAnswer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.read-answer"):
    """From ``index`` on; None: I cannot say, ask whoever leads."""

    term: Natural
    life: Natural
    number: Natural
    index: Natural | None


class TimeoutNow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="raft.timeout-now"):
    """Stand for election at once: your leader hands over to you (dissertation, section 3.10)."""

    term: Natural


Message = (
    PreVote
    | PreVoteReply
    | RequestVote
    | RequestVoteReply
    | AppendEntries
    | AppendSuccess
    | AppendFailure
    | AppendDeferral
    | InstallSnapshot
    | SnapshotChunk
    | InstallSnapshotReply
    | ReadIndex
    | ReadIndexAnswer
    | TimeoutNow
)

MESSAGES: tuple[type, ...] = (
    PreVote,
    PreVoteReply,
    RequestVote,
    RequestVoteReply,
    AppendEntries,
    AppendSuccess,
    AppendFailure,
    AppendDeferral,
    InstallSnapshot,
    SnapshotChunk,
    InstallSnapshotReply,
    ReadIndex,
    ReadIndexAnswer,
    TimeoutNow,
)
