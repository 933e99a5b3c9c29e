"""Roles 角色: what organisations and people do, as verbs that turn a step of a story into a transaction.

One file a role; ``desk`` says what a verb may use. ``verb_of`` finds the verb that a step names; ``plain`` asks a
contract for any action without a verb.
"""

from __future__ import annotations

from scenarios.roles import (
    books,  # noqa: F401 - adds verbs to the cedent's, the reinsurer's and the hospital's
    broker,
    bureau,
    cedent,  # noqa: F401 - adds verbs to the insurer's
    channel,
    closing,  # noqa: F401 - adds a verb to the insurer's
    consortium,
    estimation,
    filing,  # noqa: F401 - adds a verb to the insurer's
    hospital,
    insurer,
    insurer_claims,  # noqa: F401 - adds verbs to the insurer's
    keeper,
    losses,  # noqa: F401 - adds verbs to the cedent's and the reinsurer's
    patient,
    regulator,
    reinsurer,
)
from scenarios.roles.custodian import Shared
from scenarios.roles.desk import Act, Desk, Request, StoryError, Verb
from scenarios.roles.plain import plain

_TABLES = {
    verbs.role: verbs.table
    for verbs in (
        broker.verb,
        bureau.verb,
        channel.verb,
        estimation.verb,
        hospital.verb,
        insurer.verb,
        keeper.verb,
        patient.verb,
        regulator.verb,
        reinsurer.verb,
    )
}
__all__ = ["Act", "Desk", "Request", "Shared", "StoryError", "Verb", "plain", "verb_of", "verbs_of"]


def verbs_of(role: str) -> tuple[str, ...]:
    """The names of what a role can do, in order; for no role (""), of what every role can."""
    return tuple(sorted(_TABLES.get(role, {}) if role else consortium.verb.table))


def verb_of(role: str, name: str) -> Verb | None:
    """The verb ``name`` of ``role``."""
    return _TABLES.get(role, {}).get(name) or consortium.verb.table.get(name)
