"""Coordination of benefits 多层赔付: basic insurance, the city's plan, commercial insurance (rows 41, 43, 46).

``engine`` is the arithmetic, pure; ``schemes`` files terms and says who is in them; ``bills`` settles what hospitals
bill. Bills from another region are paid there and cleared between the regions (:mod:`node.contracts.clearing`).
"""

from node.contracts.coordination.bills import BillArgs, SettleArgs
from node.contracts.coordination.engine import ORDER, LayerTerms, Settlement, Share, Year, after, coordinate
from node.contracts.coordination.records import Bill, Entitlement, Scheme, Stay, YearToDate, contract, year_key
from node.contracts.coordination.schemes import JoinArgs, SchemeArgs, Settings

__all__ = [
    "ORDER",
    "Bill",
    "BillArgs",
    "Entitlement",
    "JoinArgs",
    "LayerTerms",
    "Scheme",
    "SchemeArgs",
    "Settings",
    "SettleArgs",
    "Settlement",
    "Share",
    "Stay",
    "Year",
    "YearToDate",
    "after",
    "contract",
    "coordinate",
    "year_key",
]
