"""Random treaties, worked out by our sections and by ``ri-layercake``, which computes in decimals without rounding.

Each kind draws a treaty and a loss, and gives pairs (our figure in fen, the oracle's). Ours are rounded to a fen once a
figure, so they may differ by half a fen, and by a whole one where a second section sees what a first one rounded left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

from ri_layercake import Reinstatements, Tower

from node.contracts.reinsurance import WHOLE, Layer
from node.contracts.reinsurance.programmes import (
    CatastropheExcess,
    Event,
    Price,
    QuotaShareCover,
    RiskExcess,
    RiskLoss,
    Section,
    StopLossCover,
    Year,
    work_out,
)

Pairs = Iterator[tuple[int, Decimal]]

FREE = Price(0)


def share_of(ppm: int) -> Decimal:
    """Millionths as the oracle wants them."""
    return Decimal(ppm) / WHOLE


def one_loss(loss: int, premium: int = 0) -> Year:
    """A year with one loss to one risk."""
    return Year(0, 1, ((1, premium),), (Event("loss", 0, (RiskLoss("risk", 1, loss),)),))


def tower(draw: Random) -> tuple[list[Layer], list[int], int]:
    """One to five layers on top of each other, what is placed of each, and a loss that may exceed them."""
    top = draw.randrange(1, 10**9)
    layers = []
    for _ in range(draw.randrange(1, 6)):
        layers.append(Layer(limit=draw.randrange(1, 10**10), attachment=top))
        top = layers[-1].attachment + layers[-1].limit
    return layers, [draw.randrange(1, WHOLE + 1) for _ in layers], draw.randrange(2 * top)


def stacked_up(layers: list[Layer], placed: list[int], priority: int = 1, kept: int = WHOLE) -> list[Section]:
    """The layers as sections of one stage; each is placed for so much of what the cedent ``kept``."""
    return [
        Section(f"layer-{place}", priority, RiskExcess(layer, FREE), (("re", share * kept // WHOLE),))
        for place, (layer, share) in enumerate(zip(layers, placed, strict=True))
        if share * kept // WHOLE
    ]


def with_layers(base: Tower, layers: list[Layer], placed: list[int]) -> Tower:
    """The oracle's tower with these layers."""
    for layer, share in zip(layers, placed, strict=True):
        base = base.add_xl(layer.limit, layer.attachment, placed=share_of(share))
    return base


def risk_towers(draw: Random) -> Pairs:
    """What each layer of a tower recovers of one loss, and what is kept."""
    layers, placed, loss = tower(draw)
    worked = work_out(stacked_up(layers, placed), one_loss(loss))
    found = with_layers(Tower(units=""), layers, placed).drop_loss(loss)
    yield from zip((one.loss for one in worked.sections), (row.recovery_placed for row in found.layers), strict=True)
    yield worked.retained, loss - found.recovered


def quota_shares(draw: Random) -> Pairs:
    """A quota share with a limit for each risk, in part placed."""
    cession, placed, limit, loss = (draw.randrange(1, end) for end in (WHOLE, WHOLE, 10**10, 2 * 10**10))
    section = Section("quota", 1, QuotaShareCover(cession, limit=limit), (("re", placed),))
    worked = work_out([section], one_loss(loss))
    oracle = Tower(units="").add_qs(share_of(cession), limit, placed=share_of(placed)).drop_loss(loss)
    yield worked.of("quota").loss, oracle.recovered
    yield worked.retained, loss - oracle.recovered


def inuring_towers(draw: Random) -> Pairs:
    """A quota share, and a tower on what it leaves."""
    layers, placed, loss = tower(draw)
    cession = draw.randrange(1, WHOLE)
    quota = Section("quota", 1, QuotaShareCover(cession), (("re", WHOLE),))
    worked = work_out([quota, *stacked_up(layers, placed, 2)], one_loss(loss))
    found = with_layers(Tower(units="").add_qs(share_of(cession), loss + 1), layers, placed).drop_loss(loss)
    yield from zip((one.loss for one in worked.sections), (row.recovery_placed for row in found.layers), strict=True)


def side_by_side_towers(draw: Random) -> Pairs:
    """A quota share and a tower that see the same loss; the tower protects what the cedent keeps, and is scaled."""
    layers, _, loss = tower(draw)
    cession = draw.randrange(1, WHOLE)
    quota = Section("quota", 1, QuotaShareCover(cession), (("re", WHOLE),))
    whole = [WHOLE] * len(layers)
    worked = work_out([quota, *stacked_up(layers, whole, kept=WHOLE - cession)], one_loss(loss))
    base = Tower(units="", arrangement="side_by_side").add_qs(share_of(cession), loss + 1)
    found = with_layers(base, layers, whole).drop_loss(loss)
    yield from zip((one.loss for one in worked.sections), (row.recovery_placed for row in found.layers), strict=True)


def reinstated_layers(draw: Random) -> Pairs:
    """The reinstatement premium of one loss to a layer, at one rate for all reinstatements."""
    limit, premium, loss = (draw.randrange(1, end) for end in (10**10, 10**9, 2 * 10**10))
    count, rate = draw.randrange(4), draw.randrange(2 * WHOLE)
    cover = CatastropheExcess(Layer(limit, 0), Price(premium), (rate,) * count)
    worked = work_out([Section("cat", 1, cover, (("re", WHOLE),))], one_loss(loss))
    terms = Reinstatements(count=count, rate=rate / WHOLE)
    found = Tower(units="").add_xl(limit, 0, premium=premium, reinstatements=terms).drop_loss(loss)
    yield worked.of("cat").loss, found.recovered
    yield worked.of("cat").reinstatement, found.reinstatement_premium


def stop_losses(draw: Random) -> Pairs:
    """A stop loss on a year's ratio, in part placed."""
    income, limit, attachment, placed = (draw.randrange(1, end) for end in (10**10, WHOLE, 2 * WHOLE, WHOLE))
    loss = draw.randrange(3 * income)
    cover = StopLossCover(limit, attachment, FREE)
    worked = work_out([Section("stop", 1, cover, (("re", placed),))], one_loss(loss, income))
    oracle = Tower(units="", epi=Decimal(income)).add_sl(share_of(limit), share_of(attachment), placed=share_of(placed))
    yield worked.of("stop").loss, oracle.aggregate(loss).recovered


def net_stop_losses(draw: Random) -> Pairs:
    """A stop loss on what a quota share leaves. The oracle measures the ratio on gross income, we on net (GNPI): it
    gets as its income what ours is after the cession."""
    cession = draw.randrange(1, WHOLE)
    gross, limit, attachment = (draw.randrange(1, end) for end in (10**10, WHOLE, 2 * WHOLE))
    loss = draw.randrange(3 * gross)
    sections = [
        Section("quota", 1, QuotaShareCover(cession), (("re", WHOLE),)),
        Section("stop", 2, StopLossCover(limit, attachment, FREE), (("re", WHOLE),)),
    ]
    worked = work_out(sections, one_loss(loss, gross))
    oracle = Tower(units="", epi=Decimal(worked.of("stop").income)).add_qs(share_of(cession), loss + 1)
    found = oracle.add_sl(share_of(limit), share_of(attachment)).aggregate(loss)
    yield worked.of("quota").loss, found.qs_ceded
    yield worked.of("stop").loss, found.recovered - found.qs_ceded


KINDS: dict[str, tuple[Callable[[Random], Pairs], Decimal]] = {
    "per-risk towers": (risk_towers, Decimal("2.5")),
    "quota shares": (quota_shares, Decimal("0.5")),
    "quota share, then tower": (inuring_towers, Decimal(1)),
    "quota share beside tower": (side_by_side_towers, Decimal("0.5")),
    "reinstatement premiums": (reinstated_layers, Decimal("0.5")),
    "stop losses": (stop_losses, Decimal("1.5")),
    "quota share, then stop loss": (net_stop_losses, Decimal("1.5")),
}
"""Kind -> (how it is drawn, how many fen rounding may set the two apart: half a fen a rounded figure that enters)."""


def largest_difference(kind: str, treaties: int, seed: int = 8) -> tuple[Decimal, int]:
    """The largest difference in fen over so many treaties of a kind, and how many figures were compared."""
    draw, figures, largest = Random(seed), 0, Decimal(0)
    for _ in range(treaties):
        for ours, theirs in KINDS[kind][0](draw):
            figures += 1
            largest = max(largest, abs(ours - theirs))
    return largest, figures
