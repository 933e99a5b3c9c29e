"""Losses under sealed treaties 赔案: who hears of them when, what is kept for them, what is paid on them (rows 13, 15).

``notices`` tells a loss from tier to tier or to all at once, and measures how late. ``reserves`` keeps what the parties
reserve as a sum of commitments that the chain adds up without reading; ``calls`` is cash at once. ``records`` is what
is kept.
"""

from node.contracts.losses import calls, notices, reserves  # noqa: F401 - each adds its actions to the contract
from node.contracts.losses.records import (
    CashCall,
    Kind,
    LateNotice,
    Movement,
    ReserveReport,
    Reserves,
    Settings,
    TreatyLoss,
    contract,
    loss_key,
    movement_key,
)

__all__ = [
    "CashCall",
    "Kind",
    "LateNotice",
    "Movement",
    "ReserveReport",
    "Reserves",
    "Settings",
    "TreatyLoss",
    "contract",
    "loss_key",
    "movement_key",
]
