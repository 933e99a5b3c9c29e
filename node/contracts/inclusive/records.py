"""The contract "inclusive": its records. ``plans``, ``enrolment`` and ``claims`` add the actions."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Record
from node.contracts.inclusive.terms import PlanTerms


class Plan(Record, frozen=True):
    """A filed plan. Services on days from ``first_day`` up to, not including, ``end_day`` are covered.

    Days count from 1970-01-01. Enrolment ends as cover begins.
    """

    namespace: ClassVar[str] = "inclusive-plans"

    bureau: str
    insurers: tuple[str, ...]
    terms: PlanTerms
    first_day: int
    end_day: int


class Member(Record, frozen=True):
    """Someone insured under a plan, by pseudonym, and what the year brought so far.

    Invariant: ``paid_fen == plan.terms.benefit(eligible_fen)``.
    """

    namespace: ClassVar[str] = "inclusive-members"

    insurer: str
    age: int
    premium_fen: int
    eligible_fen: int = 0
    paid_fen: int = 0


class Claim(Record, frozen=True):
    """An adjudicated bill, at ``hospital/invoice``: which is how an invoice is settled once only.

    ``batch`` is the transaction that settled it; the batch's evidence binds the bill and its diagnosis.
    """

    namespace: ClassVar[str] = "inclusive-claims"

    plan: str
    member: str
    day: int
    eligible_fen: int
    paid_fen: int
    batch: str


class Batch(Record, frozen=True):
    """What one transaction of a hospital settled. ``evidence`` commits to the itemised bills it keeps."""

    namespace: ClassVar[str] = "inclusive-batches"

    plan: str
    hospital: str
    insurer: str
    bills: int
    eligible_fen: int
    paid_fen: int
    evidence: str


EVENTS = (
    EventKind("enrolled", parties=("insurer",), roles=("bureau", "regulator")),
    EventKind("settled", parties=("hospital", "insurer"), roles=("bureau", "regulator")),
)

contract = Contract("inclusive", records=(Plan, Member, Claim, Batch), events=EVENTS)


def member_key(plan: str, member: str) -> str:
    """Where a member of a plan stands."""
    return f"{plan}/{member}"


def claim_key(hospital: str, invoice: int) -> str:
    """Where the claim for a hospital's invoice stands."""
    return f"{hospital}/{invoice:010d}"
