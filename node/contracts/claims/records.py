"""The contract "claims": its lifecycle, its records, and what all of its actions share.

Reported, covered, approved, paid, closed; closed to covered again where it is reopened 重开, and by way of papers 材料
where a person decides. It may be denied, or withdrawn, while nothing is approved. A dispute freezes a claim wherever it
stands, until a panel rules; then it is paid or denied, and nothing else.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from node.contracts.context import Context, EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Arguments, Fen, Label, Name, ObjectId, Readers, Record
from node.contracts.invoices import Invoice
from node.contracts.lifecycle import Lifecycle
from node.contracts.policy import Policy
from node.contracts.products import Benefit
from node.contracts.vouchers import Subject

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
PANEL_MAX = 16

SAME_STAY = "stay_claimed_before"
"""Why a claim is flagged."""


class Claim(Record, frozen=True):
    """A claim 赔案. Amounts are None until adjudicated. ``map_version`` names the code map used at the hospital's edge.

    ``coding`` is how the diagnosis came through it (:data:`node.contracts.code_maps.Coding`); "" without one.
    ``rules`` is the version that it is adjudicated by: the one in force when its policy began. The amounts are those
    of all bills since the claim was reported; ``paid_fen`` and ``recovered_fen`` are what was paid and came back.
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


class StayUse(Record, frozen=True):
    """A hospital stay that was claimed for; the key is its token, keyed by the hospital: no number, no name."""

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
    "claims", records=(Claim, Invoice, StayUse, House, CaseReserve, Papers, Effort, Dispute), events=EVENTS
)


class ClaimArgs(Arguments, frozen=True):
    """Which claim."""

    claim: ObjectId


class ReasonArgs(Arguments, frozen=True):
    """Which claim, and why."""

    claim: ObjectId
    reason: Label


class Settings(Arguments, frozen=True):
    """See :class:`House`."""

    panel: Annotated[tuple[Name, ...], Meta(max_length=PANEL_MAX)] = ()
    needed: Annotated[int, Meta(ge=1, le=PANEL_MAX)] = 1
    reserves: Annotated[tuple[tuple[Label, Fen], ...], Meta(max_length=64)] = ()


@contract.settings(Settings)
def set_house(ctx: Context, settings: Settings) -> None:
    """Set the rules of the house."""
    ctx.put("house", House(panel=settings.panel, needed=settings.needed, reserves=settings.reserves))


def house(ctx: Context) -> House:
    """The rules of the house: nobody rules and nothing is set aside where none were set."""
    return ctx.get(House, "house") or House(panel=(), needed=1, reserves=())


def count(ctx: Context, insurer: str, what: str) -> None:
    """One more of ``what``, a field of :class:`Effort`, for the claims against ``insurer``."""
    effort = ctx.get(Effort, insurer) or Effort()
    ctx.put(insurer, replace(effort, **{what: getattr(effort, what) + 1}))


def own(ctx: Context, claim_id: str) -> Claim:
    """The claim, which must be against the client."""
    claim = ctx.find(Claim, claim_id)
    ctx.require(claim.insurer == ctx.client, "wrong_insurer", claim.insurer)
    return claim


def require_insured(ctx: Context, claim: Claim) -> None:
    """Refuse unless the client holds the policy or acts for the insured."""
    holder = ctx.find(Policy, claim.policy).holder
    acts = ctx.client == holder or ctx.client in ctx.find(Subject, claim.subject).wallets
    ctx.require(acts, "not_the_insured", ctx.client)


def use_stay(ctx: Context, stay: str, claim_id: str, insurer: str) -> str:
    """Note that the stay is claimed for; why that is suspicious, or "": another claim was for it."""
    used = ctx.get(StayUse, stay)
    if used is None:
        ctx.put(stay, StayUse(claim=claim_id))
    if used is None or used.claim == claim_id:
        return ""
    ctx.emit("duplicate_suspected", claim=claim_id, insurer=insurer, other=used.claim)
    return SAME_STAY


def require_cleared(ctx: Context, claim: Claim) -> None:
    """Refuse to approve what is flagged unless the bureau signs as well."""
    cleared = not claim.flag or any(ctx.role_of(name) == "bureau" for name in ctx.signers)
    ctx.require(cleared, "flag_not_cleared", claim.flag)


def benefit_of(policy: Policy, name: str) -> Benefit | None:
    """The policy's benefit of that kind, or None."""
    return next((benefit for benefit in policy.benefits if benefit.name == name), None)
