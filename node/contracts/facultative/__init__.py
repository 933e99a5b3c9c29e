"""Facultative reinsurance 临分 (临时分保): risk by risk, offered, written, signed and bound (row 13).

What a cedent's retention and its surplus treaty leave of a risk is offered to reinsurers, who write lines, counter or
decline until the offer ends (``placing``). Bound lines follow the fortunes of the risk to the fen (``losses``) until
they leave, by a portfolio transfer or a commutation (``leaving``). Terms are public to every node (plain mode).
"""

from node.contracts.facultative import leaving, losses  # noqa: F401 - they add their actions
from node.contracts.facultative.placing import signed_down
from node.contracts.facultative.records import LINE, SLIP, Departure, Line, RiskLoss, Slip, contract

__all__ = ["LINE", "SLIP", "Departure", "Line", "RiskLoss", "Slip", "contract", "signed_down"]
