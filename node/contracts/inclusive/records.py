"""The contract "inclusive": its records. ``plans``, ``enrolment`` and ``claims`` add the actions."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Record
from node.contracts.inclusive.terms import PlanTerms


class Plan(Record, frozen=True):
    """A filed plan. Services on days from ``first_day`` up to, not including, ``end_day`` are covered.

    Days count from 1970-01-01. Enrolment ends as cover begins. Without a ``pool`` each of ``insurers`` carries those
    whom it enrols. With one, all of the pool carry every member together 共保, in parts by weight, once all ``joined``;
    the first of ``insurers`` leads it 首席承保人.
    """

    namespace: ClassVar[str] = "inclusive-plans"

    bureau: str
    insurers: tuple[str, ...]
    terms: PlanTerms
    first_day: int
    end_day: int
    pool: tuple[tuple[str, int], ...] = ()
    joined: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """May people enrol: has everyone of the pool, if there is one, signed?"""
        return len(self.joined) == len(self.pool)

    def offered_by(self, insurer: str) -> bool:
        """Does ``insurer`` enrol people?"""
        return insurer in self.insurers or any(insurer == name for name, _ in self.pool)

    def settles(self, insurer: str, member: Member) -> bool:
        """Are claims of ``member`` settled with ``insurer``? In a pool all are with who leads it."""
        return insurer == (self.insurers[0] if self.pool else member.insurer)

    def carriers(self, insurer: str) -> tuple[tuple[str, int], ...]:
        """Who carries what ``insurer`` enrols or settles, with their weights."""
        return self.pool or ((insurer, 1),)


class Member(Record, frozen=True, gc=False):
    """Someone insured under a plan, by pseudonym, and what the year brought so far.

    Invariant: ``paid_fen == plan.terms.benefit(eligible_fen)``. (``gc=False``: there are millions, of plain values.)
    """

    namespace: ClassVar[str] = "inclusive-members"

    insurer: str
    age: int
    premium_fen: int
    eligible_fen: int = 0
    paid_fen: int = 0


class Claim(Record, frozen=True, gc=False):
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
