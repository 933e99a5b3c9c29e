"""Golden numbers: every worked example of the reinsurance literature that the arithmetic must reproduce.

One row each: its name, what is computed, what is printed. Amounts are exact; where a source prints a ratio or a
rounded share, to its digits. A programme's own working (``work_out``) has to come to the same as the single formulae.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from typing import Any

import pytest

from node.contracts.money import allocate
from node.contracts.reinsurance import (
    WHOLE,
    CatastropheLayer,
    Cession,
    Debt,
    Layer,
    MinimumAndDeposit,
    ProfitCommission,
    QuotaShare,
    Shares,
    SlidingScale,
    StopLoss,
    Surplus,
    SwingRate,
    TreatyYear,
    after_corridor,
    cede,
    loss_participation,
    net_out,
    pro_rata_premium,
    profit_commissions,
    retained,
    state_account,
    tower,
)
from node.contracts.reinsurance.programmes import (
    AggregateExcess,
    CatastropheExcess,
    Corridor,
    Price,
    QuotaShareCover,
    RiskExcess,
    Section,
    StopLossCover,
    SurplusCover,
    Worked,
    work_out,
)
from node.contracts.reinsurance.spirals import Retrocover, bear
from tests.node.contracts.reinsurance.programmes import DAY_MS, section, year_of

YUAN = 100  # fen
MILLION = 1_000_000 * YUAN
FREE = Price(0)


def millions(text: str) -> list[int]:
    """ "83.68772 100" million yuan in fen, exactly."""
    return [int(Fraction(one) * MILLION) for one in text.split()]


def in_millions(*amounts: int) -> str:
    """Fen as millions of yuan, at most five decimals."""
    return " ".join(f"{amount / MILLION:.5f}".rstrip("0").rstrip(".") for amount in amounts)


def recovered(worked: Worked, name: str) -> str:
    return in_millions(*worked.of(name).by_event)


QUOTA = QuotaShare(cession=400_000, commission=300_000)
SURPLUS = Surplus(retention=10 * MILLION, lines=5, facultative=40 * MILLION)
RISK_TOWER = (Layer(5 * MILLION, 5 * MILLION), Layer(10 * MILLION, 10 * MILLION))
CAT_TOWER = (Layer(30 * MILLION, 20 * MILLION), Layer(50 * MILLION, 50 * MILLION))
SCALE = SlidingScale(points=((350_000, 400_000), (550_000, 250_000), (650_000, 200_000)))
SWING = SwingRate(percent=75, minimum=30_000, maximum=100_000)
STOP = StopLoss(limit=400_000, attachment=800_000, placed=900_000)
TEN_XS_FIVE = Layer(10 * MILLION, 5 * MILLION)
CHAIN = (
    Retrocover("cedent", "r1", 400_000),
    Retrocover("r1", "rr1", 600_000, Layer(3 * MILLION, 1 * MILLION)),
    Retrocover("r1", "rr2", 400_000, Layer(3 * MILLION, 1 * MILLION)),
    Retrocover("rr2", "rr3", 500_000),
)
FIFTY_XS_TEN = Layer(50 * MILLION, 10 * MILLION)
SPIRAL = bear(
    {"a": 40 * MILLION}, (Retrocover("a", "b", WHOLE, FIFTY_XS_TEN), Retrocover("b", "a", WHOLE, FIFTY_XS_TEN)), 10
)
DEBTS = [("a", "b", 100), ("b", "c", 70), ("c", "a", 40), ("a", "c", 30), ("b", "a", 25)]
YEARS = [
    TreatyYear(1_000, 300, unearned_in=0, unearned_out=350, outstanding_in=0, outstanding_out=200, paid=500),
    TreatyYear(1_200, 360, unearned_in=350, unearned_out=420, outstanding_in=200, outstanding_out=150, paid=400),
    TreatyYear(1_300, 390, unearned_in=420, unearned_out=455, outstanding_in=150, outstanding_out=120, paid=450),
]


def cat(*rates: int, events: str) -> Worked:
    cover = CatastropheExcess(CAT_TOWER[0], Price(6 * MILLION), rates)
    return work_out([section("cat", cover)], year_of(*millions(events)))


def reinstatements(*rates: int, events: str) -> str:
    layer = CatastropheLayer(CAT_TOWER[0], premium=6 * MILLION, rates=rates)
    return in_millions(*(one.premium for one in layer.recover(millions(events))))


def risk_tower(loss: int) -> tuple[str, str]:
    sections = [section(name, RiskExcess(layer, FREE)) for name, layer in zip("ab", RISK_TOWER, strict=True)]
    worked = work_out(sections, year_of(loss * MILLION))
    return in_millions(*(one.loss for one in worked.sections)), in_millions(worked.retained)


def cat_tower(name: str) -> str:
    sections = [
        section(one, CatastropheExcess(layer, FREE, (WHOLE,))) for one, layer in zip("ab", CAT_TOWER, strict=True)
    ]
    return recovered(work_out(sections, year_of(*millions("83.68772 100 52.35591"))), name)


def risk_of(size: int) -> tuple[str, str, str]:
    """Kept, treaty, facultative of a loss of a million to a risk of that size: two surpluses on chain."""
    sections = [
        section("treaty", SurplusCover(10 * MILLION, 5)),
        section("facultative", SurplusCover(10 * MILLION, 4, above=5)),
    ]
    worked = work_out(sections, year_of(MILLION, sum_insured=size * MILLION))
    return tuple(
        f"{100 * amount / MILLION:.4f}" for amount in (worked.retained, *(one.loss for one in worked.sections))
    )


def ceded_of(size: int) -> str:
    return f"{100 * SURPLUS.shares(size * MILLION).treaty / (size * MILLION):.4f}"


def inuring(priority: int, placed: int) -> str:
    sections = [
        section("quota", QuotaShareCover(400_000)),
        section("excess", RiskExcess(TEN_XS_FIVE, FREE), priority, (("re", placed),)),
    ]
    worked = work_out(sections, year_of(12 * MILLION))
    return in_millions(worked.of("quota").loss, worked.of("excess").loss, worked.retained)


def stop_loss(percent: int, placed: int) -> int:
    cover = StopLossCover(limit=400_000, attachment=800_000, price=FREE)
    year = year_of(percent * 100_000 * YUAN, premium=10_000_000 * YUAN)
    return work_out([Section("stop", 1, cover, (("re", placed),))], year).of("stop").loss // YUAN


def quota_year(loss: int, premium: int, **terms: Any) -> int:
    """What the cedent takes back of a quota share of everything."""
    cover = QuotaShareCover(WHOLE, **terms)
    return work_out([section("q", cover)], year_of(loss * YUAN, premium=premium * YUAN)).of("q").taken_back // YUAN


def priced(price: Price, income: int, loss: int = 0) -> int:
    """A layer's premium of a year."""
    cover = AggregateExcess(Layer(10**9 * YUAN, 0), price)
    return work_out([section("x", cover)], year_of(loss * YUAN, premium=income * YUAN)).of("x").price // YUAN


def timed(days: str) -> int:
    """G5b as a section: the loss on the 93rd day (3 April) of a year of 365."""
    cover = CatastropheExcess(Layer(5_000_000 * YUAN, 0), Price(50_000 * YUAN), (WHOLE,), days)
    year = year_of(0, 400_000 * YUAN)
    event = year.events[1]._replace(at_ms=92 * DAY_MS)
    return work_out([section("x", cover)], year._replace(events=(event,))).of("x").reinstatement


GOLDEN: dict[str, tuple[Any, Any]] = {
    "G1": (
        cede(QUOTA, 10_000_000 * YUAN, 6_500_000 * YUAN),
        Cession(4_000_000 * YUAN, 1_200_000 * YUAN, 2_600_000 * YUAN),
    ),
    "G1 balance": (cede(QUOTA, 10_000_000 * YUAN, 6_500_000 * YUAN).balance, 200_000 * YUAN),
    "G1 half": (cede(QuotaShare(500_000, 0), 0, 50 * YUAN).loss, 25 * YUAN),
    "G2 ceded": ([ceded_of(size) for size in (8, 10, 35, 60)], ["0.0000", "0.0000", "71.4286", "83.3333"]),
    "G2 of 100": (SURPLUS.shares(100 * MILLION), Shares(10 * MILLION, 50 * MILLION, 40 * MILLION, 0)),
    "G2 as sections": (risk_of(100), ("10.0000", "50.0000", "40.0000")),
    "G2 as sections of 35": (risk_of(35), ("28.5714", "71.4286", "0.0000")),
    "G2 as sections of 60": (risk_of(60), ("16.6667", "83.3333", "0.0000")),
    "G3": (
        [in_millions(*tower(loss * MILLION, RISK_TOWER)) for loss in (4, 7, 12, 23)],
        ["0 0", "2 0", "5 2", "5 10"],
    ),
    "G3 net": ([in_millions(retained(loss * MILLION, RISK_TOWER)) for loss in (4, 7, 12, 23)], ["4", "5", "5", "8"]),
    "G3 as sections": (
        [risk_tower(loss) for loss in (4, 7, 12, 23)],
        [("0 0", "4"), ("2 0", "5"), ("5 2", "5"), ("5 10", "8")],
    ),
    "G4 recoveries": (recovered(cat(WHOLE, WHOLE, events="35 60 45 80"), "cat"), "15 30 25 20"),
    "G4 exhausted": (recovered(cat(WHOLE, WHOLE, events="35 60 45 80 99"), "cat"), "15 30 25 20 0"),
    "G4 sum": (in_millions(cat(WHOLE, WHOLE, events="35 60 45 80").of("cat").loss), "90"),
    "G4 premiums": (reinstatements(WHOLE, WHOLE, events="35 60 45 80"), "3 6 3 0"),
    "G4 premium": (in_millions(cat(WHOLE, WHOLE, events="35 60 45 80").of("cat").reinstatement), "12"),
    "G4b premiums": (reinstatements(500_000, WHOLE, events="35 60 45"), "1.5 4.5 3"),
    "G4b after 45": (in_millions(cat(500_000, WHOLE, events="35 60").of("cat").reinstatement), "6"),
    "G4b premium": (in_millions(cat(500_000, WHOLE, events="35 60 45").of("cat").reinstatement), "9"),
    "G4c lower": (cat_tower("a"), "30 30 0"),
    "G4c upper": (cat_tower("b"), "33.68772 50 2.35591"),
    "G5 provisional": (pro_rata_premium(10_000, loss=50_000, limit=100_000), 5_000),
    "G5 adjusted": (pro_rata_premium(12_000, loss=50_000, limit=100_000), 6_000),
    "G5 premium": (MinimumAndDeposit(10_000, rate=10_000).adjusted(1_200_000), 12_000),
    "G5b": (pro_rata_premium(50_000_00, 400_000_00, 5_000_000_00), 4_000_00),
    "G5b 272 days": (pro_rata_premium(50_000_00, 400_000_00, 5_000_000_00, 272, 365), 2_980_82),
    "G5b 273 days": (pro_rata_premium(50_000_00, 400_000_00, 5_000_000_00, 273, 365), 2_991_78),
    "G5b as a section": ([timed(days) for days in ("untimed", "uncounted", "counted")], [4_000_00, 2_980_82, 2_991_78]),
    "G6": ([STOP.recovery(10**9, percent * 10**7) // 100 for percent in (70, 95, 130)], [0, 1_350_000, 3_600_000]),
    "G6 as a section": ([stop_loss(percent, 900_000) for percent in (70, 95, 130)], [0, 1_350_000, 3_600_000]),
    "G6 wholly placed": ([stop_loss(percent, WHOLE) for percent in (70, 95, 130)], [0, 1_500_000, 4_000_000]),
    "G7": (
        [SCALE.rate(percent * 10_000) for percent in (20, 35, 45, 55, 60, 65, 90)],
        [400_000, 400_000, 325_000, 250_000, 225_000, 200_000, 200_000],
    ),
    "G8 carried": (list(accumulate(year.balance(50_000) for year in YEARS)), [-400, -40, 350]),
    "G8": (profit_commissions(ProfitCommission(200_000, expenses=50_000), YEARS), (0, 0, 70)),
    "G8 simple": (ProfitCommission(300_000, expenses=0).of(1_000 - 250 - 100), 195),
    "G9 corridor": ([after_corridor(loss, 350, 350) for loss in (300, 500, 900)], [300, 350, 550]),
    "G9 participation": (loss_participation(1_000_000, 1_300_000, 250_000), 75_000),
    "G9 as a section": (
        [loss - quota_year(loss, 1_000, corridor=Corridor(350_000, 350_000)) for loss in (300, 500, 900)],
        [300, 350, 550],
    ),
    "G9 participation as a section": (quota_year(1_300_000, 1_000_000, participation=250_000), 75_000),
    "G10": ([SWING.premium(12_000 * YUAN, loss * YUAN) // YUAN for loss in (200, 450, 1_500)], [360, 600, 1_200]),
    "G10 as a section": (
        [priced(Price(0, swing=SWING), 12_000, loss) for loss in (200, 450, 1_500)],
        [360, 600, 1_200],
    ),
    "G11": (
        state_account(QUOTA, premium=1_000_000, paid=600_000, reserve=400_000, cash_called=300_000).balance,
        0,
    ),
    "G12": (net_out(Debt(*debt) for debt in DEBTS), ({"a": -65, "b": 5, "c": 60}, 265, 65)),
    "G13 stacked": (inuring(2, WHOLE), "4.8 2.2 5"),
    "G13 side by side": (inuring(1, 600_000), "4.8 4.2 3"),
    "G14": (
        {name: in_millions(amount) for name, amount in bear({"cedent": 12 * MILLION}, CHAIN, 10).net.items()},
        {"cedent": "7.2", "r1": "1.8", "rr1": "1.8", "rr2": "0.6", "rr3": "0.6"},
    ),
    "G15 gross": (SPIRAL.gross, {"a": 80 * MILLION, "b": 50 * MILLION}),
    "G15 net": (SPIRAL.net, {"a": 30 * MILLION, "b": 10 * MILLION}),
    "G15 rounds": (SPIRAL.rounds, 3),
    "G16": ([MinimumAndDeposit(80_000, rate=10_000).adjusted(income * 10**6) for income in (7, 9)], [80_000, 90_000]),
    "G16 as a section": ([priced(Price(80_000 * YUAN, 10_000), income * 10**6) for income in (7, 9)], [80_000, 90_000]),
    "G17": (allocate(311_290, (333_333, 333_333, 333_334)), (103_763, 103_763, 103_764)),
    "G17 conserved": (sum(allocate(97_50, (2, 1, 1))), 97_50),
}
"""Name -> (as computed, as printed). Papers: CII M97 (G2, G5, G9), Bear & Nemlick 1990 (G7, G9, G10), Willis 2013 (G8),
the accounts of RETACC (G11); the rest follows from the formulae, checked with a second package."""


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name):
    computed, printed = GOLDEN[name]
    assert computed == printed


def test_every_number_of_the_list_is_there():
    assert {name.split()[0] for name in GOLDEN} == {f"G{n}" for n in range(1, 18)} | {"G4b", "G4c", "G5b"}


def test_a_tower_that_passed_on_the_net_would_recover_less():
    """The mistake of a published package (G4c): its second layer saw what the first one left."""
    sections = [
        section(name, CatastropheExcess(layer, FREE, (WHOLE,)), priority)
        for priority, (name, layer) in enumerate(zip("ab", CAT_TOWER, strict=True), start=1)
    ]
    worked = work_out(sections, year_of(*millions("83.68772 100 52.35591")))
    assert recovered(worked, "b") == "3.68772 20 2.35591"
