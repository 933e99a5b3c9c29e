"""Colluding hospitals and patients 医患合谋, as the regulator sees them: bills far above those of other hospitals.

No single bill proves anything: a bill is compared with the median of all bills of the other hospitals, over the whole
period, and those above the threshold (in per cent of that median) are alarms. Some honest bills are dear, so there are
false alarms, and raised bills of small treatments pass: the score tells both at any threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median_low

import msgspec

from node.contracts.indemnity import File
from scenarios.runner.misbehaviour.watching import Alarm, Watched

THRESHOLD_PERCENT = 300


class Bill(msgspec.Struct, frozen=True):
    """One claim's bill; ``percent`` of the peers' median, rounded down."""

    claim: str
    hospital: str
    percent: int


def bills_of(ledger: Watched) -> tuple[Bill, ...]:
    """Every bill that was claimed for, in the ledger's order, beside those of the other hospitals."""
    filed = [
        (one.object_id, one.body.client, one.arguments(File).amount_fen)
        for one in ledger.seen
        if one.ok and one.is_call("indemnity", "file")
    ]
    medians: dict[str, int | None] = {}
    for hospital in sorted({hospital for _, hospital, _ in filed}):
        others = [amount for _, name, amount in filed if name != hospital]
        medians[hospital] = median_low(others) if others else None
    return tuple(
        Bill(claim, hospital, amount * 100 // peers)
        for claim, hospital, amount in filed
        if (peers := medians[hospital]) is not None
    )


def raised(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:
    """Bills of at least ``threshold`` per cent of the peers' median; known when the period is over."""
    limit = THRESHOLD_PERCENT if threshold is None else threshold
    for bill in bills_of(ledger):
        if bill.percent >= limit:
            why = f"{bill.percent} % of the median of other hospitals' bills"
            yield Alarm(subject=bill.claim, at_ms=ledger.last_ms, why=why)
