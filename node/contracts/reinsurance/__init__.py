"""Reinsurance 再保险: the arithmetic of treaties, and the contract that closes their periods.

Each file holds one concept of the field as pure integer arithmetic (``layers``, ``quota_share``, ``stop_loss`` ...).
On top of it, ``book`` keeps the entries a treaty is about, ``terms`` what was agreed, ``closing`` turns a period's
entries into an account, and ``treaties`` is what the chain runs: both sides sign, the cedent closes, the reinsurer
confirms. :mod:`~node.contracts.reinsurance.programmes` puts sections of every kind together in their inuring order;
``spirals`` passes losses along nets of retrocession.
"""

from node.contracts.reinsurance.commission import (
    ProfitCommission,
    SlidingScale,
    TreatyYear,
    after_corridor,
    loss_participation,
    profit_commissions,
)
from node.contracts.reinsurance.layers import Layer, in_layer, retained, tower
from node.contracts.reinsurance.netting import Debt, Netting, net_out
from node.contracts.reinsurance.premium import MinimumAndDeposit, SwingRate
from node.contracts.reinsurance.quota_share import Cession, QuotaShare, cede
from node.contracts.reinsurance.rates import WHOLE, clip, part
from node.contracts.reinsurance.reinstatement import CatastropheLayer, Recovery, pro_rata_premium
from node.contracts.reinsurance.statement import Statement, state_account
from node.contracts.reinsurance.stop_loss import StopLoss
from node.contracts.reinsurance.surplus import Shares, Surplus
from node.contracts.reinsurance.terms import Terms
from node.contracts.reinsurance.treaties import contract

__all__ = [
    "WHOLE",
    "CatastropheLayer",
    "Cession",
    "Debt",
    "Layer",
    "MinimumAndDeposit",
    "Netting",
    "ProfitCommission",
    "QuotaShare",
    "Recovery",
    "Shares",
    "SlidingScale",
    "Statement",
    "StopLoss",
    "Surplus",
    "SwingRate",
    "Terms",
    "TreatyYear",
    "after_corridor",
    "cede",
    "clip",
    "contract",
    "in_layer",
    "loss_participation",
    "net_out",
    "part",
    "pro_rata_premium",
    "profit_commissions",
    "retained",
    "state_account",
    "tower",
]
