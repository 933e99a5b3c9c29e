"""Treaties 分保合约 and their accounts, as the state keeps them in plain mode (terms public to every node)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from node.contracts.fields import Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.reinsurance.premium import MinimumAndDeposit
from node.contracts.reinsurance.quota_share import Cession, QuotaShare
from node.contracts.reinsurance.stop_loss import StopLoss

ACCOUNT_STATES = Lifecycle("account", {"stated": {"confirm": "confirmed"}, "confirmed": {}})
"""The cedent states an account, the reinsurer confirms it; only then does money move."""


class Terms(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was agreed: the quota share inures to the benefit of the stop loss, whose premium is adjusted."""

    quota_share: QuotaShare
    stop_loss: StopLoss
    stop_loss_premium: MinimumAndDeposit


class Treaty(Record, frozen=True):
    """A cedent's programme for one line and one term.

    ``boundaries_ms`` are the ends of its accounting periods, preceded by its inception. Invariant: they ascend, and
    ``closed`` of the periods, the first ones, are closed. ``gross_...`` and ``ceded`` sum up the closed periods.
    """

    namespace: ClassVar[str] = "reinsurance-treaties"

    cedent: str
    reinsurer: str
    line: str
    terms: Terms
    boundaries_ms: tuple[int, ...]
    closed: int = 0
    gross_premium_fen: int = 0
    gross_loss_fen: int = 0
    ceded: Cession = Cession()

    @property
    def periods(self) -> int:
        """How many accounting periods the term has."""
        return len(self.boundaries_ms) - 1

    @property
    def closed_until_ms(self) -> int:
        """The business time before which nothing more can be booked (the inception where nothing is closed)."""
        return self.boundaries_ms[self.closed]


class PeriodAccount(Record, frozen=True):
    """The proportional account of one period. ``cession`` is the period's own, not the sum to date."""

    namespace: ClassVar[str] = "reinsurance-periods"

    cedent: str
    reinsurer: str
    start_ms: int
    end_ms: int
    entries: int
    gross_premium_fen: int
    gross_loss_fen: int
    cession: Cession
    state: str


class YearAccount(Record, frozen=True):
    """The stop loss's account of the whole term, on what the quota share leaves.

    ``adjustment_fen`` is the premium still due beyond the deposit that was paid when the treaty was signed.
    """

    namespace: ClassVar[str] = "reinsurance-years"

    cedent: str
    reinsurer: str
    net_premium_fen: int
    net_loss_fen: int
    premium_fen: int
    adjustment_fen: int
    recovery_fen: int
    state: str


def treaty_key(cedent: str, line: str) -> str:
    """Where a treaty and its year's account stand."""
    return f"{cedent}/{line}"


def period_key(cedent: str, line: str, period: int) -> str:
    """Where a period's account stands; periods count from 0."""
    return f"{cedent}/{line}/{period:02d}"
