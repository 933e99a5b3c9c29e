"""Inclusive insurance 普惠险: a city's plan for everyone 惠民保, from filing to the claims of a year (rows 41-43).

``terms`` is the arithmetic, ``plans``, ``enrolment`` and ``claims`` are the actions of the contract "inclusive", and
``pool`` says who bears the money. What is written and paid is booked under the reinsurance of those who carry it
(``node.contracts.reinsurance.book``).
"""

from node.contracts.inclusive.claims import Bill, Settle
from node.contracts.inclusive.enrolment import ROWS_MAX, Enrol
from node.contracts.inclusive.personal import EnrolByAccount
from node.contracts.inclusive.plans import DAY_MS, INSURERS_MAX, POOL_MAX, FilePlan, JoinPlan
from node.contracts.inclusive.records import Batch, Claim, Member, Plan, claim_key, contract, member_key
from node.contracts.inclusive.terms import PlanTerms
from node.contracts.personal_accounts import RESIDENTS

__all__ = [
    "DAY_MS",
    "INSURERS_MAX",
    "POOL_MAX",
    "RESIDENTS",
    "ROWS_MAX",
    "Batch",
    "Bill",
    "Claim",
    "Enrol",
    "EnrolByAccount",
    "FilePlan",
    "JoinPlan",
    "Member",
    "Plan",
    "PlanTerms",
    "Settle",
    "claim_key",
    "contract",
    "member_key",
]
