"""Stolen keys 私钥被盗, as every node sees them: somebody still signs with a key that its owner had replaced."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.runner.misbehaviour.watching import Alarm, Watched

_REVOKED = "key_revoked"


def stolen(ledger: Watched, threshold: int | None) -> Iterator[Alarm]:  # noqa: ARG001 - one is too many
    """Transactions refused since their key is dead. What a thief signed before that stands, and is not told."""
    for one in ledger.seen:
        if one.code == _REVOKED:
            why = f"signed in the name of {one.body.client} with a key that was replaced"
            yield Alarm(subject=one.object_id, at_ms=one.time_ms, why=why, prevented=True)
