"""What the chain knows of annuity plans and of transfers between them (row 16)."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.privacy.commitments import Commitments

TRANSFER = Lifecycle(
    "annuity transfer",
    {
        "REQUESTED": {"value": "VALUED", "decline": "DECLINED"},
        "VALUED": {"release": "RELEASED", "decline": "DECLINED"},
        "RELEASED": {"accept": "ACCEPTED", "decline": "DECLINED"},
        "ACCEPTED": {"remit": "REMITTED", "match": "RECEIVED"},
        "REMITTED": {"receive": "RECEIVED"},
        "RECEIVED": {"credit": "CREDITED"},
        "CREDITED": {},
        "DECLINED": {},
    },
)
"""``match``: the money came without the transfer's id and was found to belong to it (``suspense``)."""

BASELINE_MS = 60 * 86_400_000
"""What a transfer takes without a common platform: 大概2个月."""


class AnnuityPlan(Record, frozen=True):
    """An employer's plan and the institutions that run it; the key is its name."""

    namespace: ClassVar[str] = "annuity_plans"
    readers: ClassVar[Readers] = Readers.EVERYONE

    trustee: str
    record_keeper: str
    custodian: str
    employer: str


class Transfer(Record, frozen=True):
    """A member's way from one plan to another. ``amount`` commits to what the account was valued at.

    ``trail`` is every state with the moment at which it began.
    """

    namespace: ClassVar[str] = "annuity_transfers"
    readers: ClassVar[Readers] = Readers.OWNER

    state: str
    member: str
    from_plan: str
    to_plan: str
    trail: tuple[tuple[str, int], ...]
    amount: Commitments = ()


class UnderWay(Record, frozen=True):
    """The transfer with which a member is leaving a plan, at ``member/plan``; there is one at a time."""

    namespace: ClassVar[str] = "annuity_under_way"

    transfer: str


class TransferQueue(Record, frozen=True):
    """What a trustee is to take over, by its name: for the regulator. ``late`` ones took longer than the standard."""

    namespace: ClassVar[str] = "annuity_queues"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    waiting: int = 0
    credited: int = 0
    declined: int = 0
    late: int = 0
    longest_ms: int = 0


class TransferStandard(Record, frozen=True):
    """How long a transfer may take; the key is "standard"."""

    namespace: ClassVar[str] = "annuity_standard"
    readers: ClassVar[Readers] = Readers.EVERYONE

    within_ms: int


MOVED = EventKind("annuity_moved", parties=("member", "parties"), roles=("regulator",))

contract = Contract(
    "annuities", records=(AnnuityPlan, Transfer, UnderWay, TransferQueue, TransferStandard), events=(MOVED,)
)
