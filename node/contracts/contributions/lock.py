"""The lock on a declaration record 申报记录锁定: twenty minutes for the channel that asked first (row 65).

The window is half open: with a query at 10:00:00 the record is locked up to and including 10:19:59.999 and free at
10:20:00.000. It has no beginning: a stamp from before the query counts as within it, so that nobody evades a lock by
dating back. Dating forward is what voters bound (``run.clock.ahead``, :mod:`node.business_clock`).
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.fields import Record

LOCK_MS = 20 * 60 * 1000
"""How long a query locks a record, in any channel, the one that asked included."""


class Lock(Record, frozen=True):
    """Who holds a resident's record until when; at ``year/person``. Gone once the contribution is paid."""

    namespace: ClassVar[str] = "contribution-locks"

    channel: str
    payer: str
    until_ms: int

    def holds(self, time_ms: int) -> bool:
        """Is the record locked at that moment?"""
        return time_ms < self.until_ms


def lock_from(channel: str, payer: str, time_ms: int) -> Lock:
    """The lock that a query at ``time_ms`` puts on a record."""
    return Lock(channel=channel, payer=payer, until_ms=time_ms + LOCK_MS)
