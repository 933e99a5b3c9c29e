"""Reinsurance 再保险: the arithmetic of treaties, and the contract that closes their periods.

Each file holds one concept of the field as pure integer arithmetic (``layers``, ``quota_share``, ``stop_loss`` ...).
On top of it, ``book`` keeps the entries a treaty is about, ``terms`` what was agreed, ``closing`` turns a period's
entries into an account, and ``treaties`` is what the chain runs: both sides sign, the cedent closes, the reinsurer
confirms.
"""

from node.contracts.reinsurance.layers import Layer, in_layer, retained, tower
from node.contracts.reinsurance.premium import MinimumAndDeposit, SwingRate
from node.contracts.reinsurance.quota_share import Cession, QuotaShare, cede
from node.contracts.reinsurance.rates import WHOLE, clip, part
from node.contracts.reinsurance.statement import Statement, state_account
from node.contracts.reinsurance.stop_loss import StopLoss
from node.contracts.reinsurance.terms import Terms
from node.contracts.reinsurance.treaties import contract

__all__ = [
    "WHOLE",
    "Cession",
    "Layer",
    "MinimumAndDeposit",
    "QuotaShare",
    "Statement",
    "StopLoss",
    "SwingRate",
    "Terms",
    "cede",
    "clip",
    "contract",
    "in_layer",
    "part",
    "retained",
    "state_account",
    "tower",
]
