"""What lies on the chain of a facultative placement: the slip with its lines, and the losses of its risk."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from node.contracts.context import Context, EventKind
from node.contracts.contract import Contract
from node.contracts.endorsement import record, signed
from node.contracts.fields import MILLION, Arguments, Fen, Label, ObjectId, Record
from node.contracts.lifecycle import Lifecycle
from node.contracts.money import allocate
from node.contracts.reinsurance.surplus import Shares

LINES_MAX = 12
"""Each brings four lines to a posting at most."""

SLIP = Lifecycle(
    "slip",
    {
        "OFFERED": {"revise": "OFFERED", "bind": "BOUND", "withdraw": "WITHDRAWN", "lapse": "WITHDRAWN"},
        "BOUND": {"lose": "BOUND", "leave": "BOUND"},
        "WITHDRAWN": {},
    },
)

LINE = Lifecycle("line", {"ON_RISK": {"transfer": "ON_RISK", "commute": "COMMUTED"}, "COMMUTED": {}})
"""A reinsurer's line once the slip is bound."""


class Line(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A reinsurer's line: what it wrote, what was signed of it (both of the facultative part), and how it stands.

    ``reserve_fen`` is its part of what is outstanding, ``net_premium_fen`` what it got after commission.
    """

    reinsurer: str
    written_ppm: int
    signed_ppm: int = 0
    net_premium_fen: int = 0
    reserve_fen: int = 0
    state: str = "ON_RISK"


class Slip(Record, frozen=True):
    """A risk offered facultatively 临分. Amounts of the whole risk in fen; ``shares`` says who carries which sum.

    ``version`` counts the cedent's revisions: a line is written for one version of the terms. ``leader`` is "" until
    the slip is bound. Lines stand in order of name, so who wrote first plays no part. ``asked`` is the commission that
    reinsurers countered with, by name.
    """

    namespace: ClassVar[str] = "fac_slips"

    state: str
    version: int
    cedent: str
    risk: str
    sum_insured_fen: int
    shares: Shares
    premium_fen: int
    commission_ppm: int
    starts_ms: int
    ends_ms: int
    expires_ms: int
    invited: tuple[str, ...]
    declined: tuple[str, ...]
    asked: tuple[tuple[str, int], ...]
    leader: str
    lines: tuple[Line, ...]

    @property
    def placed_ppm(self) -> int:
        """How much of the facultative part is signed for, lines that have left counted in."""
        return sum(line.signed_ppm for line in self.lines)

    def facultative_fen(self, amount_fen: int) -> int:
        """The facultative part of a premium or loss of the whole risk."""
        return self.shares.split(amount_fen).facultative

    def split(self, part_fen: int) -> tuple[int, ...]:
        """The facultative part by line, in order; what nobody signed for is the cedent's and left out."""
        open_ppm = MILLION - self.placed_ppm
        return allocate(part_fen, [*(line.signed_ppm for line in self.lines), open_ppm])[:-1]


class RiskLoss(Record, frozen=True):
    """A loss of a slip's risk, at ``slip|loss``: of the whole risk, what is paid and what is outstanding, in fen."""

    namespace: ClassVar[str] = "fac_losses"

    happened_ms: int
    paid_fen: int
    outstanding_fen: int


class Departure(Record, frozen=True):
    """How a line left, at the id of the transaction: transferred to ``to``, or ("") commuted at a price, in fen.

    ``unearned_fen`` and ``loss_portfolio_fen`` are the portfolios that went over, ``reserve_fen`` what was given up.
    """

    namespace: ClassVar[str] = "fac_departures"

    slip: str
    reinsurer: str
    time_ms: int
    reserve_fen: int
    to: str = ""
    unearned_fen: int = 0
    loss_portfolio_fen: int = 0
    price_fen: int = 0


OFFERED = EventKind("slip_offered", parties=("cedent", "invited"))
BOUND = EventKind("slip_bound", parties=("cedent", "reinsurers"))
LEFT = EventKind("line_left", parties=("cedent", "reinsurer"))

contract = Contract("facultative", records=(Slip, RiskLoss, Departure), events=(OFFERED, BOUND, LEFT))


class SlipArgs(Arguments, frozen=True):
    """Which slip."""

    slip: ObjectId


class LossArgs(Arguments, frozen=True):
    """A loss of the slip's risk, by its name. Amounts are of the whole risk, in fen."""

    slip: ObjectId
    loss: Label
    amount_fen: Fen


BY_CEDENT = signed(record(Slip, "slip").field("cedent"))
BY_LEADER = signed(record(Slip, "slip").field("leader"))


def loss_key(slip: str, loss: str) -> str:
    """Where a loss is kept."""
    return f"{slip}|{loss}"


def own_slip(ctx: Context, key: str) -> Slip:
    """The slip, asked for by its cedent; refused with "not_your_slip"."""
    slip = ctx.find(Slip, key)
    ctx.require(slip.cedent == ctx.client, "not_your_slip", key)
    return slip
