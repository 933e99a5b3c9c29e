"""Covers 分保条件: the six kinds of section that a programme is made of, each as data.

A cover says how much of one loss it touches, on a 100 % basis; who takes which share of that stands in its section.
What it counts as one loss is its basis: each risk of an event, an event, or the year.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from node.contracts.fields import UNIT, Fen, Ppm
from node.contracts.reinsurance.layers import Layer, in_layer
from node.contracts.reinsurance.premium import MinimumAndDeposit, SwingRate
from node.contracts.reinsurance.rates import WHOLE, RatioPpm, part
from node.contracts.reinsurance.reinstatement import REINSTATEMENTS_MAX

LINES_MAX = 1_000

Lines = Annotated[int, Meta(ge=0, le=LINES_MAX)]
Rate = Annotated[int, Meta(ge=0, le=2 * WHOLE, extra={UNIT: "ppm"})]
Rates = Annotated[tuple[Rate, ...], Meta(max_length=REINSTATEMENTS_MAX)]
"""The price of each reinstatement, as a share of the premium."""

Days = Literal["untimed", "counted", "uncounted"]
"""Reinstatement premium pro rata to time: not at all, or by the days left with the day of the loss counted or not."""


class Basis(IntEnum):
    """What a cover counts as one loss. A later stage of a programme never has a finer one."""

    RISK = 1
    EVENT = 2
    YEAR = 3


class Unit(NamedTuple):
    """What is split: a loss or a premium (fen), and the sum insured of the risk it belongs to (0: several risks)."""

    sum_insured: int
    amount: int


class Cover(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the six kinds. ``basis`` None: whatever the other sections of its stage count."""

    basis: ClassVar[Basis | None] = None

    def touched(self, unit: Unit, income: int) -> int:
        """How much of one loss falls to it before its limits for an event or a year, in fen, on a 100 % basis.

        ``income`` is the subject premium (fen) of its stage.
        """
        raise NotImplementedError

    def premium_of(self, unit: Unit) -> int:  # noqa: ARG002 - most covers have a price instead
        """How much of one risk's premium goes with it, in fen, on a 100 % basis."""
        return 0

    @property
    def fraction(self) -> int:
        """The share, in millionths, of what it touches that it takes."""
        return WHOLE


class Corridor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Loss corridor 损失走廊: ``width`` in excess of ``start``, as ratios to the premium ceded, falls back."""

    width: RatioPpm
    start: RatioPpm


class QuotaShareCover(Cover, frozen=True, tag="quota_share"):
    """成数: ``cession`` of every loss up to ``limit`` and of every premium.

    ``commission`` and the premium ``reserve`` withheld 保费准备金 are shares of the premium ceded. Of a bad year the
    cedent takes back the ``corridor`` and, of what the reinsurers are left with beyond 100 % of their premium,
    ``participation``; both are its own, no later section sees them.
    """

    cession: Ppm
    commission: Ppm = 0
    limit: Fen | None = None
    reserve: Ppm = 0
    corridor: Corridor | None = None
    participation: Ppm = 0

    @property
    def fraction(self) -> int:
        return self.cession

    def touched(self, unit: Unit, income: int) -> int:  # noqa: ARG002 - it goes by the loss alone
        return unit.amount if self.limit is None else min(unit.amount, self.limit)

    def premium_of(self, unit: Unit) -> int:
        return unit.amount


class SurplusCover(Cover, frozen=True, tag="surplus"):
    """溢额: the share of a risk that exceeds ``retention`` ("one line"), up to so many ``lines``.

    ``above`` leaves that many lines to an earlier surplus: a second surplus, or facultative above the treaty.
    """

    basis: ClassVar[Basis | None] = Basis.RISK
    retention: Fen
    lines: Lines
    above: Lines = 0
    commission: Ppm = 0
    reserve: Ppm = 0
    event_limit: Fen | None = None

    def touched(self, unit: Unit, income: int) -> int:  # noqa: ARG002 - it goes by the risk alone
        ceded = in_layer(unit.sum_insured, (self.above + 1) * self.retention, self.lines * self.retention)
        return part(unit.amount, ceded, unit.sum_insured) if ceded else 0

    def premium_of(self, unit: Unit) -> int:
        return self.touched(unit, 0)


class Price(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a non-proportional cover costs, for all of it: ``deposit`` at once, the rest when the year is over.

    Adjusted at ``rate`` on the subject premium with the deposit as the minimum, or ``swing`` rated on its own losses.
    """

    deposit: Fen
    rate: Ppm = 0
    swing: SwingRate | None = None

    def final(self, income: int, loss: int) -> int:
        """The premium (fen) for a year's subject premium and the loss (fen) that the cover touched."""
        if self.swing is not None:
            return self.swing.premium(income, loss)
        return MinimumAndDeposit(self.deposit, self.rate).adjusted(income)


class Excess(Cover, frozen=True):
    """Base of what takes a ``layer`` of a loss at a ``price``."""

    layer: Layer
    price: Price

    def touched(self, unit: Unit, income: int) -> int:  # noqa: ARG002 - it goes by the loss alone
        return self.layer.recovery(unit.amount)


class RiskExcess(Excess, frozen=True, tag="risk_excess"):
    """险位超赔: the layer of each risk, at most ``event_limit`` an event; ``rates`` as of a catastrophe cover."""

    basis: ClassVar[Basis | None] = Basis.RISK

    event_limit: Fen | None = None
    rates: Rates | None = None
    days: Days = "untimed"


class CatastropheExcess(Excess, frozen=True, tag="catastrophe_excess"):
    """巨灾超赔: the layer of each event, filled up again once for each of ``rates`` (None: always, and for nothing)."""

    basis: ClassVar[Basis | None] = Basis.EVENT

    rates: Rates | None = ()
    days: Days = "untimed"


class AggregateExcess(Excess, frozen=True, tag="aggregate_excess"):
    """累积超赔: the layer of all losses of the year together."""

    basis: ClassVar[Basis | None] = Basis.YEAR


class StopLossCover(Cover, frozen=True, tag="stop_loss"):
    """赔付率超赔: ``limit`` xs ``attachment``, both ratios to the subject premium of the year (GNPI 净保费收入)."""

    basis: ClassVar[Basis | None] = Basis.YEAR

    limit: RatioPpm
    attachment: RatioPpm
    price: Price

    def touched(self, unit: Unit, income: int) -> int:
        return in_layer(unit.amount, part(income, self.attachment), part(income, self.limit))


AnyCover = QuotaShareCover | SurplusCover | RiskExcess | CatastropheExcess | AggregateExcess | StopLossCover
Priced = Excess | StopLossCover
Reinstated = RiskExcess | CatastropheExcess
Proportional = QuotaShareCover | SurplusCover
