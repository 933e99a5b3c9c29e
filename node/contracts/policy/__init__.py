"""Policies 保单, from issue to expiry (rows 7, 8, 23, 24, 54).

``records`` has the states and what lies on the chain, ``issuing`` binds and takes premiums, ``notarisation`` puts a
policy on record and verifies one, ``servicing`` is all that changes or ends it, ``liens`` pays what it yields to whom
it is due. ``days`` is the arithmetic of earned and unearned premium, which knows nothing of the chain.
"""

from node.contracts.policy.issuing import DOCUMENT_PATH, BindArgs
from node.contracts.policy.liens import LIEN, Lien, lien_on, pay_proceeds
from node.contracts.policy.notarisation import NotariseArgs, VerifyArgs, is_document_of, notarisation_hash
from node.contracts.policy.records import (
    POLICY,
    Holding,
    Notarisation,
    Policy,
    PolicyArgs,
    Renewal,
    Settings,
    Terms,
    TermsArgs,
    contract,
    in_force,
    terms_of,
    unwound,
)
from node.contracts.policy.servicing import AmendArgs, RenewArgs, cancelled, surrender_fen

__all__ = [
    "DOCUMENT_PATH",
    "LIEN",
    "POLICY",
    "AmendArgs",
    "BindArgs",
    "Holding",
    "Lien",
    "Notarisation",
    "NotariseArgs",
    "Policy",
    "PolicyArgs",
    "RenewArgs",
    "Renewal",
    "Settings",
    "Terms",
    "TermsArgs",
    "VerifyArgs",
    "cancelled",
    "contract",
    "in_force",
    "is_document_of",
    "lien_on",
    "notarisation_hash",
    "pay_proceeds",
    "surrender_fen",
    "terms_of",
    "unwound",
]
