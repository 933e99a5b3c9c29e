"""Programmes drawn at random, and short ways to write them down."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

from hypothesis import strategies as st

from node.contracts.context import Context, Refusal
from node.contracts.reinsurance import WHOLE, Layer, SwingRate
from node.contracts.reinsurance.programmes import (
    AggregateExcess,
    CatastropheExcess,
    Corridor,
    Event,
    Price,
    QuotaShareCover,
    RiskExcess,
    RiskLoss,
    Section,
    StopLossCover,
    SurplusCover,
    Year,
    require_in_order,
)

DAY_MS = 86_400_000
ALL = (("re-1", WHOLE),)

fen = st.integers(0, 10**7)
shares = st.integers(0, WHOLE)
layers = st.builds(Layer, limit=fen, attachment=fen)
prices = st.builds(
    Price,
    deposit=fen,
    rate=shares,
    swing=st.none() | st.just(SwingRate(percent=75, minimum=30_000, maximum=100_000)),
)
rates = st.none() | st.lists(st.integers(0, 2 * WHOLE), max_size=3).map(tuple)
days = st.sampled_from(("untimed", "counted", "uncounted"))
covers = st.one_of(
    st.builds(
        QuotaShareCover,
        cession=shares,
        commission=shares,
        limit=st.none() | fen,
        reserve=shares,
        corridor=st.none() | st.builds(Corridor, width=shares, start=shares),
        participation=shares,
    ),
    st.builds(
        SurplusCover, retention=fen, lines=st.integers(0, 9), above=st.integers(0, 3), event_limit=st.none() | fen
    ),
    st.builds(RiskExcess, layers, prices, st.none() | fen, rates, days),
    st.builds(CatastropheExcess, layers, prices, rates, days),
    st.builds(AggregateExcess, layers, prices),
    st.builds(StopLossCover, limit=shares, attachment=st.integers(0, 2 * WHOLE), price=prices),
)


def flaw_in(sections) -> str:
    """The refusal's code for what is no programme; "" for what is one."""
    try:
        require_in_order(SimpleNamespace(require=partial(Context.require, None)), sections)
    except Refusal as refusal:
        return refusal.code
    return ""


@st.composite
def programmes(draw) -> tuple[Section, ...]:
    """One to five sections in an order that is one, placed with up to three reinsurers, in part or in whole."""
    sections = []
    for place, cover in enumerate(draw(st.lists(covers, min_size=1, max_size=5))):
        cuts = sorted(draw(st.lists(st.integers(1, WHOLE), min_size=1, max_size=3, unique=True)))
        takers = tuple(
            (f"re-{number}", high - low)
            for number, (low, high) in enumerate(zip((0, *cuts), cuts, strict=False), start=1)
        )
        sections.append(Section(f"s{place}", draw(st.integers(1, 5)), cover, takers))
    ordered = sorted(sections, key=lambda one: one.cover.basis or 0)
    found = tuple(
        Section(one.name, priority, one.cover, one.takers)
        for one, priority in zip(ordered, sorted(section.priority for section in sections), strict=True)
    )
    if flaw_in(found):
        found = tuple(Section(one.name, place, one.cover, one.takers) for place, one in enumerate(found, start=1))
    return found


@st.composite
def years(draw) -> Year:
    """A year of 365 days with up to six events of up to three risks each."""
    events = [
        Event(
            name=f"e{place}",
            at_ms=draw(st.integers(0, 364)) * DAY_MS,
            losses=tuple(
                RiskLoss(f"r{risk}", draw(st.integers(1, 10**7)), draw(fen)) for risk in range(draw(st.integers(1, 3)))
            ),
        )
        for place in range(draw(st.integers(0, 6)))
    ]
    premiums = draw(st.lists(st.tuples(st.integers(1, 10**7), fen), max_size=3))
    return Year(0, 365 * DAY_MS, tuple(sorted(premiums)), tuple(sorted(events, key=lambda one: (one.at_ms, one.name))))


def section(name: str, cover, priority: int = 1, takers=ALL) -> Section:
    """A section, wholly placed with one reinsurer unless said otherwise."""
    return Section(name, priority, cover, takers)


def year_of(*losses: int, premium: int = 0, sum_insured: int = 1) -> Year:
    """A year with these losses to one risk, an event a day."""
    events = (
        Event(f"e{day:03}", day * DAY_MS, (RiskLoss("r", sum_insured, amount),)) for day, amount in enumerate(losses)
    )
    return Year(0, 365 * DAY_MS, ((sum_insured, premium),), tuple(events))
