"""Withheld loss notices 隐瞒出险, as the reinsurer sees them: a claim under its treaty approved, and no notice in time.

It counts from the approval on the chain to the treaty's own limit (row 15). It needs no notice to know: once the ledger
has gone past the limit without one, the notice is withheld; one that comes later only proves it.
"""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.claims import AdjudicateArgs, Claim
from node.contracts.treaty import Line, NoticeArgs, Treaty, line_key
from scenarios.runner.misbehaviour.watching import Alarm, Watched


def withheld(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:  # noqa: ARG001 - the treaty has the limit
    """Claims whose notice did not come in time."""
    told: dict[tuple[str, str], int] = {}
    approved: dict[str, int] = {}
    for one in ledger.seen:
        if one.ok and one.is_call("treaty", "notice"):
            notice = one.arguments(NoticeArgs)
            told[notice.treaty, notice.claim] = one.time_ms
        elif one.ok and one.is_call("claims", "adjudicate"):
            approved.setdefault(one.arguments(AdjudicateArgs).claim, one.time_ms)
    for treaty_id, treaty in ledger.tree.items(Treaty.namespace):
        for claim_id, claim in ledger.tree.items(Claim.namespace):
            at_ms = approved.get(claim_id, claim.decided_ms if claim.state in {"APPROVED", "PAID"} else None)
            ceded: Line | None = ledger.tree.get(Line.namespace, line_key(treaty_id, "cession", claim.policy))
            if treaty.state != "SIGNED" or ceded is None or at_ms is None:
                continue
            due_ms = at_ms + treaty.notice_within_ms
            known_ms = ledger.first_after_ms(due_ms)
            if told.get((treaty_id, claim_id), due_ms + 1) > due_ms and known_ms is not None:
                why = f"no notice to {treaty.reinsurer} within {treaty.notice_within_ms // 3_600_000} h of the approval"
                yield Alarm(subject=claim_id, at_ms=known_ms, why=why)
