"""Reserving 准备金评估: an actuary values what a reinsurer owes for losses nobody has told it of (rows 11, 15).

``development`` and ``mack`` are the arithmetic: triangles, chain-ladder and its standard error in whole fen.
``reporting`` is what cedents tell and are paid, from which both triangles grow and the case reserves follow.
``valuing`` is what the actuary books into the reinsurer's reserve, with both signatures, and how far off it proved to
be. At any time the reinsurer's accounts "reserve" and "ibnr" are what its movements add up to, and a basis that has run
off holds nothing for the unreported.
"""

from node.contracts.reserving.development import Cells, cumulative, emerged, factors, ibnr, known, ultimates
from node.contracts.reserving.mack import standard_error
from node.contracts.reserving.records import BASIS, Basis, CededLoss, Development, Estimate, contract
from node.contracts.reserving.reporting import (
    PAID,
    REPORTED,
    ROWS_MAX,
    AgreeArgs,
    LossRow,
    PaidRow,
    RecoverArgs,
    ReportArgs,
)
from node.contracts.reserving.valuing import (
    BasisArgs,
    BookArgs,
    ReviewArgs,
    data_digest,
    estimated_share,
)

__all__ = [
    "BASIS",
    "PAID",
    "REPORTED",
    "ROWS_MAX",
    "AgreeArgs",
    "Basis",
    "BasisArgs",
    "BookArgs",
    "CededLoss",
    "Cells",
    "Development",
    "Estimate",
    "LossRow",
    "PaidRow",
    "RecoverArgs",
    "ReportArgs",
    "ReviewArgs",
    "contract",
    "cumulative",
    "data_digest",
    "emerged",
    "estimated_share",
    "factors",
    "ibnr",
    "known",
    "standard_error",
    "ultimates",
]
