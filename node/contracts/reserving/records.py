"""The contract "reserving": its records and its state.

A basis 评估基础 says whose losses an actuary 精算师 values for which reinsurer, by which model, in which periods. It is
signed by all of them and open until its losses have run off.
"""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.reserving.development import Cells

BASIS = Lifecycle("basis", {"AGREED": {"value": "AGREED", "close": "CLOSED"}, "CLOSED": {}})

PERIODS_MAX = 40
"""Of origin, and of development."""

CEDENTS_MAX = 16


class Basis(Record, frozen=True):
    """A basis; the key is the object that agreed on it.

    ``model``: the digest of the document that describes the model. Periods are ``period_ms`` long and counted from
    ``starts_ms``; losses occur in the first ``origins`` of them, and each may be reported within ``developments``
    periods, its own counted: after that it is too late (a sunset clause 日落条款). The reinsurer bears ``cession_ppm``
    of each loss, to the nearest fen. ``ceded_fen`` is its share of what was reported, ``recovered_fen`` what it has
    paid of that, ``ibnr_fen`` what it keeps for the unreported, as valued after ``valued`` periods.
    """

    namespace: ClassVar[str] = "reserving_bases"
    readers: ClassVar[Readers] = Readers.EVERYONE

    state: str
    actuary: str
    reinsurer: str
    cedents: tuple[str, ...]
    model: str
    starts_ms: int
    period_ms: int
    origins: int
    developments: int
    cession_ppm: int
    ceded_fen: int = 0
    recovered_fen: int = 0
    ibnr_fen: int = 0
    valued: int = 0

    @property
    def case_fen(self) -> int:
        """What the reinsurer keeps for losses it was told of."""
        return self.ceded_fen - self.recovered_fen


class Development(Record, frozen=True):
    """A basis' triangles, at ``basis/reported`` and ``basis/paid``: gross increments in fen, all cedents together."""

    namespace: ClassVar[str] = "development_triangles"

    cells: Cells


class CededLoss(Record, frozen=True):
    """A loss 分保赔案 that was reported, at ``basis|cedent|reference``, with what it comes to by the newest report."""

    namespace: ClassVar[str] = "ceded_losses"

    occurred_ms: int
    reported_ms: int
    incurred_fen: int
    paid_fen: int


class Estimate(Record, frozen=True):
    """What was booked after so many periods, at ``basis|valuation``; fen of the reinsurer's share.

    ``error_fen`` is the estimate less what was reported since, once that has run off (``reviewed_ms`` not 0).
    """

    namespace: ClassVar[str] = "reserve_estimates"
    readers: ClassVar[Readers] = Readers.EVERYONE

    ibnr_fen: int
    standard_error_fen: int
    data: str
    booked_ms: int
    emerged_fen: int = 0
    error_fen: int = 0
    reviewed_ms: int = 0


BOOKED = EventKind("reserve_booked", parties=("actuary", "reinsurer"), roles=("regulator",))

contract = Contract("reserving", records=(Basis, Development, CededLoss, Estimate), events=(BOOKED,))
