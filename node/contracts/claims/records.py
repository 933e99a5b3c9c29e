"""The contract "claims": its lifecycle, its records and its events.

Reported, covered, approved, paid, closed; closed to covered again where it is reopened 重开, and by way of papers 材料
where a person decides. It may be denied, or withdrawn, while nothing is approved. A dispute freezes a claim wherever it
stands, until a panel rules; then it is paid or denied, and nothing else.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Label, ObjectId, Readers, Record
from node.contracts.invoices import Invoice
from node.contracts.lifecycle import Lifecycle

CLAIM = Lifecycle(
    "claim",
    {
        "REPORTED": {"cover": "COVERED", "deny": "DENIED", "withdraw": "WITHDRAWN", "dispute": "DISPUTED"},
        "COVERED": {
            "approve": "APPROVED",
            "refer": "MANUAL",
            "deny": "DENIED",
            "withdraw": "WITHDRAWN",
            "dispute": "DISPUTED",
        },
        "MANUAL": {
            "hand_in": "MANUAL",
            "approve": "APPROVED",
            "deny": "DENIED",
            "withdraw": "WITHDRAWN",
            "dispute": "DISPUTED",
        },
        "APPROVED": {"pay": "PAID", "dispute": "DISPUTED"},
        "PAID": {"close": "CLOSED", "recover": "PAID", "dispute": "DISPUTED"},
        "DENIED": {"close": "CLOSED", "dispute": "DISPUTED"},
        "DISPUTED": {"award": "PAID", "dismiss": "DENIED"},
        "CLOSED": {"reopen": "COVERED", "recover": "CLOSED"},
        "WITHDRAWN": {},
    },
)

SUPERVISORS = ("bureau", "regulator")


class Claim(Record, frozen=True):
    """A claim 赔案. Amounts are None until adjudicated. ``map_version`` names the code map used at the hospital's edge.

    ``coding`` is how the diagnosis came through it (:data:`node.contracts.code_maps.Coding`); "" without one.
    ``rules`` is the version that it is adjudicated by: the one in force when its policy began. The amounts are those
    of all bills since the claim was reported. Of ``paid_fen`` the holder gave ``returned_fen`` back, and others who are
    liable made ``recovered_fen`` good; invariant: never more than was paid.
    ``requests`` counts requests for papers, ``papers`` what was handed in. ``flag`` says why it is suspicious, or "".
    """

    namespace: ClassVar[str] = "claims"

    state: str
    hospital: str
    subject: str
    insurer: str
    policy: str
    benefit: str
    map_version: str
    reason: str
    answer: str
    total_fen: int | None
    excluded_fen: int | None
    payable_fen: int | None
    reported_ms: int
    decided_ms: int
    paid_ms: int
    rules: str = "v1"
    paid_fen: int = 0
    payments: int = 0
    returned_fen: int = 0
    recovered_fen: int = 0
    requests: int = 0
    papers: int = 0
    reopened: int = 0
    flag: str = ""
    coding: str = ""

    @property
    def owed_fen(self) -> int:
        """Approved and not yet paid; less than nothing where too much was paid."""
        return (self.payable_fen or 0) - self.paid_fen

    @property
    def approved(self) -> bool:
        """Was it decided to pay, and does that stand?"""
        return self.state in {"APPROVED", "PAID", "CLOSED"} and self.payable_fen is not None

    @property
    def settled(self) -> bool:
        """Was all that is approved paid?"""
        return self.approved and self.state != "APPROVED" and self.owed_fen <= 0


class BenefitUse(Record, frozen=True):
    """What was approved so far under a benefit, at ``policy/benefit``: each has a sum insured of its own."""

    namespace: ClassVar[str] = "benefits_used"

    used_fen: int


class StayUse(Record, frozen=True):
    """A hospital stay that was claimed for, at ``hospital/token``, the token keyed by it: no number, no name."""

    namespace: ClassVar[str] = "claimed_stays"

    claim: str


class House(Record, frozen=True):
    """The rules of the house; the key is "house". ``needed`` of ``panel`` rule on a dispute.

    ``reserves``: what is set aside when a claim is reported, by kind of benefit, in fen; nothing where it is left out.
    """

    namespace: ClassVar[str] = "claims_house"

    panel: tuple[str, ...]
    needed: int
    reserves: tuple[tuple[str, int], ...]


class CaseReserve(Record, frozen=True):
    """What the insurer keeps for one claim 个案准备金; the key is the claim. ``movements`` counts its postings."""

    namespace: ClassVar[str] = "case_reserves"

    insurer: str
    reserve_fen: int
    movements: int


class Papers(Record, frozen=True):
    """What was handed in last for a claim, the key: (class of charge, fen) of every line, stamped by the hospital.

    Of an invoice that was settled at a counter they are what that left. ``evidence`` commits to the papers themselves.
    ``assessed`` once they were decided on.
    """

    namespace: ClassVar[str] = "claim_papers"

    invoice: str
    charges: tuple[tuple[str, int], ...]
    evidence: str
    assessed: bool


class Effort(Record, frozen=True):
    """What an insurer's claims took people so far, the key: counts of the ledger, of nobody in particular (row 20).

    Claims reported and payments made, requests for papers, and errands to the hospital for its stamp.
    """

    namespace: ClassVar[str] = "claims_effort"
    readers: ClassVar[Readers] = Readers.EVERYONE

    reported: int = 0
    paid: int = 0
    documents_requested: int = 0
    hospital_trips: int = 0


class Dispute(Record, frozen=True):
    """A contested claim, the key: frozen until ``needed`` of ``panel`` rule. ``award_fen`` is None until then.

    ``round`` counts how often the claim had been reopened: it is disputed once in each.
    """

    namespace: ClassVar[str] = "disputes"

    raised_by: str
    reason: str
    panel: tuple[str, ...]
    needed: int
    award_fen: int | None
    round: int
    raised_ms: int
    ruled_ms: int


EVENTS = (
    EventKind("reminder", parties=("to", "insurer")),
    EventKind("documents_requested", parties=("to", "insurer")),
    EventKind("claim_paid", parties=("to", "insurer"), roles=("regulator",)),
    EventKind("duplicate_suspected", parties=("insurer",), roles=SUPERVISORS),
    EventKind("claim_disputed", parties=("to", "insurer", "panel"), roles=SUPERVISORS),
    EventKind("claim_ruled", parties=("to", "insurer", "panel"), roles=SUPERVISORS),
    EventKind("claim_recovered", parties=("payer", "insurer"), roles=("regulator",)),
)

contract = Contract(
    "claims", records=(Claim, Invoice, BenefitUse, StayUse, House, CaseReserve, Papers, Effort, Dispute), events=EVENTS
)


class ClaimArgs(Arguments, frozen=True):
    """Which claim."""

    claim: ObjectId


class ReasonArgs(Arguments, frozen=True):
    """Which claim, and why."""

    claim: ObjectId
    reason: Label
