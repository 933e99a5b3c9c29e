"""What the chain knows of an asset-backed plan: contract, units, base assets, end investors (row 26)."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle

PLAN = Lifecycle(
    "asset-backed plan",
    {
        "RAISING": {"call": "RAISING", "lapse": "RAISING", "register": "RAISING", "back": "RAISING", "draw": "RUNNING"},
        "RUNNING": {"accrue": "RUNNING", "interest": "RUNNING", "redeem": "CLEARED"},
        "CLEARED": {},
    },
)

CALL = Lifecycle("capital call", {"CALLED": {"pay": "PAID"}, "PAID": {"confirm": "REGISTERED"}, "REGISTERED": {}})

INVESTORS_MAX = 12
"""Each brings two lines to the posting of an instalment."""

ASSETS_MAX = 64
DATES_MAX = 40
HOLDERS_MAX = 64
"""End investors behind one investor, and holdings of one end investor."""

Holders = tuple[tuple[str, int], ...]
"""(pseudonym, units) of end investors."""


class Plan(Record, frozen=True):
    """A plan 资产支持计划. Invariant: the units of ``investors`` times ``unit_fen`` is what was raised.

    ``contract`` is the hash of the document that all its parties signed; ``behind`` says who holds an investor's units
    in the end. ``due`` are the instalments, once the money was drawn (``starts_ms``); ``paid`` is how many of them were
    paid, ``accrued_fen`` what is on the books. ``called`` counts the investors that were called on, those with units
    among them.
    """

    namespace: ClassVar[str] = "asset_plans"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    state: str
    contract: str
    manager: str
    custodian: str
    project: str
    intermediary: str
    target_fen: int
    unit_fen: int
    rate_ppm: int
    dates_ms: tuple[int, ...]
    called_fen: int = 0
    investors: tuple[tuple[str, int], ...] = ()
    behind: tuple[tuple[str, Holders], ...] = ()
    assets: tuple[tuple[str, int], ...] = ()
    starts_ms: int = 0
    due: tuple[int, ...] = ()
    paid: int = 0
    accrued_fen: int = 0
    called: int = 0

    @property
    def raised_fen(self) -> int:
        return sum(units for _, units in self.investors) * self.unit_fen

    @property
    def backed_fen(self) -> int:
        return sum(amount for _, amount in self.assets)


class CapitalCall(Record, frozen=True):
    """What an investor was asked to pay 缴款通知, at ``plan>investor``."""

    namespace: ClassVar[str] = "asset_plan_calls"

    state: str
    amount_fen: int
    until_ms: int


class BaseAsset(Record, frozen=True):
    """底层资产, by its registered number: which plan it backs, who owes it (a token), how much."""

    namespace: ClassVar[str] = "base_assets"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    plan: str
    debtor: str
    amount_fen: int


class EndHolder(Record, frozen=True):
    """终端投资者. An end investor, by its pseudonym: its units in all, and (plan, through which investor, units)."""

    namespace: ClassVar[str] = "end_investors"
    readers: ClassVar[Readers] = Readers.SUPERVISORS

    units: int = 0
    holdings: tuple[tuple[str, str, int], ...] = ()


EVENTS = (
    EventKind("capital_called", parties=("investor", "manager")),
    EventKind("interest_paid", parties=("project", "custodian"), roles=("regulator",)),
    EventKind("plan_cleared", parties=("manager", "custodian"), roles=("regulator",)),
)

contract = Contract("asset-plans", records=(Plan, CapitalCall, BaseAsset, EndHolder), events=EVENTS)
