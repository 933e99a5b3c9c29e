"""Raft's settings, and what they must satisfy."""

from __future__ import annotations

from typing import Any

import msgspec

from consensus.vocabulary import MILLISECOND

_LEAST_ONE = (
    "window",
    "append_blocks_max",
    "append_bytes_max",
    "inflight_max",
    "inflight_bytes_max",
    "uncommitted_bytes_max",
    "unapplied_bytes_max",
    "snapshot_window",
    "reads_max",
    "log_keep",
)


class RaftOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a Raft server waits, batches and keeps; times in nanoseconds.

    The defaults suit links of some 5 ms and machines that may pause for a few hundred: the paper's timing
    requirement is broadcast time << election timeout << time between failures (Ongaro & Ousterhout 2014,
    section 5.6). ValueError where the settings contradict each other.
    """

    election_timeout_min_ns: int = 600 * MILLISECOND
    """Least time without a leader before a follower stands; also how long it stands by a leader it heard."""

    election_timeout_max_ns: int = 1_200 * MILLISECOND
    """Timeouts are drawn from [min, max): the spread is what splits votes apart (section 5.2)."""

    heartbeat_ns: int = 100 * MILLISECOND
    """How often a leader speaks when idle, and how often unanswered requests are repeated."""

    pre_vote: bool = True
    """PreVote, and voters that stand by a leader they hear. False: the elections of the 2014 paper, as in its
    figure 16; for experiments, since a server that comes back then deposes a good leader."""

    lease_ns: int = 0
    """How long after a confirmed round of heartbeats began reads need no further one; 0: always ask (see reads)."""

    window: int = 8
    """Blocks a leader may have proposed and not yet committed."""

    append_blocks_max: int = 16
    """Blocks in one AppendEntries."""

    append_bytes_max: int = 1024 * 1024
    """Bytes of transactions in one AppendEntries; one block always goes, however large."""

    inflight_max: int = 32
    """AppendEntries with blocks that may be under way to one follower."""

    inflight_bytes_max: int = 16 * 1024 * 1024
    """Bytes of transactions that may be under way to one follower; with nothing under way, one message always goes."""

    uncommitted_bytes_max: int = 64 * 1024 * 1024
    """Bytes of transactions proposed and not yet committed, from which on a leader takes no further block."""

    unapplied_bytes_max: int = 64 * 1024 * 1024
    """Bytes of transactions committed and not yet executed here, from which on a leader takes no further block."""

    snapshot_window: int = 8
    """Chunks of a snapshot that may be under way to one follower."""

    reads_max: int = 1024
    """Reads that a leader holds unanswered, and those a follower has asked its leader for; more are turned away."""

    log_keep: int = 256
    """Executed blocks kept at hand for slow followers; those further behind are sent a snapshot."""

    def __post_init__(self) -> None:
        if not 0 < self.heartbeat_ns < self.election_timeout_min_ns:
            raise ValueError("heartbeat_ns must be positive and less than election_timeout_min_ns")
        if not 0 <= self.lease_ns < self.election_timeout_min_ns:
            raise ValueError("lease_ns must be less than election_timeout_min_ns, by as much as clocks may drift")
        if self.lease_ns and not self.pre_vote:
            raise ValueError("a lease needs pre_vote: voters that stand by the leader are what it rests on")
        if self.election_timeout_max_ns <= self.election_timeout_min_ns:
            raise ValueError("election_timeout_max_ns must exceed election_timeout_min_ns")
        for name in _LEAST_ONE:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")


def options_of(value: Any) -> RaftOptions:
    """The options in ``value``: None for the defaults, RaftOptions, or a mapping; ValueError otherwise."""
    if value is None:
        return RaftOptions()
    if isinstance(value, RaftOptions):
        return value
    try:
        return msgspec.convert(value, RaftOptions)
    except msgspec.ValidationError as error:
        raise ValueError(f"raft options: {error}") from None
