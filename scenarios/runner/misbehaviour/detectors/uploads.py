"""Illegal uploads 违法上传, as everybody sees them: refused since their content is listed, or withdrawn once it was."""

from __future__ import annotations

from collections.abc import Iterator

from node.contracts.uploads import WithdrawArgs
from scenarios.runner.misbehaviour.watching import Alarm, Watched

_REFUSED = "content_blocked"


def illegal(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:  # noqa: ARG001 - one is too many
    """Files that were refused, and those that an authority took back."""
    for one in ledger.seen:
        if one.is_call("uploads", "upload") and one.code == _REFUSED:
            why = f"{one.body.client} tried to upload what is listed"
            yield Alarm(subject=one.object_id, at_ms=one.time_ms, why=why, prevented=True)
        elif one.ok and one.is_call("uploads", "withdraw"):
            why = f"{one.body.client} withdrew it: its content is listed"
            yield Alarm(subject=one.arguments(WithdrawArgs).upload, at_ms=one.time_ms, why=why)
