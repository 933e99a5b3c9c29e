"""Settings of a node that no other node needs to share."""

from __future__ import annotations

import msgspec

from consensus.vocabulary import MILLISECOND, SECOND
from node.business_clock import BusinessClock
from node.ledger.block import BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX


class ReplicaOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds, delays and switches. Times are nanoseconds."""

    block_transactions_max: int = 1000
    block_bytes_max: int = 1024 * 1024
    batch_delay_ns: int = 0
    """With nothing in flight, a block that is not full waits this long for company; 0: not at all."""
    idle_close_ns: int = 200 * MILLISECOND
    """A chain that goes idle is closed with one empty block after this long, so that its last root is certified."""
    position_ns: int = 400 * MILLISECOND
    position_fanout: int = 3
    pool_resend_ns: int = SECOND
    pool_transactions_max: int = 50_000
    pool_bytes_max: int = 64 * 1024 * 1024
    pool_client_max: int = 10_000
    """Of one client's transactions in the pool; beyond it that client is told that the node is busy."""
    complain_after_ns: int = 4 * SECOND
    """A request that has waited this long while blocks with room to spare were decided is taken to be censored."""
    forward: bool = True
    """Pass transactions on to those who order them. Off: clients are sent to the leader instead.

    Under a protocol whose leaders may lie, passing on is also how the others learn of what a leader ignores."""
    queries_client_max: int = 64
    """Reads of one client that wait at a time."""
    subscriptions_client_max: int = 8
    events_kept: int = 20_000
    """As many events as this, at least half as many, can be told to those who were away."""
    snapshots: bool = True
    """Offer states to those who are far behind, so that they need not execute every block."""
    snapshot_lag: int = 1024
    """A voter further behind than this waits for a state for a while before it fetches block by block."""
    clock: BusinessClock | None = None
    """Bounds how far ahead of business time a transaction may be dated; None: not at all."""

    def __post_init__(self) -> None:
        """ValueError where no block or no timer could be as the options say."""
        for name, least, most in (
            ("block_transactions_max", 1, BLOCK_TRANSACTIONS_MAX),
            ("block_bytes_max", 1, BLOCK_BYTES_MAX),
            ("batch_delay_ns", 0, None),
            ("idle_close_ns", 1, None),
            ("position_ns", 1, None),
            ("position_fanout", 0, None),
            ("pool_resend_ns", 1, None),
            ("pool_transactions_max", 1, None),
            ("pool_bytes_max", 1, None),
            ("pool_client_max", 1, None),
            ("complain_after_ns", 1, None),
            ("queries_client_max", 1, None),
            ("subscriptions_client_max", 1, None),
            ("events_kept", 1, None),
            ("snapshot_lag", 1, None),
        ):
            value = getattr(self, name)
            if value < least or (most is not None and value > most):
                upto = f" and at most {most}" if most is not None else ""
                raise ValueError(f"{name} must be at least {least}{upto}, not {value}")
