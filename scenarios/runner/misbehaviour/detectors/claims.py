"""Double claims 重复索赔, as any insurer sees them: one stay claimed for twice, here or elsewhere.

An invoice is used once, whichever insurer it is: the contract refuses its token a second time, and flags papers of a
stay that was claimed for. What a hospital's node hands over by itself under another number passes; but who was treated
(a pseudonym) and every charge stand on the chain, and two stays of one person are not alike to the fen within a short
time. The threshold is that time, in days.
"""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.claims import AdjudicateArgs, Claim, HandInArgs
from scenarios.runner.misbehaviour.watching import Alarm, Watched

WITHIN_DAYS = 90
REUSED = "invoice_reused"
_DAY_MS = 86_400_000


def doubled(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:
    """Claims on a stay that was claimed for already."""
    within_ms = (WITHIN_DAYS if threshold is None else threshold) * _DAY_MS
    paid: dict[tuple[str, tuple[object, ...]], tuple[int, str]] = {}
    for one in ledger.seen:
        if one.code == REUSED and one.is_call("claims", "adjudicate", "hand-in"):
            by_itself = one.is_call("claims", "adjudicate")
            claim_id = one.arguments(AdjudicateArgs).claim if by_itself else one.arguments(HandInArgs).claim
            why = "its invoice was claimed for already"
            yield Alarm(subject=claim_id, at_ms=one.time_ms, why=why, prevented=True)
        if one.ok and one.is_call("claims", "hand-in") and one.output.get("flag"):
            why = "its stay was claimed for under another invoice"
            yield Alarm(subject=one.arguments(HandInArgs).claim, at_ms=one.time_ms, why=why)
        if not one.ok or not one.is_call("claims", "adjudicate"):
            continue
        papers = one.arguments(AdjudicateArgs)
        claim: Claim | None = ledger.tree.get(Claim.namespace, papers.claim)
        if claim is None:
            continue
        alike = (claim.subject, tuple(opening.value for opening in papers.charges))
        before = paid.get(alike)
        if before is not None and one.time_ms - before[0] <= within_ms and before[1] != papers.claim:
            why = f"the same person was charged the same, line by line, in claim {before[1]}"
            yield Alarm(subject=papers.claim, at_ms=one.time_ms, why=why)
        paid.setdefault(alike, (one.time_ms, papers.claim))
