"""Backdated cover 倒签保单, as every node sees it: a policy bound under a time that the ledger had long passed.

Who signs a transaction gives it its business time, and no contract can know better: whether blocks came in between is
not theirs to see. The ledger's order is: others' transactions before it carry later times. The threshold is how many
hours an honest wallet may lag behind.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.runner.misbehaviour.watching import Alarm, Watched

LAG_HOURS = 24
_HOUR_MS = 3_600_000


def backdated(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:
    """Policies bound more than ``threshold`` hours before what stands before them."""
    lag_ms = (LAG_HOURS if threshold is None else threshold) * _HOUR_MS
    latest: dict[str, int] = {}  # by client
    for one in ledger.seen:
        own = one.body.client
        before_ms = max((time_ms for client, time_ms in latest.items() if client != own), default=0)
        if one.ok and one.is_call("policy", "bind") and before_ms - one.time_ms > lag_ms:
            hours = (before_ms - one.time_ms) // _HOUR_MS
            why = f"bound by {own} {hours} h before what others had done already"
            yield Alarm(subject=one.object_id, at_ms=before_ms, why=why)
        latest[own] = max(one.time_ms, latest.get(own, 0))
