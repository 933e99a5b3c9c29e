"""Claims 理赔, from notice to close (rows 20, 38, 40, 46, 60, 70).

Zero-perception claims 零感知理赔: at discharge the hospital's node reports the claim by itself and the patient gets a
reminder (``notice``). The insurer checks whether the policy has the benefit at all, before it reads anything. Under a
voucher for this claim alone it pulls visit, e-invoice and itemised list from the hospital; then the contract
adjudicates on the opened charges (``automatic``), each of which must be what the hospital committed to, and the
insurer pays (``settlement``). An invoice pays once. A voucher taken back sends the claim down the manual path 人工
(``papers``).
What is contested is frozen until people rule (``disputes``). ``rules`` is the arithmetic, in versions; ``reserves`` is
what is kept for each claim. Diagnoses stay sealed; the chain knows the kind of benefit and the charges.
"""

from node.contracts.claims.automatic import (
    CHARGE,
    CHARGES_MAX,
    INVOICE_TOKEN,
    INVOICE_TOTAL,
    ITEMS,
    PURPOSE,
    AdjudicateArgs,
)
from node.contracts.claims.disputes import RuleArgs
from node.contracts.claims.house import Settings
from node.contracts.claims.notice import NotifyArgs, ReportArgs
from node.contracts.claims.papers import HandInArgs, ReferArgs
from node.contracts.claims.records import (
    CLAIM,
    CaseReserve,
    Claim,
    ClaimArgs,
    Dispute,
    Effort,
    House,
    Papers,
    ReasonArgs,
    StayUse,
    contract,
)
from node.contracts.claims.reserves import outstanding
from node.contracts.claims.rules import PAYABLE, Adjudication, adjudication
from node.contracts.claims.settlement import RecoverArgs
from node.contracts.invoices import Invoice

__all__ = [
    "CHARGE",
    "CHARGES_MAX",
    "CLAIM",
    "INVOICE_TOKEN",
    "INVOICE_TOTAL",
    "ITEMS",
    "PAYABLE",
    "PURPOSE",
    "AdjudicateArgs",
    "Adjudication",
    "CaseReserve",
    "Claim",
    "ClaimArgs",
    "Dispute",
    "Effort",
    "HandInArgs",
    "House",
    "Invoice",
    "NotifyArgs",
    "Papers",
    "ReasonArgs",
    "RecoverArgs",
    "ReferArgs",
    "ReportArgs",
    "RuleArgs",
    "Settings",
    "StayUse",
    "adjudication",
    "contract",
    "outstanding",
]
