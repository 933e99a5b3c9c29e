"""Programmes 再保险方案: several sections in an inuring order as data, worked out together, and kept on chain.

``covers`` are the six kinds of section, ``sections`` their order, ``year`` works a year out and ``shares`` splits it
between reinsurers: all pure. The contract "programme" is signed in ``signing``, its ``books`` are kept by the cedent,
``calls`` asks for cash ahead, ``closing`` states and settles the accounts.
"""

from node.contracts.reinsurance.programmes import books, calls, closing  # noqa: F401 - they add their actions
from node.contracts.reinsurance.programmes.covers import (
    AggregateExcess,
    CatastropheExcess,
    Corridor,
    Price,
    QuotaShareCover,
    RiskExcess,
    StopLossCover,
    SurplusCover,
)
from node.contracts.reinsurance.programmes.sections import Section, require_in_order, stages
from node.contracts.reinsurance.programmes.shares import Line, Paid, lines
from node.contracts.reinsurance.programmes.signing import contract
from node.contracts.reinsurance.programmes.year import Event, RiskLoss, SectionYear, Worked, Year, work_out

__all__ = [
    "AggregateExcess",
    "CatastropheExcess",
    "Corridor",
    "Event",
    "Line",
    "Paid",
    "Price",
    "QuotaShareCover",
    "RiskExcess",
    "RiskLoss",
    "Section",
    "SectionYear",
    "StopLossCover",
    "SurplusCover",
    "Worked",
    "Year",
    "contract",
    "lines",
    "require_in_order",
    "stages",
    "work_out",
]
