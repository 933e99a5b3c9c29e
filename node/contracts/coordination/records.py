"""The contract "coordination": its records and events. ``schemes`` and ``bills`` add the actions."""

from __future__ import annotations

from typing import ClassVar

from node.contracts.context import EventKind
from node.contracts.contract import Contract
from node.contracts.coordination.engine import LayerTerms
from node.contracts.fields import Readers, Record
from node.contracts.lifecycle import Lifecycle

BILL = Lifecycle(
    "bill",
    {
        "PRESENTED": {"settle": "SETTLED", "flag": "FLAGGED"},
        "FLAGGED": {"clear": "SETTLED", "reject": "REJECTED"},
        "SETTLED": {},
        "REJECTED": {},
    },
)


class Scheme(Record, frozen=True):
    """Who pays in what order on which terms, for a year; the key is its name. It never changes: next year has its own.

    ``region`` is where it is at home, or "": bills from elsewhere are cleared between the regions' offices.
    """

    namespace: ClassVar[str] = "coordination_schemes"
    readers: ClassVar[Readers] = Readers.EVERYONE

    layers: tuple[LayerTerms, ...]
    region: str
    starts_ms: int
    ends_ms: int


class Entitlement(Record, frozen=True):
    """What somebody is entitled to, the key a pseudonym: the scheme that they joined, and which of its layers."""

    namespace: ClassVar[str] = "entitlements"

    scheme: str
    layers: tuple[str, ...]


class YearToDate(Record, frozen=True):
    """What a layer's year brought somebody so far, at ``pseudonym/scheme/layer``, in fen."""

    namespace: ClassVar[str] = "coordination_years"

    eligible_fen: int
    paid_fen: int


class Bill(Record, frozen=True):
    """A hospital's bill. ``payer`` is the patient's wallet, which signed it and pays the own part.

    ``shares`` are (layer, payer, eligible, paid) in fen, of the layers that it was presented under.
    """

    namespace: ClassVar[str] = "coordinated_bills"

    state: str
    hospital: str
    payer: str
    subject: str
    scheme: str
    invoice: str
    charges: tuple[tuple[str, int], ...]
    total_fen: int
    own_fen: int
    shares: tuple[tuple[str, str, int, int], ...]


class Stay(Record, frozen=True):
    """A stay that was billed, at ``hospital/token``, the token keyed by it; ``bill`` was its first."""

    namespace: ClassVar[str] = "billed_stays"

    bill: str


EVENTS = (
    EventKind("bill_settled", parties=("to", "hospital", "payers"), roles=("bureau", "regulator")),
    EventKind("bill_flagged", parties=("hospital", "payers"), roles=("bureau", "regulator")),
)

contract = Contract("coordination", records=(Scheme, Entitlement, YearToDate, Bill, Stay), events=EVENTS)


def year_key(subject: str, scheme: str, layer: str) -> str:
    """Where a layer's year of somebody stands."""
    return f"{subject}/{scheme}/{layer}"
