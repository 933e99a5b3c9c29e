"""The flow "loss-development": real hospital stays become a reinsurer's losses, later than they occur (rows 11, 15).

``arguments`` is what a scenario says of it, ``losses`` are the stays with their delays, ``drafts`` every transaction,
``model`` the same triangles without one. The actuary's estimates are made before the run, as all transactions are, from
what the losses reported by then come to; the contract works them out again from what it was told.
"""

from scenarios.runner.loss_development.arguments import FLOW, LossDevelopment, cast_of
from scenarios.runner.loss_development.drafts import build, openings
from scenarios.runner.loss_development.losses import StayLoss, losses
from scenarios.runner.loss_development.model import differences, paid_cells, reported_cells

__all__ = [
    "FLOW",
    "LossDevelopment",
    "StayLoss",
    "build",
    "cast_of",
    "differences",
    "losses",
    "openings",
    "paid_cells",
    "reported_cells",
]
