"""Asset-backed plans 资产支持计划 (row 26): one contract, one ledger of units and cash, looked through both ways.

``schedule`` is the arithmetic of interest, ``raising`` leads from the signed contract to the drawdown, ``running``
from there to clearing, and ``look_through`` says who in the end has how much in which base asset.
"""

from node.contracts.asset_plans import raising, running  # noqa: F401 - they add their actions
from node.contracts.asset_plans.look_through import Exposure, exposures
from node.contracts.asset_plans.records import PLAN, BaseAsset, EndHolder, Plan, contract
from node.contracts.asset_plans.schedule import accrued, instalments

__all__ = [
    "PLAN",
    "BaseAsset",
    "EndHolder",
    "Exposure",
    "Plan",
    "accrued",
    "contract",
    "exposures",
    "instalments",
]
