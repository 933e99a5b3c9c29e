"""Silent edits of policies 私改保单, as the custodian sees them: its copy is not what the chain's fingerprint is of."""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.custody import CompareArgs
from scenarios.runner.misbehaviour.watching import Alarm, Watched


def edited(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:  # noqa: ARG001 - one bit is too many
    """Policies of which a custodian's comparison failed."""
    for one in ledger.seen:
        if one.ok and one.is_call("custody", "compare") and one.output.get("matches") is False:
            why = f"the copy that {one.body.client} was given is not the policy that was bound"
            yield Alarm(subject=one.arguments(CompareArgs).policy, at_ms=one.time_ms, why=why)
