"""What is kept of losses under sealed treaties 赔案: notices, reserves, recoveries and cash calls."""

from __future__ import annotations

from typing import ClassVar, Literal

from node.contracts.bordereaux.records import Reference
from node.contracts.context import Context, EventKind
from node.contracts.contract import Contract
from node.contracts.endorsement import Endorsement, record
from node.contracts.fields import Arguments, Millis, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.treaty import Treaty, both_sides
from node.privacy.envelope import Envelope
from node.privacy.sums import Hidden

LOSS = Lifecycle("reinsured loss", {"OPEN": {"move": "OPEN", "close": "CLOSED"}, "CLOSED": {}})
CALL = Lifecycle("cash call", {"CALLED": {"pay": "PAID"}, "PAID": {}})

Kind = Literal["change", "recovery"]
"""A reserve is set up, increased or decreased; or what was reserved is recovered in the account."""

Way = Literal["flat", "tiered"]

TIERS_MAX = 8
"""Treaties that one notice is told along."""

DAY_MS = 86_400_000


class TreatyLoss(Record, frozen=True):
    """A loss under a treaty; the key is ``treaty|reference``.

    ``tier`` counts the parties from the insured (1) and the cedent (2) to this treaty's reinsurer; ``way`` is how it
    was told: "flat" to all tiers at once, "tiered" from each to the next.
    ``happened_ms`` is when its own parties committed to it, ``known_ms`` when this treaty's cedent knew of it,
    ``noticed_ms`` when its reinsurer was told. ``reserve`` and ``recovered`` are commitments to sums, which the chain
    adds up and cannot read.
    """

    namespace: ClassVar[str] = "reinsured_losses"

    state: str
    cedent: str
    reinsurer: str
    tier: int
    way: Way
    happened_ms: int
    known_ms: int
    noticed_ms: int
    movements: int
    reserve: str
    recovered: str


class LateNotice(Record, frozen=True):
    """A notice that came after its time, and by how much; the key is the loss's."""

    namespace: ClassVar[str] = "late_notices"

    late_ms: int


class Movement(Record, frozen=True):
    """A step of a reserve 准备金变动; the key is ``treaty|reference|number``. ``moved_by`` carried the amounts."""

    namespace: ClassVar[str] = "reserve_movements"

    kind: str
    change: str
    moved_by: str
    time_ms: int


class CashCall(Record, frozen=True):
    """A call for cash 现金赔款 at once, beside the periodic account; the key is the object that calls."""

    namespace: ClassVar[str] = "cash_calls"

    state: str
    treaty: str
    reference: str
    amount: str
    due_ms: int
    paid_ms: int


class Following(Record, frozen=True):
    """The treaty along which the losses of another are told at once; the key is that other treaty."""

    namespace: ClassVar[str] = "followed_treaties"

    outward: str


class Reserves(Record, frozen=True):
    """The sum of a reinsurer's reserves over all its losses, as a commitment; the key is the reinsurer."""

    namespace: ClassVar[str] = "reserves_held"

    total: str


class ReserveReport(Record, frozen=True):
    """What a reinsurer's reserves came to, opened; the key is ``reinsurer|time``, so that they are a series."""

    namespace: ClassVar[str] = "reserve_reports"

    total_fen: int


class Settings(Arguments, frozen=True):
    """How long a reinsurer has to pay a cash call."""

    pay_within_ms: Millis = 10 * DAY_MS


class Rules(Record, frozen=True):
    """The settings; the key is "rules"."""

    namespace: ClassVar[str] = "loss_rules"

    pay_within_ms: int


class LossArgs(Arguments, frozen=True):
    """Which loss."""

    treaty: ObjectId
    reference: Reference


class AmountArgs(Arguments, frozen=True):
    """A loss, a commitment to an amount, and what it is, sealed to both sides."""

    treaty: ObjectId
    reference: Reference
    change: Hidden
    kind: Kind
    amounts: Envelope


BOTH_SIDES: Endorsement = both_sides(record(Treaty, "treaty"))

TOLD = EventKind("loss_noticed", parties=("cedent", "reinsurer"))
CALLED = EventKind("cash_called", parties=("cedent", "reinsurer"))

contract = Contract(
    "losses",
    records=(TreatyLoss, LateNotice, Movement, CashCall, Following, Reserves, ReserveReport, Rules),
    events=(TOLD, CALLED),
)


@contract.settings(Settings)
def keep(ctx: Context, settings: Settings) -> None:
    """Let the time stand for a reinsurer to pay in."""
    ctx.put("rules", Rules(pay_within_ms=settings.pay_within_ms))


def loss_key(treaty: str, reference: str) -> str:
    """Where a loss is kept."""
    return f"{treaty}|{reference}"


def movement_key(treaty: str, reference: str, number: int) -> str:
    """Where a step of its reserve is kept."""
    return f"{treaty}|{reference}|{number:04}"
