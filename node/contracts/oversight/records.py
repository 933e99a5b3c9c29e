"""The contract "oversight": what is watched for, what was found, and what is frozen."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle

FREEZE = Lifecycle("freeze", {"FREE": {"freeze": "FROZEN"}, "FROZEN": {"lift": "FREE"}})
"""冻结, 解冻: as often as the council decides."""


class Watch(Record, frozen=True):
    """What is watched for, and who decides on orders; the key is :data:`WATCH`. See ``settings``."""

    namespace: ClassVar[str] = "oversight_watch"
    readers: ClassVar[Readers] = Readers.EVERYONE

    rules: tuple[str, ...]
    margin_ppm: int
    accumulation_fen: int
    commission_ppm: int
    licences: tuple[tuple[str, tuple[str, ...]], ...]
    council: tuple[str, ...]
    needed: int


class Alert(Record, frozen=True):
    """A rule found a breach; the key is ``rule|about|transaction``. Supervisors alone may ask for it.

    ``about`` is an object, an institution or a pseudonym, ``institution`` who is answerable. ``occurred_ms`` is when it
    came to be a breach, ``detected_ms`` the business time of the transaction that showed it. No amount is told.
    """

    namespace: ClassVar[str] = "oversight_alerts"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    rule: str
    about: str
    institution: str
    occurred_ms: int
    detected_ms: int


class Freeze(Record, frozen=True):
    """What was ordered about an institution, a policy or a claim; the key is ``kind/about``.

    ``asked_by`` is the regulator's client, ``decided_by`` those of the council who signed.
    """

    namespace: ClassVar[str] = "oversight_freezes"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    state: str
    reason: str
    asked_by: str
    decided_by: tuple[str, ...]
    since_ms: int


WATCH = "watch"

ALERT = EventKind("alert", roles=("regulator",))
ORDERED = EventKind("ordered", parties=("decided_by",), roles=("regulator",))

contract = Contract("oversight", records=(Watch, Alert, Freeze), events=(ALERT, ORDERED))
