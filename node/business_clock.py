"""The bound on time stamps: no transaction may be dated further ahead than clocks can differ (row 65).

A transaction's own business time is the only clock that contracts have, and its client writes it. Dating back is for
the contract to bear: a lock that counts every earlier stamp as within it. Dating ahead is for the nodes: a voter
rejects a proposed block with a stamp more than ``ahead_ms`` beyond its own business time. What lies more than half of
that ahead is not let into a pool: its client is told to come again later. The other half is for clocks that differ:
else a client who dates to the very bound of a leader whose clock is a little fast would have the others depose it.

That is safe since the clock only grows: what a node accepted once it accepts for ever, so blocks that are proposed
again after a change of leader are judged as before. What is decided already is judged by nobody: a node that is behind
adopts it by its certificate. And it is live as long as half the bound is larger than what correct nodes' clocks differ
by: a node whose clock is behind by more refuses what the others accept, until its own clock has come as far; if that
one leads under Raft, which takes members at their word, everybody waits for it, and under PBFT it loses its view.
"""

from __future__ import annotations

import msgspec

from node.ledger.transaction import Transaction, TransactionError

TIME_AHEAD = "time_ahead"
"""How the reason of such a refusal begins."""


class BusinessClock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How business time follows from a node's own clock, and how far ahead of that a stamp may lie.

    Business begins at ``start_ms`` (ms since 1970, UTC); then ``business_ns`` of it pass while ``run_ns`` of the node's
    time do. With ``time_of_day`` business time is just that, and the driver says where 1970 lies.
    """

    ahead_ms: int
    start_ms: int = 0
    business_ns: int = 1
    run_ns: int = 1
    time_of_day: bool = False

    def __post_init__(self) -> None:
        """ValueError where it would stand still, or where there is no bound."""
        if min(self.business_ns, self.run_ns) < 1 or min(self.ahead_ms, self.start_ms) < 0:
            raise ValueError("a business clock runs forward, and its bound is not negative")
        if self.time_of_day and (self.start_ms or self.business_ns != self.run_ns):
            raise ValueError("the time of day begins in 1970 and runs as it does")

    def latest_ms(self, elapsed_ns: int) -> int:
        """The latest stamp that is acceptable when business began ``elapsed_ns`` of the node's time ago."""
        return self.start_ms + elapsed_ns * self.business_ns // self.run_ns // 1_000_000 + self.ahead_ms


class Horizon:
    """What one node takes for too far ahead, as of the input that it deals with."""

    def __init__(self, clock: BusinessClock | None) -> None:
        self._clock = clock
        self._began_ns: int | None = None
        self._latest_ms: int | None = None
        """None until the first input: what a log held before this life was judged then."""

    def begin(self, at_ns: int) -> None:
        """Business began when the node's clock showed ``at_ns``. Until this is known, it stands at its start."""
        self._began_ns = at_ns

    def see(self, now: int) -> None:
        """An input comes, at that time of the node's own clock. The horizon never falls back."""
        if self._clock is None:
            return
        elapsed_ns = 0 if self._began_ns is None else max(0, now - self._began_ns)
        self._latest_ms = max(self._latest_ms or 0, self._clock.latest_ms(elapsed_ns))

    def flaw_in(self, transaction: Transaction, *, in_block: bool = False) -> str | None:
        """Why its stamp is too far ahead for a pool, or ``in_block``, which bears twice that; None where it is not."""
        if self._clock is None or self._latest_ms is None:
            return None
        slack_ms = 0 if in_block else self._clock.ahead_ms // 2
        if transaction.body.time_ms <= self._latest_ms - slack_ms:
            return None
        name, number = transaction.body.client, transaction.body.number
        return f"{TIME_AHEAD}: {name}'s number {number} is dated beyond what clocks can differ by"

    def require_come(self, transaction: Transaction, *, in_block: bool = False) -> None:
        """TransactionError where its time has not come, for a pool, or ``in_block``."""
        flaw = self.flaw_in(transaction, in_block=in_block)
        if flaw is not None:
            raise TransactionError(flaw)
